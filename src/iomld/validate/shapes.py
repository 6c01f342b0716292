"""The shapes of a profile, ready for an engine, and what each rule says of itself."""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from pyoxigraph import Literal, NamedNode, Quad

from iomld.assets import asset_names, asset_text
from iomld.errors import SettingsError
from iomld.formats.rdf import NTRIPLES, TURTLE, parse, serialize
from iomld.iris import DCTERMS, DEFAULT_BASE, OWL, RDFS, SH, SHAPES, XSD, local_name
from iomld.model import Message, Severity

PROFILES = ("submission", "published", "dataset", "reference")

_GRAPH_IRI = SHAPES.removesuffix("#")
_FOR_PEOPLE = frozenset({f"{RDFS}comment", f"{SH}name", f"{SH}description"})
_VARIABLE = re.compile(r"\{[?$]\w+\}")
_LANGUAGE = "en"  # engines report the first message they meet, so they are given the English one alone


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the shapes graph.

    Attributes:
        id: Local name of its shape.
        severity: How bad a result is.
        name: What it is about, a few words.
        description: What it asks for, one sentence.
        message: What it says to a person; `{?value}` and the like stand for what was found.
        profiles: The profiles it is part of.
        order: Where it stands among the rules.
        subjects: IRIs of the properties to look at, the chief one first.
        reason: Why it is there, one sentence.
        messages: The message by language, English too.
        descriptions: The description by language.
        reasons: The reason by language.
    """

    id: str
    severity: Severity
    name: str
    description: str
    message: str
    profiles: tuple[str, ...]
    order: int
    subjects: tuple[str, ...]
    reason: str = ""
    messages: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    def filled(self, **values: str) -> Message:
        """The message with the values of its variables (SHACL section 5.3.2)."""
        return Message(self.message, {mark[1:-1]: values[mark[2:-1]] for mark in _VARIABLE.findall(self.message)})

    def recognised(self, sentence: str) -> Message:
        """The message that an engine has filled in already; a sentence of the engine's own stays as it is."""
        match = _pattern(self.message).fullmatch(sentence)
        return self.filled(**match.groupdict()) if match else Message(sentence)


@dataclass(frozen=True, slots=True)
class ShapesGraph:
    """Shapes of one profile under one base.

    Attributes:
        data: The shapes graph as N-Triples, rules outside the profile deactivated.
        rules: Its rules by id.
        version: `owl:versionInfo` of the shapes.
        sha256: Hash of the shapes files as published under the base.
    """

    data: bytes
    rules: Mapping[str, Rule]
    version: str
    sha256: str


@dataclass(slots=True)
class _Node:
    """What the files say of one node, while it is being read."""

    values: dict[str, list[NamedNode | Literal]] = field(default_factory=dict)

    def first(self, predicate: str, default: str = "") -> str:
        values = [value for value in self.values.get(predicate, ()) if not _is_translation(value)]
        return values[0].value if values else default

    def by_language(self, predicate: str) -> dict[str, str]:
        values = (value for value in self.values.get(predicate, ()) if isinstance(value, Literal))
        return {value.language or _LANGUAGE: value.value for value in values}

    def iris(self, predicate: str) -> tuple[str, ...]:
        return tuple(value.value for value in self.values.get(predicate, ()) if isinstance(value, NamedNode))


def load_shapes(profile: str, *, base: str = DEFAULT_BASE, without: Collection[str] = ()) -> ShapesGraph:
    """Read the shapes of a profile.

    Args:
        profile: One of `PROFILES`.
        base: The data base, ending in a slash; schemes and countries are named under it.
        without: Ids of rules that the engine is not to run.

    Raises:
        SettingsError: There is no such profile.
    """
    if profile not in PROFILES:
        raise SettingsError(f"there is no profile {profile!r} of the shapes; choose one of {', '.join(PROFILES)}")
    texts = [asset_text(name, base=base) for name in asset_names("shapes")]
    quads = [quad for text in texts for quad in parse(text, TURTLE) if _is_in_english(quad)]
    nodes = _nodes(quads)
    rules = _rules(nodes)
    idle = [iri for iri, node in nodes.items() if _is_outside(node, profile) or local_name(iri) in without]
    return ShapesGraph(
        data=serialize([*filter(_is_read_by_engines, quads), *map(_deactivation, idle)], NTRIPLES),
        rules={id_: rule for id_, rule in rules.items() if profile in rule.profiles},
        version=nodes[_GRAPH_IRI].first(f"{OWL}versionInfo"),
        sha256=hashlib.sha256("".join(texts).encode()).hexdigest(),
    )


