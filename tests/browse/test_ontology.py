"""Terms of the ontology as a page shows them: figures, examples and rules."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import PROJECT_COUNT

from iomld import release
from iomld.browse.ontology import TermEntry, rules_by_term, term_entries
from iomld.browse.view import ReleaseView, open_view
from iomld.iris import IOMLD
from iomld.validate import all_rules
from iomld.web.pages.render import ontology_html


@pytest.fixture(scope="module")
def view(datadir: Path) -> ReleaseView:
    """The bundled records."""
    current = release.current_release(datadir)
    assert current is not None
    return open_view(current)


@pytest.fixture(scope="module")
def entries(view: ReleaseView) -> dict[str, TermEntry]:
    """The terms by name."""
    return {entry.term.name: entry for entry in term_entries(view)}


def test_each_count_is_what_its_query_gives(view: ReleaseView, entries: dict[str, TermEntry]) -> None:
    """The figure of a term, from the description of the release or from its history, is the answer of its query."""
    counted = {name: int(next(view.reader.select(entry.query))["count"].value) for name, entry in entries.items()}
    assert counted == {name: entry.count for name, entry in entries.items()}
    assert counted["Project"] == PROJECT_COUNT
    assert counted["alignsWithFramework"] == 0
    assert counted["suppliedProperty"] > 0  # in the history alone


def test_a_page_does_not_wait_for_counts_of_a_large_history(view: ReleaseView, entries: dict[str, TermEntry]) -> None:
    """In a large release, terms of the history have no figure instead of one that leaves the history out."""
    manifest = replace(view.release.manifest, quads=10_000_000)
    large = replace(view, release=replace(view.release, manifest=manifest))
    counts = {entry.term.name: entry.count for entry in term_entries(large)}
    assert counts["suppliedProperty"] is None
    assert counts["Project"] == entries["Project"].count
    assert b">Count with a query</a>" in ontology_html(large)


def test_each_example_is_a_statement_of_the_release(view: ReleaseView, entries: dict[str, TermEntry]) -> None:
    """Each term in use has an example that is there; a term without use has none."""
    for name, entry in entries.items():
        assert (name, entry.example is not None) == (name, bool(entry.count))
        if entry.example:
            is_class = entry.term.kind == "Class"
            about = view.reader.about(entry.example.subject)
            used = [quad for quad in about if (quad.object if is_class else quad.predicate).value == entry.term.iri]
            values = {getattr(quad.object, "value", "") for quad in used}
            assert any(value.startswith(entry.example.value.removesuffix(" …")) for value in values), name


def test_examples_are_of_one_record_where_it_has_them(entries: dict[str, TermEntry]) -> None:
    """What the shown project has is shown of it."""
    subjects = {entries[name].example.subject for name in ("Project", "budgetUSD", "status", "budget")}  # type: ignore[union-attr]  # in use
    assert {subject.rpartition("/")[2] for subject in subjects} == {"PO.0105"}


def test_rules_bear_on_their_property_and_on_the_class(entries: dict[str, TermEntry]) -> None:
    """A rule applies to the property that it checks, to its target class, and to the class that it requires."""
    rules = {name: {rule.id for rule in entry.rules} for name, entry in entries.items()}
    assert "status" in rules["status"]
    assert {"status", "title"} <= rules["Project"]
    assert "mentionBody" in rules["PolicyFramework"]
    assert {rule.id for rule in all_rules()} >= set().union(*rules.values())
    assert {rule.id for rule in rules_by_term()[f"{IOMLD}budgetUSD"]} == rules["budgetUSD"]


def test_terms_hang_together(entries: dict[str, TermEntry]) -> None:
    """Links from a property to its class and its superproperty also exist in reverse."""
    terms = {name: entry.term for name, entry in entries.items()}
    assert f"{IOMLD}benefitingMemberState" in terms["benefitingCountry"].narrower
    assert f"{IOMLD}budgetUSD" in terms["Project"].properties
    assert f"{IOMLD}aboutProject" in terms["Project"].pointers
    assert "https://schema.org/Project" in terms["Project"].near
    assert all(set(term.labels) == {"en", "fr", "es"} for term in terms.values())


def test_entries_are_made_once(view: ReleaseView) -> None:
    """A view gives the same entries each time; those of a closed release are not cached."""
    assert term_entries(view) is term_entries(view)
