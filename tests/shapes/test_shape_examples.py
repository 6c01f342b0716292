"""Each rule of the shapes has examples that break it and examples that do not; both engines say the same of each."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

import pytest
from pyoxigraph import NamedNode, Quad

from iomld.formats.rdf import NTRIPLES, TURTLE, parse, serialize
from iomld.iris import DEFAULT_BASE, Iris
from iomld.model import Finding
from iomld.validate import Validator, all_rules, load_validator
from iomld.validate.mentions import CHECKED_HERE
from iomld.validate.reference_data import load_reference_data
from iomld.validate.rust import load_rust
from iomld.validate.shapes import load_shapes

HERE = Path(__file__).parent
PREFIXES = Iris().prefixes()
HEADER = f"@base <{DEFAULT_BASE}> .\n" + "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
NODES = {
    "p": "id/project/PO.0105",
    "b": "id/project/PO.0105#budget",
    "m": "id/project/PO.0105#m1",
    "t": "id/project/PO.0105#m1-target",
    "pos": "id/project/PO.0105#m1-position",
    "quote": "id/project/PO.0105#m1-quote",
    "d": "doc/project/PO.0105",
    "n": "doc/project/PO.0105#narrative-en",
    "s": "prov/source/5f70bf18a086",
    "r": "doc/project/PO.0105/rev/1",
    "run": "prov/run/PO.0105",
    "c": "id/country/XA",
    "f": "scheme/framework/example",
}


@dataclass(frozen=True)
class Example:
    """One entry of examples.toml."""

    name: str
    finds: tuple[str, ...]
    profile: str = "published"
    drop: tuple[str, ...] = ()
    add: str = ""

    def graph(self, number: int) -> tuple[Quad, ...]:
        """The example's quads, about a project of its own."""
        source = HERE / ("project.ttl" if self.profile == "published" else "reference.ttl")
        dropped = {_pattern(text) for text in self.drop}
        names = {name: f"<{iri}>" for name, iri in NODES.items()} | {"long": "x" * 501}
        added = parse(_own(HEADER + Template(self.add).substitute(names), number), TURTLE)
        kept = parse(_own(source.read_text(encoding="utf-8"), number), TURTLE)
        dropped = {(_own(subject, number), predicate) for subject, predicate in dropped}
        return (*(quad for quad in kept if (_iri(quad.subject), quad.predicate.value) not in dropped), *added)


def _own(text: str, number: int) -> str:
    return text.replace("PO.0105", f"PO.{number:04}")


def _iri(term: object) -> str:
    return term.value if isinstance(term, NamedNode) else ""


def _pattern(text: str) -> tuple[str, str]:
    subject, predicate = text.split()
    prefix, name = predicate.split(":")
    return DEFAULT_BASE + NODES[subject[1:]], PREFIXES[prefix] + name


def _examples() -> Iterator[Example]:
    for entry in tomllib.loads((HERE / "examples.toml").read_text(encoding="utf-8"))["example"]:
        yield Example(
            entry["name"],
            tuple(entry["finds"]),
            entry.get("profile", "published"),
            tuple(entry.get("drop", ())),
            entry.get("add", ""),
        )


EXAMPLES = tuple(_examples())
GRAPHS = tuple(example.graph(1000 + number) for number, example in enumerate(EXAMPLES))
NUMBERED = pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=[example.name for example in EXAMPLES])


def _found(engine: str) -> tuple[tuple[Finding, ...], ...]:
    validators: Mapping[str, Validator] = {
        name: load_validator(name, engine=engine) for name in ("published", "reference")
    }
    found: dict[int, tuple[Finding, ...]] = {}
    for profile, validator in validators.items():
        assert validator.engine_name == engine
        numbers = [number for number, example in enumerate(EXAMPLES) if example.profile == profile]
        found |= dict(zip(numbers, validator.check_many(GRAPHS[number] for number in numbers), strict=True))
    return tuple(found[number] for number in range(len(EXAMPLES)))


@pytest.fixture(scope="module")
def rust() -> tuple[tuple[Finding, ...], ...]:
    """What the first engine finds in each example."""
    return _found("shacl")


@pytest.fixture(scope="module")
def reference() -> tuple[tuple[Finding, ...], ...]:
    """What the reference engine finds in each example."""
    return _found("pyshacl")


@NUMBERED
def test_exactly_the_named_rules_speak(number: int, rust: tuple[tuple[Finding, ...], ...]) -> None:
    """One cause gives one message, and a graph without a fault gives none."""
    assert [finding.rule for finding in rust[number]] == list(EXAMPLES[number].finds)


@NUMBERED
def test_both_engines_agree(
    number: int, rust: tuple[tuple[Finding, ...], ...], reference: tuple[tuple[Finding, ...], ...]
) -> None:
    """The reference engine gives the same findings, to the last character."""
    assert rust[number] == reference[number]


@NUMBERED
def test_findings_are_whole(number: int, rust: tuple[tuple[Finding, ...], ...]) -> None:
    """A finding has its rule's severity and says in a sentence what was found; no variable is left open."""
    rules = {rule.id: rule for rule in all_rules()}
    for finding in rust[number]:
        assert finding.severity is rules[finding.rule].severity
        assert finding.message.endswith(".")
        assert not {"{", "}", "?", "~"} & set(finding.message)


def test_every_rule_has_an_example() -> None:
    """No rule goes untried; those across records are tried where they are checked."""
    tried = {rule for example in EXAMPLES for rule in example.finds}
    assert {rule.id for rule in all_rules() if rule.profiles != ("dataset",)} == tried


def test_alone_and_in_a_chunk_are_the_same(rust: tuple[tuple[Finding, ...], ...]) -> None:
    """A record's findings do not depend on its neighbours, though all examples share their source snapshot."""
    validator = load_validator("published")
    alone = [
        validator.check(graph)
        for example, graph in zip(EXAMPLES, GRAPHS, strict=True)
        if example.profile == "published"
    ]
    assert alone == [found for example, found in zip(EXAMPLES, rust, strict=True) if example.profile == "published"]


def test_shapes_and_code_agree_on_mentions(rust: tuple[tuple[Finding, ...], ...]) -> None:
    """The two rules checked in code give what their published shapes give in an engine."""
    engine = load_rust(load_shapes("published").data)
    known = load_reference_data().whole()
    for example, graph, found in zip(EXAMPLES, GRAPHS, rust, strict=True):
        if example.profile == "published":
            results = engine.results(known + serialize(graph, NTRIPLES))
            by_shapes = {(result.rule, result.focus_node) for result in results if result.rule in CHECKED_HERE}
            by_code = {(finding.rule, finding.focus_node) for finding in found if finding.rule in CHECKED_HERE}
            assert by_code == by_shapes