def all_rules() -> tuple[Rule, ...]:
    """Every rule of every profile, in the order of `sh:order`."""
    texts = (asset_text(name) for name in asset_names("shapes"))
    quads = [quad for text in texts for quad in parse(text, TURTLE)]
    return tuple(sorted(_rules(_nodes(quads)).values(), key=lambda rule: (rule.order, rule.id)))


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Matches the sentences that a message becomes when its variables are filled in."""
    texts, marks = _VARIABLE.split(template), _VARIABLE.findall(template)
    groups = (f"(?P<{mark[2:-1]}>.*?){re.escape(text)}" for mark, text in zip(marks, texts[1:], strict=True))
    return re.compile(re.escape(texts[0]) + "".join(groups), re.DOTALL)


def _is_in_english(quad: Quad) -> bool:
    return not _is_translation(quad.object)


def _is_translation(term: object) -> bool:
    return isinstance(term, Literal) and term.language not in (None, _LANGUAGE)


def _is_read_by_engines(quad: Quad) -> bool:
    return quad.predicate.value not in _FOR_PEOPLE


def _nodes(quads: Sequence[Quad]) -> dict[str, _Node]:
    """What is said of each named node; the message of a SPARQL constraint counts as said of its shape."""
    nodes: dict[str, _Node] = {}
    constraints = {
        quad.object: quad.subject.value
        for quad in quads
        if quad.predicate.value == f"{SH}sparql" and isinstance(quad.subject, NamedNode)
    }
    for quad in quads:
        is_message = quad.predicate.value == f"{SH}message"
        name = constraints.get(quad.subject) if is_message else None
        if isinstance(quad.subject, NamedNode):
            name = quad.subject.value
        if name is not None and isinstance(quad.object, NamedNode | Literal):
            values = nodes.setdefault(name, _Node()).values
            values.setdefault(quad.predicate.value, []).append(quad.object)
    return nodes


def _rules(nodes: Mapping[str, _Node]) -> dict[str, Rule]:
    """The shapes that have a message: those without one hold others together or help them."""
    return {
        local_name(iri): _rule(local_name(iri), node) for iri, node in nodes.items() if f"{SH}message" in node.values
    }


def _rule(id_: str, node: _Node) -> Rule:
    return Rule(
        id=id_,
        severity=Severity(local_name(node.first(f"{SH}severity"))),
        name=node.first(f"{SH}name"),
        description=node.first(f"{SH}description"),
        message=node.first(f"{SH}message"),
        profiles=tuple(sorted(_profiles(node), key=PROFILES.index)),
        order=int(node.first(f"{SH}order", "0")),
        subjects=node.iris(f"{SH}path") or node.iris(f"{DCTERMS}subject"),
        reason=node.first(f"{RDFS}comment"),
        messages=node.by_language(f"{SH}message"),
        descriptions=node.by_language(f"{SH}description"),
        reasons=node.by_language(f"{RDFS}comment"),
    )


def _profiles(node: _Node) -> Iterator[str]:
    return map(local_name, node.iris(f"{DCTERMS}isPartOf"))


def _is_outside(node: _Node, profile: str) -> bool:
    profiles = tuple(_profiles(node))
    return bool(profiles) and profile not in profiles


def _deactivation(shape: str) -> Quad:
    return Quad(NamedNode(shape), NamedNode(f"{SH}deactivated"), Literal("true", datatype=NamedNode(f"{XSD}boolean")))
