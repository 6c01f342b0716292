"""The index of a release is made of the dataset's lines, and reads back as what they say."""

import gzip
from collections.abc import Callable
from dataclasses import astuple
from decimal import Decimal
from pathlib import Path

import pytest

from iomld.formats import rdf
from iomld.iris import Iris
from iomld.model import Money
from iomld.release.project_index import INDEX_HEAD, ProjectEntry, Title, index_lines, read_index

IRIS = Iris("https://example.org/data/")
_PREFIXES = """
@prefix iomld: <https://w3id.org/iomld/ns#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@base <https://example.org/data/> .
"""
_FULL = r"""
<id/project/T.1> a iomld:Project ; dcterms:title "Ein\nTitel\u2028 \"Ü\" \\"@de, "A Title"@en ;
  iomld:projectCode "T.1" ; iomld:startYear "2017"^^xsd:gYear ; iomld:budgetUSD 100000.50 ;
  iomld:benefitingCountry <id/country/ZA>, <id/country/NA>, <https://example.com/elsewhere> ;
  iomld:mentionsFramework <scheme/framework/gcm> .
"""


def lines_of(**graphs: str) -> list[bytes]:
    """Sorted N-Quads lines of some Turtle, for each name of a graph."""
    found: list[bytes] = []
    for name, text in graphs.items():
        quads = rdf.in_graph(rdf.parse(_PREFIXES + text, rdf.TURTLE), IRIS.graph(name))
        found += rdf.serialize(quads, rdf.NQUADS).splitlines(keepends=True)
    return sorted(found)


def written(lines: list[bytes], path: Path, *more: list[bytes]) -> tuple[ProjectEntry, ...]:
    """The entries read back from an index of the lines of one or several shards."""
    found = b"".join(line for shard in (lines, *more) for line in index_lines(shard, IRIS))
    path.write_bytes(gzip.compress(INDEX_HEAD + found, mtime=0))
    entries = read_index(path, IRIS)
    assert entries is not None
    return entries


def test_an_entry_holds_what_lists_need(tmp_path: Path) -> None:
    """Titles with their signs, years, budget, codes of our own things, folded texts."""
    (entry,) = written(lines_of(a=_FULL), tmp_path / "index")
    assert (entry.key, entry.start_year, entry.end_year) == ("T.1", 2017, None)
    assert entry.budget == Money(Decimal("100000.50"), "USD")
    assert entry.titles == (Title("A Title", "en"), Title('Ein\nTitel\u2028 "Ü" \\', "de"))
    assert (entry.codes["country"], entry.codes["framework"], entry.codes["region"]) == (("NA", "ZA"), ("gcm",), ())
    assert (entry.searched.codes, entry.searched.titles.split("\n")[0]) == ("t.1", "a title")


def test_a_budget_has_its_currency(tmp_path: Path) -> None:
    """The amount and currency are those of the budget node, whatever other projects stand between the two."""
    text = "".join(
        f'<id/project/{key}> a iomld:Project ; iomld:projectCode "{key}" ; iomld:budget <id/project/{key}#budget> .'
        f'<id/project/{key}#budget> <https://schema.org/value> {amount} ; <https://schema.org/currency> "{currency}" .'
        for key, amount, currency in (("T.1", "5.5", "EUR"), ("T.10", "7.0", "USD"), ("T.1-2", "9.0", "CHF"))
    )
    budgets = {entry.key: entry.budget for entry in written(lines_of(a=text), tmp_path / "index")}
    assert budgets == {
        "T.1": Money(Decimal("5.5"), "EUR"),
        "T.10": Money(Decimal("7.0"), "USD"),
        "T.1-2": Money(Decimal("9.0"), "CHF"),
    }


def test_what_two_graphs_say_counts_once(tmp_path: Path) -> None:
    """The same statement in two graphs changes nothing; what only one of them says joins."""
    more = '<id/project/T.1> a iomld:Project ; iomld:projectCode "T.1" ; iomld:endYear "2019"^^xsd:gYear .'
    (entry,) = written(lines_of(a=_FULL, b=more), tmp_path / "index")
    assert (entry.searched.codes, entry.end_year) == ("t.1", 2019)


@pytest.mark.parametrize("typed", ["a iomld:Project ;", ""], ids=["typed", "untyped"])
def test_what_another_shard_says_joins(typed: str, tmp_path: Path) -> None:
    """A graph in another shard can add values to a project, with its class or without; by itself it is none."""
    more = lines_of(b=f'<id/project/T.1> {typed} dcterms:title "Titre"@fr ; iomld:endYear "2019"^^xsd:gYear .')
    (entry,) = written(lines_of(a=_FULL), tmp_path / "index", more)
    assert [title.language for title in entry.titles] == ["en", "de", "fr"]
    assert (entry.start_year, entry.end_year, entry.codes["country"]) == (2017, 2019, ("NA", "ZA"))
    assert entry.searched.titles.count("titre") == 1
    assert bool(written(more, tmp_path / "alone")) == bool(typed)


def test_projects_alone_are_listed_by_their_addresses(tmp_path: Path) -> None:
    """Resources other than projects are omitted; a code that begins like another comes after it."""
    text = "".join(f'<id/project/{key}> a iomld:Project ; iomld:projectCode "{key}" .' for key in ("T.10", "T.1", "T"))
    text += '<id/project/T.2> dcterms:title "Nothing of a type"@en . <id/project/T.3> a iomld:Project .'
    entries = written(lines_of(a=text), tmp_path / "index")
    assert [entry.key for entry in entries] == ["T", "T.1", "T.10"]
    assert written([], tmp_path / "empty") == ()


def test_the_same_lines_give_the_same_bytes(tmp_path: Path) -> None:
    """Neither the name of the file nor the time is in it."""
    files = [tmp_path / "1", tmp_path / "2"]
    one, other = ([astuple(entry) for entry in written(lines_of(a=_FULL), file)] for file in files)
    assert one == other
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-9],
        lambda _: b"",
        lambda _: b"no gzip",
        lambda _: gzip.compress(b""),
        lambda data: gzip.compress(gzip.decompress(data).replace(b'"version":3', b'"version":1')),
        lambda data: gzip.compress(gzip.decompress(data).replace(b'"country":', b'"land":')),
        lambda data: gzip.compress(gzip.decompress(data).replace(b'"100000.50"', b'"much"')),
        lambda data: gzip.compress(gzip.decompress(data)[:-9]),
    ],
    ids=["cut", "empty", "other", "nothing", "version", "keys", "budget", "json"],
)
def test_an_index_that_cannot_be_read_is_none(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """A damaged file, or one of another version, is as if it were not there."""
    path = tmp_path / "index"
    assert read_index(path, IRIS) is None
    written(lines_of(a=_FULL), path)
    path.write_bytes(damage(path.read_bytes()))
    assert read_index(path, IRIS) is None
