"""Our shapes: the shapes graph of a profile, the rules in it, and examples of each rule.

An example is a valid graph with some triples removed and others added. The examples are files beside the shapes;
`iomld rules` and the page of rules show them, and tests check every rule with them.
"""

import hashlib
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import chain
from string import Template

from pyoxigraph import Literal, NamedNode, Quad

from iomld.assets import ADDED, asset_names, asset_text
from iomld.errors import SettingsError
from iomld.formats.graph import Subject, SubjectGraph
from iomld.formats.rdf import NTRIPLES, TURTLE, parse, serialize
from iomld.fund_folder import folder_in_use
from iomld.iris import DASH, DCTERMS, DEFAULT_BASE, OWL, RDF, RDFS, SH, SHAPES, SKOS, XSD, Iris, local_name
from iomld.messages import Message
from iomld.model import Severity
from iomld.validate.targets import Targets, targets_of

PROFILES = ("submission", "published", "dataset", "reference")

_GRAPH_IRI = SHAPES.removesuffix("#")
_FOR_PEOPLE = frozenset(
    {f"{RDFS}comment", f"{SH}name", f"{SH}description", f"{SH}codeIdentifier", f"{DASH}singleLine"}
    | {SKOS + name for name in ("altLabel", "hiddenLabel", "example")}
)
_VARIABLE = re.compile(r"\{[?$]\w+\}")
_LANGUAGE = "en"  # engines report any one of several messages, so they get the English messages only

# -- examples --

_KEY = "PO.9001"  # key of the project in the examples

