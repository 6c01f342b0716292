"""Examples of each rule: a graph without a fault, with a few triples taken out and others put in.

They stand beside the shapes, so that people find them, `iomld rules` shows them and the tests hold every rule to them.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from string import Template

from pyoxigraph import NamedNode, Quad

from iomld.assets import asset_text
from iomld.formats.rdf import TURTLE, parse
from iomld.iris import DEFAULT_BASE, Iris
from iomld.validate.shapes import Rule

KEY = "PO.0105"  # of the project in the examples

_FOLDER = "shapes/examples"
_PREFIXES = Iris().prefixes()
_HEADER = f"@base <{DEFAULT_BASE}> .\n" + "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in _PREFIXES.items())
_NODES = {
    "p": f"id/project/{KEY}",
    "b": f"id/project/{KEY}#budget",
    "m": f"id/project/{KEY}#m1",
    "t": f"id/project/{KEY}#m1-target",
    "pos": f"id/project/{KEY}#m1-position",
    "quote": f"id/project/{KEY}#m1-quote",
    "d": f"doc/project/{KEY}",
    "n": f"doc/project/{KEY}#narrative-en",
    "s": "prov/source/5f70bf18a086",
    "r": f"doc/project/{KEY}/rev/1",
    "run": f"prov/run/{KEY}",
    "c": "id/country/XA",
    "f": "scheme/framework/example",
}
_NAMES = {name: f"<{iri}>" for name, iri in _NODES.items()}
_LONG = "x" * 501
_TRANSLATED = ("fr", "es")


@dataclass(frozen=True, slots=True)
class Example:
    """A graph and what its profile has against it.

    Attributes:
        name: What is special about it, a few words.
        finds: The rules that speak, one for each finding; empty where nothing is wrong.
        profile: The profile it is checked with.
        without: Subject and property of the triples that are taken out, `<id/project/PO.0105> dcterms:title`.
        added: The triples that are put in, as Turtle with our prefixes and the data base; may be empty.
        names: The name by language, English too; only what pages show is in all of them.
    """

    name: str
    finds: tuple[str, ...]
    profile: str
    without: tuple[str, ...]
    added: str
    names: Mapping[str, str] = field(default_factory=dict)

    def graph(self, key: str = KEY) -> tuple[Quad, ...]:
        """The whole graph.

        Args:
            key: Another key for the project, so that several examples can be checked together.
        """
        source = asset_text(f"{_FOLDER}/{'reference' if self.profile == 'reference' else 'project'}.ttl")
        dropped = {_pair(text.replace(KEY, key)) for text in self.without}
        kept = (quad for quad in parse(source.replace(KEY, key), TURTLE) if _subject_and_property(quad) not in dropped)
        return (*kept, *parse(_HEADER + self.added.replace(KEY, key), TURTLE))


@cache
def load_examples() -> tuple[Example, ...]:
    """All examples, in the order of their file."""
    entries = tomllib.loads(asset_text(f"{_FOLDER}/examples.toml"))["example"]
    return tuple(
        Example(
            name=entry["name"],
            finds=tuple(entry["finds"]),
            profile=entry.get("profile", "published"),
            without=tuple(Template(text).substitute(_NAMES) for text in entry.get("drop", ())),
            added=Template(entry.get("add", "")).substitute(_NAMES | {"long": _LONG}),
            names={"en": entry["name"]} | {code: entry[code] for code in _TRANSLATED if code in entry},
        )
        for entry in entries
    )


def failing_examples() -> dict[str, Example]:
    """For each rule that has one, an example that only this rule has something against."""
    return {example.finds[0]: example for example in reversed(tuple(_of_one_rule()))}


def passing_example(rule: Rule) -> Example:
    """An example that its profile has nothing against: one that changes what the rule looks at, or the whole record."""
    failing = failing_examples()[rule.id]
    names = [shortened for iri in rule.subjects if (shortened := _prefixed(iri))]
    fine = [example for example in load_examples() if not example.finds and example.profile == failing.profile]
    near = (example for example in fine if any(name in f"{example.without} {example.added}" for name in names))
    return next(near, fine[0])


def _prefixed(iri: str) -> str:
    """The IRI as it is written in examples; empty where no prefix of ours fits."""
    fitting = (f"{name}:{iri.removeprefix(start)}" for name, start in _PREFIXES.items() if iri.startswith(start))
    return next(fitting, "")


def _of_one_rule() -> Iterator[Example]:
    return (example for example in load_examples() if len(set(example.finds)) == 1)


def _pair(text: str) -> tuple[str, str]:
    subject, predicate = text.split()
    prefix, name = predicate.split(":")
    return DEFAULT_BASE + subject[1:-1], _PREFIXES[prefix] + name


def _subject_and_property(quad: Quad) -> tuple[str, str]:
    return (quad.subject.value if isinstance(quad.subject, NamedNode) else ""), quad.predicate.value
