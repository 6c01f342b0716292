"""Candidates for names in releases with namesakes, awkward codes and hostile titles."""

import pytest
from tests.browse import released
from tests.browse.released import AWKWARD, HOSTILE, make_release

from iomld.browse.reconciliation.candidates import find_candidates, suggest_entities
from iomld.browse.reconciliation.entities import EntityType, entity_by_id
from iomld.browse.reconciliation.queries import Condition, ReconciliationQuery
from iomld.browse.view import ReleaseView, open_view

NAMESAKES = 70  # more than are read
_RECORD = """a iomld:Project ; dcterms:title "{title}"@en ; iomld:projectCode "{code}" ;
  iomld:startYear "{year}"^^xsd:gYear ."""


def _record(code: str, title: str, year: int = 2001) -> str:
    return _RECORD.format(code=code, title=title, year=year)


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> ReleaseView:
    """A release with two projects of one title, many of another, and titles that differ in a number."""
    records = {"T.1": _record("T.1", "Two ports", 2001), "T.2": _record("T.2", "Two ports", 2002)}
    records |= {f"M.{number}": _record(f"M.{number}", "Many ports", 1900 + number) for number in range(NAMESAKES)}
    records |= {f"P.{number}": _record(f"P.{number}", f"A study of health, phase {number}") for number in range(40)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(released, "AWKWARD", AWKWARD | records)
        return open_view(make_release(tmp_path_factory.mktemp("release")))


def _found(view: ReleaseView, name: str, *conditions: Condition, limit: int = 25) -> list[tuple[str, float, bool]]:
    query = ReconciliationQuery((name,), ("project",), conditions, limit)
    return [(one.entity.code, one.score, one.is_match) for one in find_candidates(view, query)]


def test_only_a_condition_tells_namesakes_apart(view: ReleaseView) -> None:
    """Two projects with one title stay open; the year of one decides, and a year of neither does not."""
    assert _found(view, "two ports")[:2] == [("T.1", 100.0, False), ("T.2", 100.0, False)]
    assert _found(view, "two ports", Condition("startYear", ("2002",)))[0] == ("T.2", 100.0, True)
    assert not any(is_match for _, _, is_match in _found(view, "two ports", Condition("startYear", ("2009",))))


def test_more_namesakes_than_are_read_are_never_a_match(view: ReleaseView) -> None:
    """Even if only one of those that were read meets a condition, since another one may."""
    found = _found(view, "Many ports", Condition("startYear", ("1901",)))
    assert found
    assert not any(is_match for _, _, is_match in found)


def test_a_title_is_found_among_many_that_differ_in_a_number(view: ReleaseView) -> None:
    """All share the same words, and only one has the title."""
    for number in (0, 7, 39):
        assert _found(view, f"A STUDY of health – phase {number}")[0] == (f"P.{number}", 100.0, True)
    assert [is_match for _, _, is_match in _found(view, "A study of health, phase 40", limit=3)] == [False] * 3


def test_awkward_codes_are_identifiers(view: ReleaseView) -> None:
    """An identifier is the IRI without the base, percent-encoded as there."""
    for code in ("A/B %", "CODE.ttl", "prima-DZ10P0002", "XS.0001"):
        identifier = view.iris.project(code).removeprefix(view.iris.base)
        entity = entity_by_id(view, identifier)
        assert entity is not None
        assert (entity.code, entity.id(view.iris)) == (code, identifier)
        assert _found(view, identifier)[0] == (code, 100.0, True)
        assert suggest_entities(view, identifier, tuple(EntityType))[0] == entity
    assert _found(view, HOSTILE)[0] == ("XS.0001", 100.0, True)
    for unknown in ("", "id/", "id/project/", "id/project/A/B", "scheme/status/active", "https://example.org/"):
        assert entity_by_id(view, unknown) is None


def test_signs_alone_name_nothing(view: ReleaseView) -> None:
    """A name without letters and digits has no candidates."""
    assert _found(view, "– !?") == []