_EXAMPLE_FOLDER = "shapes/examples"
_EXAMPLE_PREFIXES = Iris().prefixes()
_EXAMPLE_HEADER = f"@base <{DEFAULT_BASE}> .\n" + "".join(
    f"@prefix {name}: <{iri}> .\n" for name, iri in _EXAMPLE_PREFIXES.items()
)
_EXAMPLE_NODES = {
    "p": f"id/project/{_KEY}",
    "b": f"id/project/{_KEY}#budget",
    "m": f"id/project/{_KEY}#m1",
    "t": f"id/project/{_KEY}#m1-target",
    "pos": f"id/project/{_KEY}#m1-position",
    "quote": f"id/project/{_KEY}#m1-quote",
    "d": f"doc/project/{_KEY}",
    "n": f"doc/project/{_KEY}#narrative-en",
    "s": "prov/source/5f70bf18a086",
    "r": f"doc/project/{_KEY}/rev/1",
    "run": f"prov/run/{_KEY}",
    "c": "id/country/XA",
    "f": "scheme/framework/example",
}
_PLACEHOLDERS = {name: f"<{iri}>" for name, iri in _EXAMPLE_NODES.items()}
_LONG_TEXT = "x" * 501
_CODE_LENGTH = 2  # of languages, which are keys of an example


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the shapes graph.

    Attributes:
        id: Local name of its shape.
        severity: Severity of its results.
        name: Its subject, a few words.
        description: What it requires, one sentence.
        message: The message of its results, with variables such as `{?value}`.
        profiles: The profiles that it belongs to.
        order: Its place in the order of the rules.
        subjects: IRIs of the properties that it is about, the main one first.
        reason: Why the rule exists, one sentence.
        messages: The message by language, English too.
        descriptions: The description by language.
        reasons: The reason by language.
        names: The name by language.
    """

    id: str
    severity: Severity
    name: str
    description: str
    message: str
    profiles: tuple[str, ...]
    order: float
    subjects: tuple[str, ...]
    reason: str = ""
    messages: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def filled(self, **values: str) -> Message:
        """The message with values for its variables (SHACL section 5.3.2)."""
        return Message(self.message, {mark[1:-1]: values[mark[2:-1]] for mark in _VARIABLE.findall(self.message)})

    def recognized(self, sentence: str) -> Message:
        """The message of a sentence in which an engine has filled in the variables; other sentences are unchanged."""
        match = _pattern(self.message).fullmatch(sentence)
        return self.filled(**match.groupdict()) if match else Message(sentence)


@dataclass(frozen=True, slots=True)
class ShapesGraph:
    """The shapes of one profile under one base.

    Attributes:
        data: The shapes graph as N-Triples; rules outside the profile are deactivated.
        rules: The rules of the profile by id.
        version: `owl:versionInfo` of the shapes.
        sha256: Hash of the shapes files as published under the base.
        targets: The targets of the shapes in the profile, also of those that the engine does not run.
    """

    data: bytes
    rules: Mapping[str, Rule]
    version: str
    sha256: str
    targets: Targets


def load_shapes(profile: str, *, base: str = DEFAULT_BASE, without: Collection[str] = ()) -> ShapesGraph:
    """Read the shapes of a profile.

    Args:
        profile: One of `PROFILES`.
        base: The data base, ending in a slash; schemes and countries are named under it.
        without: Ids of rules to deactivate, so that the engine does not run them.

    Raises:
        SettingsError: There is no such profile.
    """
    if profile not in PROFILES:
        raise SettingsError(f"there is no profile {profile!r} of the shapes; choose one of {', '.join(PROFILES)}")
    texts = {name: asset_text(name, base=base) for name in asset_names("shapes")}
    parsed = {name: [*filter(_is_in_english, parse(text, TURTLE))] for name, text in texts.items()}
    quads = [quad for own in parsed.values() for quad in own]
    quads += _added_to_projects(quads, [quad for name, own in parsed.items() if name.startswith(ADDED) for quad in own])
    graph = _graph(quads)
    rules = _rules(graph)
    left_out = folder_in_use().without
    unchecked = [iri for iri in graph if _is_outside(graph[iri], profile) or local_name(iri) in left_out]
    inactive = [*unchecked, *(iri for iri in graph if local_name(iri) in without)]
    return ShapesGraph(
        data=serialize([*filter(_is_read_by_engines, quads), *map(_deactivation, inactive)], NTRIPLES),
        rules={id_: rule for id_, rule in rules.items() if profile in rule.profiles},
        version=graph[_GRAPH_IRI].text(f"{OWL}versionInfo") or "",
        sha256=hashlib.sha256("".join(texts.values()).encode()).hexdigest(),
        targets=targets_of(quads, inactive=unchecked),
    )


def all_rules() -> tuple[Rule, ...]:
    """The rules of all profiles, in the order of `sh:order`."""
    texts = (asset_text(name) for name in asset_names("shapes"))
    quads = [quad for text in texts for quad in parse(text, TURTLE)]
    return tuple(sorted(_rules(_graph(quads)).values(), key=lambda rule: (rule.order, rule.id)))


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """A pattern for the sentences that a message with variables gives."""
    texts, marks = _VARIABLE.split(template), _VARIABLE.findall(template)
    groups = (f"(?P<{mark[2:-1]}>.*?){re.escape(text)}" for mark, text in zip(marks, texts[1:], strict=True))
    return re.compile(re.escape(texts[0]) + "".join(groups), re.DOTALL)


def _added_to_projects(quads: Sequence[Quad], added: Sequence[Quad]) -> Iterator[Quad]:
    """`shp:Project sh:property SHAPE` for each property shape of a fund folder with no target that none refers to."""
    used = {quad.object for quad in quads if quad.predicate.value in (f"{SH}property", f"{SH}node")}
    used |= {quad.subject for quad in added if quad.predicate.value.startswith(f"{SH}target")}
    for quad in added:
        is_shape = quad.predicate.value == f"{RDF}type" and quad.object == NamedNode(f"{SH}PropertyShape")
        if is_shape and isinstance(quad.subject, NamedNode) and quad.subject not in used:
            yield Quad(NamedNode(f"{SHAPES}Project"), NamedNode(f"{SH}property"), quad.subject)


def _is_in_english(quad: Quad) -> bool:
    return not _is_translation(quad.object)


def _is_translation(term: object) -> bool:
    return isinstance(term, Literal) and term.language not in (None, _LANGUAGE)


def _is_read_by_engines(quad: Quad) -> bool:
    return quad.predicate.value not in _FOR_PEOPLE


def _graph(quads: Sequence[Quad]) -> SubjectGraph:
    """The statements about each IRI; the message of a SPARQL constraint counts as that of its shape."""
    shapes = {
        quad.object: quad.subject
        for quad in quads
        if quad.predicate.value == f"{SH}sparql" and isinstance(quad.subject, NamedNode)
    }
    subjects = ((quad, shapes.get(quad.subject) if quad.predicate.value == f"{SH}message" else None) for quad in quads)
    named = ((quad, quad.subject if isinstance(quad.subject, NamedNode) else shape) for quad, shape in subjects)
    return SubjectGraph(Quad(subject, quad.predicate, quad.object) for quad, subject in named if subject)


def _rules(graph: SubjectGraph) -> dict[str, Rule]:
    """The shapes with a message that apply to the publisher; the others only group shapes or are used by them."""
    shapes = ((local_name(iri), graph[iri]) for iri in graph)
    off = folder_in_use().without
    return {id_: _rule(id_, shape) for id_, shape in shapes if id_ not in off and shape.literals(f"{SH}message")}


def _rule(id_: str, shape: Subject) -> Rule:
    return Rule(
        id=id_,
        severity=Severity(local_name(shape.iri(f"{SH}severity") or "")),
        name=shape.text(f"{SH}name") or "",
        description=shape.text(f"{SH}description") or "",
        message=shape.text(f"{SH}message") or "",
        profiles=tuple(sorted(_profiles(shape), key=PROFILES.index)),
        order=float(shape.value(f"{SH}order") or 0),
        subjects=_iris(shape, f"{SH}path") or _iris(shape, f"{DCTERMS}subject"),
        reason=shape.text(f"{RDFS}comment") or "",
        messages=_by_language(shape, f"{SH}message"),
        descriptions=_by_language(shape, f"{SH}description"),
        reasons=_by_language(shape, f"{RDFS}comment"),
        names=_by_language(shape, f"{SH}name"),
    )


def _iris(shape: Subject, predicate: str) -> tuple[str, ...]:
    """The IRIs that are values of a property, in the order of the file."""
    return tuple(term.value for term in shape.terms(predicate) if isinstance(term, NamedNode))


def _by_language(shape: Subject, predicate: str) -> dict[str, str]:
    return {language or _LANGUAGE: text for text, language in shape.texts(predicate)}


def _profiles(shape: Subject) -> Iterator[str]:
    return map(local_name, shape.iris(f"{DCTERMS}isPartOf"))


def _is_outside(shape: Subject, profile: str) -> bool:
    profiles = tuple(_profiles(shape))
    return bool(profiles) and profile not in profiles


def _deactivation(shape: str) -> Quad:
    return Quad(NamedNode(shape), NamedNode(f"{SH}deactivated"), Literal("true", datatype=NamedNode(f"{XSD}boolean")))


@dataclass(frozen=True, slots=True)
class RuleExample:
    """An example graph and the rules that it breaks.

    Attributes:
        name: What the example shows, a few words.
        finds: The rules of its findings, one for each finding; empty for a valid graph.
        profile: The profile to check it with.
        without: Subject and property of the removed triples, `<id/project/PO.9001> dcterms:title`.
        added: The added triples, as Turtle with our prefixes and the data base; may be empty.
        passes: Ids of the rules for which it is shown as the example that passes.
        names: The name by language, including English; only examples on pages have it in all languages.
    """

    name: str
    finds: tuple[str, ...]
    profile: str
    without: tuple[str, ...]
    added: str
    passes: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    def graph(self, key: str = _KEY) -> tuple[Quad, ...]:
        """The graph of the example.

        Args:
            key: Key of the project; different keys allow several examples to be checked together.
        """
        removed = {_subject_and_property_of(text.replace(_KEY, key)) for text in self.without}
        whole = _whole_graph("reference" if self.profile == "reference" else "project", key)
        remaining = (quad for quad in whole if _subject_and_property(quad) not in removed)
        return (*remaining, *parse(_EXAMPLE_HEADER + self.added.replace(_KEY, key), TURTLE))


@lru_cache(maxsize=2)  # the examples of a page are changes of two graphs
def _whole_graph(name: str, key: str) -> tuple[Quad, ...]:
    """The graph that examples change."""
    return tuple(parse(asset_text(f"{_EXAMPLE_FOLDER}/{name}.ttl").replace(_KEY, key), TURTLE))


@cache
def load_examples() -> tuple[RuleExample, ...]:
    """All examples, in the order of their file."""
    entries = tomllib.loads(asset_text(f"{_EXAMPLE_FOLDER}/examples.toml"))["example"]
    return tuple(
        RuleExample(
            name=entry["name"],
            finds=tuple(entry["finds"]),
            profile=entry.get("profile", "published"),
            without=tuple(Template(text).substitute(_PLACEHOLDERS) for text in entry.get("drop", ())),
            added=Template(entry.get("add", "")).substitute(_PLACEHOLDERS | {"long": _LONG_TEXT}),
            passes=tuple(entry.get("passes", ())),
            names={"en": entry["name"]} | {code: text for code, text in entry.items() if len(code) == _CODE_LENGTH},
        )
        for entry in entries
    )


@cache
def failing_examples() -> Mapping[str, RuleExample]:
    """An example that breaks only this rule, by id of the rule."""
    return {example.finds[0]: example for example in reversed(tuple(_examples_of_one_rule()))}


def passing_example(rule: Rule) -> RuleExample:
    """A valid example: the one for this rule, else one that changes a property of it, else the unchanged record."""
    failing = failing_examples()[rule.id]
    names = [name for iri in rule.subjects if (name := _prefixed(iri))]
    valid = [example for example in load_examples() if not example.finds and example.profile == failing.profile]
    meant = (example for example in valid if rule.id in example.passes)
    related = (example for example in valid if any(name in f"{example.without} {example.added}" for name in names))
    return next(chain(meant, related), valid[0])


def _prefixed(iri: str) -> str:
    """The IRI as a prefixed name; empty where none of our prefixes matches."""
    prefixed = (
        f"{name}:{iri.removeprefix(start)}" for name, start in _EXAMPLE_PREFIXES.items() if iri.startswith(start)
    )
    return next(prefixed, "")


def _examples_of_one_rule() -> Iterator[RuleExample]:
    return (example for example in load_examples() if len(set(example.finds)) == 1)


def _subject_and_property_of(text: str) -> tuple[str, str]:
    subject, predicate = text.split()
    prefix, name = predicate.split(":")
    return DEFAULT_BASE + subject[1:-1], _EXAMPLE_PREFIXES[prefix] + name


def _subject_and_property(quad: Quad) -> tuple[str, str]:
    return (quad.subject.value if isinstance(quad.subject, NamedNode) else ""), quad.predicate.value
