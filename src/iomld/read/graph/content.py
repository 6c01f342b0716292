"""Convert the statements of a graph about a project to the keys of a JSON record, with the source of each value."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from iomld.assets import load_fields
from iomld.fields.declared import Field, FieldKind
from iomld.formats.jsonld_nodes import Term
from iomld.iris import FOAF, IOMLD, OA, PROV, RDF, SCHEMA, local_name
from iomld.messages import Message, message
from iomld.model import Finding, Place, Severity
from iomld.read.record.framed import funder_of, scheme_code, text_of
from iomld.read.record.origins import source_of

# Subject to predicate to objects in the order of the text. Subjects are written as in N-Triples.
Graph = dict[str, dict[str, list[Term]]]

_FUNDED_BY = f"{IOMLD}fundedBy"
_BUDGET_USD, _BUDGET = f"{IOMLD}budgetUSD", f"{IOMLD}budget"
_MONEY = {_BUDGET_USD: "budgetUSD", f"{SCHEMA}value": "budget", f"{SCHEMA}currency": "budgetCurrency"}
_TOPIC_OF, _TOPIC = f"{FOAF}isPrimaryTopicOf", f"{FOAF}primaryTopic"
_ABOUT, _DERIVED = f"{IOMLD}aboutProject", f"{PROV}wasDerivedFrom"
# The class, which every project has, and the amount in US dollars, which is read with the budget node.
_NOT_FIELDS = frozenset({f"{RDF}type", _BUDGET_USD})
_SHA256 = f"{IOMLD}sha256"
_NAMED_BY_TEXT = frozenset({"field", "language"})  # the IRI of the text of a mention says both
_MOST = 50  # nodes that are followed from a node of a project; thousands of projects may share nodes
_SHOWN = 80  # characters of a value that a message quotes


@dataclass(slots=True)
class ProjectContent:
    """One project of a graph.

    Attributes:
        subject: The project, as `iomld.read.graph.places` names subjects: an IRI, or `_:label`.
        keys: Its values, by the keys of a record.
        sources: Subject, predicate and index among the objects, by the JSON pointer of each value in `keys`.
        findings: Faults of statements that do not fit a record; their places are pointers.
        reached: The nodes that belong to the project, as in `Graph`.
    """

    subject: str
    keys: dict[str, object] = field(default_factory=dict)
    sources: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)


def project_content(graph: Graph, projects: Iterable[str]) -> list[ProjectContent]:
    """The content of each project, in their order."""
    mentions = _by_object(graph, _ABOUT)
    documents = _by_object(graph, _TOPIC)
    return [_ProjectReader(graph, name).read(mentions.get(name, ()), documents.get(name, ())) for name in projects]


def _by_object(graph: Graph, predicate: str) -> Mapping[str, list[str]]:
    """The subjects that point to each node with a predicate."""
    found: dict[str, list[str]] = {}
    for subject, properties in graph.items():
        for term in properties.get(predicate, ()):
            found.setdefault(str(term), []).append(subject)
    return found


class _ProjectReader:
    """Reads one project of a graph."""

    def __init__(self, graph: Graph, node: str) -> None:
        self._graph = graph
        self._node = node
        self._content = ProjectContent(_name(node), reached={node})

    def read(self, mentions: Sequence[str], documents: Sequence[str]) -> ProjectContent:
        properties = self._graph[self._node]
        declared = load_fields().by_property
        for predicate, terms in properties.items():
            field = declared.get(predicate)
            if predicate in _NOT_FIELDS or (field and (field.is_nested or not field.given)):
                continue  # read below, or computed anew by the publisher
            if field is None:
                self._unknown(predicate)
            elif field.kind is FieldKind.TEXT:
                self._texts(field, terms)
            elif field.many:
                self._several(field, terms)
            else:
                self._single(field, predicate, self._numbered([self._node], predicate))
        self._budget(properties)
        self._funders(properties.get(_FUNDED_BY, ()))
        self._mentions(mentions)
        self._origins([*documents, *map(str, properties.get(_TOPIC_OF, ()))])
        return self._content

    def _texts(self, field: Field, terms: Sequence[Term]) -> None:
        key = field.key
        texts: dict[str, str] = {}
        for number, term in enumerate(terms):
            language = str(getattr(term, "language", None) or "").lower()
            text = str(getattr(term, "value", ""))
            pointer = f"/{key}/{language}"
            if not language:
                pointer = f"/{key}#{number}"
                fix = message('Write "{text}"@en, or use the tag of its language.', text=text[:_SHOWN])
                self._fault(
                    "languageTag",
                    key,
                    message("A value of '{key}' has no language tag.", key=key),
                    fix,
                    pointer,
                    term,
                )
            elif texts.setdefault(language, text) != text:
                pointer += f"#{number}"
                problem = message("'{key}' appears twice in the language '{language}'.", key=key, language=language)
                self._fault("repeatedField", key, problem, message("Keep the right one."), pointer, term)
            self._content.sources.setdefault(pointer, (self._content.subject, field.iri, number))
        self._content.keys[key] = texts

    def _numbered(self, nodes: Sequence[str], predicate: str) -> list[tuple[str, int, Term]]:
        """The objects of a predicate of some nodes, with their subject and number."""
        return [
            (_name(node), number, term)
            for node in nodes
            for number, term in enumerate(self._graph.get(node, {}).get(predicate, ()))
        ]

    def _single(self, field: Field, predicate: str, statements: Sequence[tuple[str, int, Term]]) -> None:
        key = field.key
        terms = [term for _, _, term in statements]
        text = self._text(field, terms[0])
        for number, (subject, index, term) in enumerate(statements):
            source = (subject, predicate, index)
            if number == 0:
                self._content.sources[f"/{key}"] = source
            elif self._text(field, term) != text:
                pointer = f"/{key}#{number}"
                self._content.sources[pointer] = source
                problem = message(
                    "'{key}' has several values: '{one}' and '{other}'.",
                    key=key,
                    one=_shown(terms[0]),
                    other=_shown(term),
                )
                self._fault("repeatedField", key, problem, message("Keep the right one."), pointer, term)
        if text is None:
            problem = message("'{key}' must be text, not a resource ('{value}').", key=key, value=_shown(terms[0]))
            self._fault("wrongKind", key, problem, message("Write its value in quotation marks."), f"/{key}", terms[0])
        else:
            self._content.keys[key] = text

    def _text(self, field: Field, term: Term) -> str | None:
        """The code, the IRI or the lexical form of a term; None for a term of the wrong kind."""
        if _is_literal(term):
            return str(getattr(term, "value", ""))
        if not _is_iri(term) or not (field.path or field.kind is FieldKind.LINK):
            return None
        return scheme_code(field.path, _name(str(term))) if field.path else _name(str(term))

    def _several(self, field: Field, terms: Sequence[Term]) -> None:
        key = field.key
        other = self._graph[self._node].get(f"{IOMLD}benefitingMemberState", []) if key == "benefitingCountries" else []
        member_states = {str(term) for term in other}
        codes: dict[str, None] = {}
        for number, term in enumerate(terms):
            source = (self._content.subject, field.iri, number)
            if str(term) in member_states:
                continue
            code = self._text(field, term)
            if code is not None:
                self._content.sources.setdefault(f"/{key}/{len(codes)}", source)
                codes.setdefault(code)
            else:
                pointer = f"/{key}#{number}"
                self._content.sources[pointer] = source
                self._fault("wrongKind", key, *_wrong_value(field, term), pointer, term)
        if codes:
            self._content.keys[key] = list(codes)

    def _budget(self, properties: Mapping[str, list[Term]]) -> None:
        """Read the amount in US dollars, and the amount and currency of the budget node."""
        nodes = [str(node) for node in properties.get(_BUDGET, ())[:_MOST]]
        self._content.reached.update(nodes)
        for predicate, key in _MONEY.items():
            holders = [self._node] if predicate == _BUDGET_USD else nodes
            if statements := self._numbered(holders, predicate)[:_MOST]:
                self._single(load_fields().by_key[key], predicate, statements)

    def _funders(self, terms: Sequence[Term]) -> None:
        """Read the funders with the names that the graph states; in a graph without any, nobody is named."""
        funders: list[str] = []
        for number, term in enumerate(terms):
            organization = self._graph.get(str(term), {})
            names = [_plain(name) for name in organization.get(f"{FOAF}name", ())]
            if organization:
                self._content.reached.add(str(term))
            self._content.sources[f"/fundedBy/{number}"] = (self._content.subject, _FUNDED_BY, number)
            funders.append(funder_of(_plain(term) if _is_literal(term) else _name(str(term)), min(names, default=None)))
        self._content.keys["fundedBy"] = funders

    def _mentions(self, nodes: Sequence[str]) -> None:
        # In the order of their numbers, as `iomld.convert` counts them: #m2 before #m10.
        ordered = sorted(dict.fromkeys(nodes), key=lambda node: (len(node), node) if node.startswith("<") else (0, ""))
        mentions: list[dict[str, object]] = []
        for node in ordered:
            self._content.sources[f"/mentions/{len(mentions)}"] = (_name(node), f"{OA}hasBody", 0)
            mentions.append(self._mention(node))
        if mentions:
            self._content.keys["mentions"] = mentions

    def _mention(self, node: str) -> dict[str, object]:
        targets = self._linked([node], f"{OA}hasTarget")
        selectors = self._linked(targets, f"{OA}hasSelector")
        texts = self._linked(targets, f"{OA}hasSource")
        self._content.reached.update({node, *targets, *selectors, *texts})
        mention: dict[str, object] = {}
        for name, key in load_fields().mention_keys.items():
            if name in _NAMED_BY_TEXT:
                continue
            nodes = [node]
            for step in key.steps[:-1]:
                nodes = self._linked(nodes, step)
            value = self._single_value(nodes, key.iri, f"/mentions#{node}", name)
            if value is not None:
                mention[name] = scheme_code(key.path, value) if key.path else value
        mention["field"], mention["language"] = text_of(_name(texts[0]) if texts else "")
        return mention

    def _single_value(self, nodes: Sequence[str], predicate: str, pointer: str, key: str) -> str | None:
        """The value of a predicate of some nodes; a Violation if there are two."""
        found = [(node, term) for node in nodes for term in self._graph.get(node, {}).get(predicate, ())[:_MOST]]
        values = list(dict.fromkeys(_plain(term) for _, term in found))
        if len(values) > 1:
            self._content.sources[pointer] = (_name(found[1][0]), predicate, 0)
            problem = message(
                "A mention has two values for '{key}': '{one}' and '{other}'.",
                key=key,
                one=values[0][:_SHOWN],
                other=values[1][:_SHOWN],
            )
            self._fault("mentionForm", "mentions", problem, message("Make two mentions of it."), pointer, found[1][1])
        return values[0] if values else None

    def _linked(self, nodes: Iterable[str], predicate: str) -> list[str]:
        found = [str(term) for node in nodes for term in self._graph.get(node, {}).get(predicate, ())[:_MOST]]
        return list(dict.fromkeys(found))[:_MOST]

    def _origins(self, documents: Iterable[str]) -> None:
        """Read the sources that the project's record names with their hashes."""
        nodes = list(dict.fromkeys(documents))
        snapshots = [node for node in self._linked(nodes, _DERIVED) if _SHA256 in self._graph.get(node, {})]
        self._content.reached.update(nodes, snapshots, self._linked(nodes, f"{IOMLD}narrative"))
        sources: list[dict[str, object]] = []
        faulty = ""
        for node in snapshots:
            source = source_of({iri: _plain(terms[0]) for iri, terms in self._graph[node].items()})
            if source is None:
                faulty = faulty or node
            else:
                self._content.sources[f"/sources/{len(sources)}"] = (_name(node), _SHA256, 0)
                sources.append(source)
        if faulty:
            self._content.sources["/sources#faulty"] = (_name(faulty), _SHA256, 0)
            problem = message("A source without a SHA-256 of 64 hexadecimal digits was ignored.")
            self._warn("sourceHash", problem, "/sources#faulty")
        if sources:
            self._content.keys["sources"] = sources

    def _unknown(self, predicate: str) -> None:
        pointer = f"/#{predicate}"
        self._content.sources[pointer] = (self._content.subject, predicate, 0)
        problem = message("'{name}' is not a known property of a project and was not read.", name=local_name(predicate))
        self._warn("unknownProperty", problem, pointer, predicate)

    def _warn(self, rule: str, problem: Message, pointer: str, path: str | None = None) -> None:
        fix = (
            message("Remove it, or look up the list of properties in the documentation.")
            if path
            else message("Correct it.")
        )
        place = Place("", pointer=pointer)
        self._content.findings.append(Finding(rule, Severity.WARNING, problem, fix, path=path, place=place))

    def _fault(self, rule: str, key: str, problem: Message, fix: Message, pointer: str, term: Term) -> None:
        place = Place("", pointer=pointer)
        value = _shown(term)
        self._content.findings.append(Finding(rule, Severity.VIOLATION, problem, fix, key, value, place=place))


