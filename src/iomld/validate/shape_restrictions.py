"""What shapes and data of users may not contain, and what an engine does not run: the reason of each refusal.

Nothing is fetched, no file is read, and no program is run. What an engine would ignore is refused, since a report must
not say that data conform to a rule that was never checked.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pyoxigraph import Literal, NamedNode, Quad

from iomld.formats.rdf import Term
from iomld.iris import OWL, RDF, SH, local_name
from iomld.messages import Message, message

# Terms of SHACL Advanced Features and of the draft of SHACL 1.2 that the engine `shacl` runs and `pyshacl` does not, as
# tried with shapes whose data break them.
ONLY_IN_SHACL = frozenset(
    {
        "expression",
        "maxListLength",
        "memberShape",
        "minListLength",
        "nodeByExpression",
        "reificationRequired",
        "reifierShape",
        "rootClass",
        "singleLine",
        "someValue",
        "subsetOf",
        "target",
        "targetWhere",
        "uniqueMembers",
        "values",
    }
)
# Terms that neither runs here: rules and functions, and regimes that infer triples.
_IN_NEITHER = frozenset({"SPARQLFunction", "entailment", "rule", "targetShape", "uniqueValuesFor"})
_QUERY_PROPERTIES = frozenset(SH + term for term in ("select", "ask", "construct", "update"))
# Strings, comments, IRIs and variables are matched to be ignored.
_TOKEN = re.compile(
    r"""  <[^<>\s"{}|^`\\]*> | \#[^\n\r]*
        | '{3}(?:'{0,2}(?:[^'\\]|\\.))*+'{3} | "{3}(?:"{0,2}(?:[^"\\]|\\.))*+"{3}
        | '(?:[^'\\\n\r]|\\.)*+' | "(?:[^"\\\n\r]|\\.)*+"
        | [?$@]\w+ | _:\w+ | (?P<prefix>\w[\w.-]*+ | ):[\w.-]* | (?P<word>\w+)""",
    re.VERBOSE | re.DOTALL,
)
_REMOTE_CONTEXT = re.compile(r'"@(?:context|import)"\s*:\s*(?:\[[^\[\]{}"]*)?"(?P<iri>[^"]*)"')


def shapes_refusal(quads: Sequence[Quad], text: str, engine: str) -> Message | None:
    """The reason why shapes are refused, or None.

    Args:
        quads: The shapes graph.
        text: The text that it was parsed from.
        engine: The engine that is to run them.
    """
    if not any(quad.predicate.value.startswith(SH) for quad in quads):
        return message("it contains no SHACL shapes. Choose a file with shapes ({namespace})", namespace=SH)
    checks = (_imports(quads, text), _programs(quads, text), _features(quads, text, engine), _queries(quads, text))
    return next((reason for check in checks for reason in check), None)


def context_refusal(text: str) -> Message | None:
    """The reason why JSON-LD is refused, a context that would have to be fetched, or None."""
    match = _REMOTE_CONTEXT.search(text)
    return match and message(
        "line {line}: the context {iri} would have to be fetched, but nothing is ever fetched. Write the "
        "context itself into the file",
        line=_line(text, match.start()),
        iri=json.dumps(match["iri"]),
    )


def placed(reason: Message, text: str, pattern: str) -> Message:
    """A reason with the line of the first match of a pattern in a text, if there is one."""
    match = re.search(pattern, text)
    return message("line {line}: {reason}", line=_line(text, match.start()), reason=reason) if match else reason


def line_of_term(name: str, text: str) -> int | None:
    """The line of the first use of a term of SHACL, by its local name."""
    match = re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)
    return _line(text, match.start()) if match else None


def shacl_terms(quads: Iterable[Quad]) -> Iterator[str]:
    """Local names of the terms of the SHACL vocabulary that a graph uses, each once."""
    terms: Iterator[Term] = (term for quad in quads for term in (quad.predicate, quad.object))
    names = (term.value[len(SH) :] for term in terms if isinstance(term, NamedNode) and term.value.startswith(SH))
    return iter(dict.fromkeys(names))


def _imports(quads: Iterable[Quad], text: str) -> Iterator[Message]:
    """Refuse imports, except of ontologies that the graph itself describes."""
    described = {quad.subject for quad in quads}
    for quad in quads:
        if quad.predicate.value == f"{OWL}imports" and quad.object not in described:
            reason = message(
                "owl:imports names {iri}, but nothing is ever fetched. Copy the imported shapes into the file "
                "and remove the import",
                iri=str(quad.object),
            )
            yield placed(reason, text, r"owl#imports|\bimports\b")


def _programs(quads: Iterable[Quad], text: str) -> Iterator[Message]:
    for name in shacl_terms(quads):
        if name.startswith(("js", "JS")):
            reason = message(
                "{term} needs JavaScript, which is not run. Write the rule in SHACL or SPARQL",
                term=f"sh:{name}",
            )
            yield placed(reason, text, rf"\b{re.escape(name)}(?!\w)")


def _features(quads: Iterable[Quad], text: str, engine: str) -> Iterator[Message]:
    """Refuse what the engine would ignore: properties and classes, not properties that are only spoken of."""
    used = (quad.object if quad.predicate.value == f"{RDF}type" else quad.predicate for quad in quads)
    names = (term.value[len(SH) :] for term in used if isinstance(term, NamedNode) and term.value.startswith(SH))
    for name in dict.fromkeys(names):
        if name in _IN_NEITHER:
            reason = message(
                "{term} is not supported and would be ignored. Remove it, or write it as a constraint in SHACL "
                "or SPARQL",
                term=f"sh:{name}",
            )
        elif name in ONLY_IN_SHACL and engine != "shacl":
            reason = message(
                "the engine {engine} does not support {term} and would ignore it. Use the engine shacl",
                engine=engine,
                term=f"sh:{name}",
            )
        else:
            continue
        yield placed(reason, text, rf"\b{re.escape(name)}(?!\w)")


def _queries(quads: Sequence[Quad], text: str) -> Iterator[Message]:
    declared = _declared_prefixes(quads)
    for quad in quads:
        if quad.predicate.value in _QUERY_PROPERTIES and isinstance(quad.object, Literal):
            found = _query_fault(quad.object.value, local_name(quad.predicate.value), declared.get(quad.subject, set()))
            if found:
                offset, reason = found
                start = text.find(quad.object.value)
                line = _line(text, start + offset)
                yield message("line {line}: {reason}", line=line, reason=reason) if start >= 0 else reason


def _query_fault(query: str, name: str, prefixes: set[str]) -> tuple[int, Message] | None:
    """The first fault of a query, with its offset.

    Args:
        query: The query.
        name: Local name of its property.
        prefixes: The prefixes that the shapes declare for it.
    """
    tokens = list(_TOKEN.finditer(query))
    term = f"sh:{name}"
    for match in tokens:
        if (word := (match["word"] or "").upper()) in {"FROM", "SERVICE"}:
            return match.start(), message(
                "{term} contains {word}, which would read data outside the file. Remove {word} from the query",
                term=term,
                word=word,
            )
    named = [
        (before, match) for before, match in zip([None, *tokens], tokens, strict=False) if match["prefix"] is not None
    ]
    in_query = {match["prefix"] for before, match in named if before and (before["word"] or "").upper() == "PREFIX"}
    for _, match in named:
        if match["prefix"] not in in_query | prefixes:
            prefix = f"{match['prefix']}:"
            return match.start(), message(
                "the query in {term} uses the undeclared prefix {prefix}. Declare it with sh:declare and point "
                "to the declaring node with sh:prefixes, or write PREFIX {prefix} in the query",
                term=term,
                prefix=prefix,
            )
    return None


def _declared_prefixes(quads: Sequence[Quad]) -> Mapping[object, set[str]]:
    """The prefixes declared for each node with a query (SHACL section 5.2.1); imports are followed."""
    objects: dict[tuple[object, str], list[Term]] = {}
    for quad in quads:
        objects.setdefault((quad.subject, quad.predicate.value), []).append(quad.object)

    def closure(nodes: list[Term]) -> Iterator[Term]:
        seen: dict[Term, None] = {}
        while nodes:
            node = nodes.pop()
            if node not in seen:
                seen[node] = None
                nodes.extend(objects.get((node, f"{OWL}imports"), ()))
        return iter(seen)

    found: dict[object, set[str]] = {}
    for (subject, predicate), ontologies in objects.items():
        if predicate == f"{SH}prefixes":
            declarations = (
                one for node in closure(list(ontologies)) for one in objects.get((node, f"{SH}declare"), ())
            )
            names = (name for one in declarations for name in objects.get((one, f"{SH}prefix"), ()))
            found[subject] = {name.value for name in names if isinstance(name, Literal)}
    return found


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
