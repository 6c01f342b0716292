"""The index of a release is made of the dataset's lines, and reads back as what they say."""

from decimal import Decimal

import pytest

from iomld.formats import rdf
from iomld.iris import Iris
from iomld.model import Money
from iomld.release.project_index import IndexedProject, Title, index_lines, read_index_line

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


def written(lines: list[bytes], *more: list[bytes]) -> list[IndexedProject]:
    """The projects read back from the index of the lines of one or several shards, those of one project together."""
    found: dict[str, IndexedProject] = {}
    for line in (line for shard in (lines, *more) for line in index_lines(shard, IRIS)):
        project = read_index_line(line, IRIS)
        known = found.get(project.entry.iri)
        found[project.entry.iri] = known.with_other(project) if known else project
    return [found[iri] for iri in sorted(found) if found[iri].is_project]


def test_an_entry_holds_what_lists_need() -> None:
    """Titles with their signs, years, budget, codes of our own things, folded texts."""
    (project,) = written(lines_of(a=_FULL))
    entry = project.entry
    assert (entry.key, entry.start_year, entry.end_year) == ("T.1", 2017, None)
    assert entry.budget == Money(Decimal("100000.50"), "USD")
    assert entry.titles == (Title("A Title", "en"), Title('Ein\nTitel\u2028 "Ü" \\', "de"))
    assert (entry.codes["country"], entry.codes["framework"], entry.codes["region"]) == (("NA", "ZA"), ("gcm",), ())
    assert (project.searched.codes, project.searched.titles) == (("t.1",), ("a", "ein", "titel", "title", "u"))


def test_a_budget_has_its_currency() -> None:
    """The amount and currency are those of the budget node, whatever other projects stand between the two."""
    text = "".join(
        f'<id/project/{key}> a iomld:Project ; iomld:projectCode "{key}" ; iomld:budget <id/project/{key}#budget> .'
        f'<id/project/{key}#budget> <https://schema.org/value> {amount} ; <https://schema.org/currency> "{currency}" .'
        for key, amount, currency in (("T.1", "5.5", "EUR"), ("T.10", "7.0", "USD"), ("T.1-2", "9.0", "CHF"))
    )
    budgets = {project.entry.key: project.entry.budget for project in written(lines_of(a=text))}
    assert budgets == {
        "T.1": Money(Decimal("5.5"), "EUR"),
        "T.10": Money(Decimal("7.0"), "USD"),
        "T.1-2": Money(Decimal("9.0"), "CHF"),
    }


def test_what_two_graphs_say_counts_once() -> None:
    """The same statement in two graphs changes nothing; what only one of them says joins."""
    more = '<id/project/T.1> a iomld:Project ; iomld:projectCode "T.1" ; iomld:endYear "2019"^^xsd:gYear .'
    (project,) = written(lines_of(a=_FULL, b=more))
    assert (project.searched.codes, project.entry.end_year) == (("t.1",), 2019)


@pytest.mark.parametrize("typed", ["a iomld:Project ;", ""], ids=["typed", "untyped"])
def test_what_another_shard_says_joins(typed: str) -> None:
    """A graph in another shard can add values to a project, with its class or without; by itself it is none."""
    more = lines_of(b=f'<id/project/T.1> {typed} dcterms:title "Titre"@fr ; iomld:endYear "2019"^^xsd:gYear .')
    (project,) = written(lines_of(a=_FULL), more)
    entry = project.entry
    assert [title.language for title in entry.titles] == ["en", "de", "fr"]
    assert (entry.start_year, entry.end_year, entry.codes["country"]) == (2017, 2019, ("NA", "ZA"))
    assert project.searched.titles.count("titre") == 1
    assert bool(written(more)) == bool(typed)


def test_projects_alone_are_listed_by_their_addresses() -> None:
    """Resources other than projects are omitted; a code that begins like another comes after it."""
    text = "".join(f'<id/project/{key}> a iomld:Project ; iomld:projectCode "{key}" .' for key in ("T.10", "T.1", "T"))
    text += '<id/project/T.2> dcterms:title "Nothing of a type"@en . <id/project/T.3> a iomld:Project .'
    assert [project.entry.key for project in written(lines_of(a=text))] == ["T", "T.1", "T.10"]
    assert written([]) == []