def _wrong_value(field: Field, term: Term) -> tuple[Message, Message]:
    """What is wrong with a value of the wrong kind in a field of several, and what to do."""
    if field.kind is FieldKind.COUNTRY:
        problem = message(
            "The value of '{key}' must be the IRI of a country, not '{value}'.", key=field.key, value=_shown(term)
        )
        return problem, message("Use the IRI of a country in the list.")
    if field.kind is FieldKind.CONCEPT:
        problem = message(
            "The value of '{key}' must be the IRI of a concept, not '{value}'.", key=field.key, value=_shown(term)
        )
        return problem, message("Use the IRI of a concept in the list.")
    problem = message("'{key}' must be text, not a resource ('{value}').", key=field.key, value=_shown(term))
    return problem, message("Write its value in quotation marks.")


def _is_iri(term: Term) -> bool:
    return str(term).startswith("<") and not str(term).startswith("<<")


def _is_literal(term: Term) -> bool:
    return hasattr(term, "datatype")


def _plain(term: Term) -> str:
    """The IRI or lexical form of a term; the N-Triples form of other terms."""
    return str(getattr(term, "value", term))


def _shown(term: Term) -> str:
    return _plain(term)[:_SHOWN]


def _name(node: str) -> str:
    """An IRI without its angle brackets, or a blank node's label."""
    return node[1:-1] if node.startswith("<") else node
