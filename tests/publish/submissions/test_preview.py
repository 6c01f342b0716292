"""The preview of a submission: what would change, what would vanish, what is refused, and what it is bound to."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.amount import amount
from tests.inbox.made import NOW
from tests.publish.submissions.made import Desk, Json, content

from iomld.errors import SourceError
from iomld.inbox.submissions import MergeMode, SubmittedBody
from iomld.pipeline.stages import Pipeline
from iomld.publish.runs import PublishingSettings
from iomld.publish.submissions.patch import merge_patch
from iomld.publish.submissions.preview import patch_rows
from iomld.publish.withdraw import Withdrawal, withdraw_projects


def replaced(*records: Json) -> SubmittedBody:
    """A submission of whole records."""
    return SubmittedBody(json.dumps(records).encode())


def patch(**values: object) -> SubmittedBody:
    """A patch of PO.0105."""
    return SubmittedBody(json.dumps({"projectCode": "PO.0105", **values}).encode(), MergeMode.PATCH)


def changes(desk: Desk, body: SubmittedBody) -> dict[str, Any]:
    """The fields of PO.0105 that would change, with old and new values."""
    preview = desk.preview(body)
    assert preview.conforms, content(preview)["refused"]
    return {
        one["field"]: (one["before"], one["after"])
        for project in content(preview)["projects"]
        for one in project["fields"]
    }


def test_old_and_new_values(desk: Desk, records: dict[str, Json]) -> None:
    """A changed amount is shown with both values, and its triples are in the patch; nothing else changes."""
    preview = desk.preview(replaced(records["PO.0105"] | {"budgetUSD": "120000"}))
    (project,) = content(preview)["projects"]
    assert (project["project"], project["change"], project["removes"]) == ("PO.0105", "changed", [])
    assert [(one["field"], one["before"], one["after"]) for one in project["fields"]] == [
        ("budget", ["100000 USD"], ["120000 USD"])
    ]
    rows = patch_rows(content(preview), "https://example.org/p").decode()
    assert rows.startswith("H id <https://example.org/p> .\nTX .\nD ")
    assert rows.endswith("TC .\n")
    assert rows.count("budgetUSD> ") == 2


def test_values_that_would_vanish_are_named(desk: Desk, records: dict[str, Json]) -> None:
    """A text and a value of a list that are left out are named one by one; a value that is replaced is not."""
    desk.publish(records["PO.0105"] | {"coverage": "regional", "benefitingMemberStates": ["CN", "NA"]})
    whole = {key: value for key, value in records["PO.0105"].items() if key not in {"abstract", "mentions"}}
    (project,) = content(desk.preview(replaced(whole | {"budgetUSD": "1000"})))["projects"]
    assert project["removes"] == ["PO.0105/abstract.en", "PO.0105/benefitingMemberStates/NA"]
    assert project["mentions"]["gained"] == []
    assert project["mentions"]["lost"]


def test_the_address_of_a_source_vanishes_only_confirmed(desk: Desk, records: dict[str, Json]) -> None:
    """Whole records that do not state it would remove it; patches, and records that state it, keep it."""
    record = records["PO.0105"] | {"budgetUSD": "7"}
    address = record["source"]["url"]
    (project,) = content(desk.preview(replaced({key: record[key] for key in record if key != "source"})))["projects"]
    assert {"field": "sources", "before": [address], "after": [], "lost": True} in project["fields"]
    assert project["removes"] == [f"PO.0105/sources/{address}"]
    assert "sources" not in changes(desk, patch(budgetUSD=7))
    assert "sources" not in changes(desk, replaced(record))


def test_a_patch_keeps_what_it_does_not_name(desk: Desk) -> None:
    """One value, one text in another language, and a value that is removed by null."""
    assert changes(desk, patch(budgetUSD=120000)) == {"budget": (["100000 USD"], ["120000 USD"])}
    assert changes(desk, patch(title={"fr": "Un titre"})) == {"title.fr": ([], ["Un titre"])}
    removed = content(desk.preview(patch(abstract=None)))["projects"][0]
    assert removed["removes"] == ["PO.0105/abstract.en"]


def test_a_patch_without_a_change_changes_nothing(desk: Desk) -> None:
    """The published record, made of itself, is the same."""
    assert content(desk.preview(patch()))["projects"] == []


def test_a_patch_of_a_text_keeps_the_mentions_of_others(desk: Desk, records: dict[str, Json]) -> None:
    """The mentions of the text are found again; those that are not in it any more are lost."""
    lost = content(desk.preview(patch(abstract={"en": "Nothing is named."})))["projects"][0]["mentions"]
    kept = content(desk.preview(patch(title={"en": "Another title"})))["projects"][0]["mentions"]
    fields = {one.get("field", "narrative") for one in records["PO.0105"]["mentions"]}
    assert (lost["lost"] == []) is ("abstract" not in fields)
    assert kept == {"gained": [], "lost": []}


def test_a_misspelt_key_of_a_patch(desk: Desk) -> None:
    """It is a new finding at its line in what was sent, whether anything else changes or not."""
    for others in ({}, {"budgetUSD": 7}):
        record = {"projectCode": "PO.0105", "titel": {"en": "Another title"}, **others}
        shown = content(desk.preview(SubmittedBody(json.dumps(record).encode(), MergeMode.PATCH)))
        found = [*shown["findings"], *(one for project in shown["projects"] for one in project["findings"])]
        new = {one["rule"]: one["line"] for one in found if one["isNew"]}
        assert (new.pop("unknownKey"), others or new) == (1, others)
        assert shown["unchanged"] == (0 if others else 1)


def test_the_places_of_faults_in_patches(desk: Desk) -> None:
    """A refused value has its line in what was sent."""
    body = SubmittedBody(b'{"projectCode": "PO.0105",\n"status": "nowhere"}', MergeMode.PATCH)
    (refused,) = content(desk.preview(body))["refused"]
    assert [(one["field"], one["line"]) for one in refused["reasons"]] == [("status", 2)]


def test_a_patch_of_a_project_that_is_not_published(desk: Desk) -> None:
    """A mistyped code is the first thing said, at its line, before what the new project would lack."""
    (refused,) = content(desk.preview(SubmittedBody(b'{"projectCode":\n"PO.0150", "budgetUSD": 5}', MergeMode.PATCH)))[
        "refused"
    ]
    first = refused["reasons"][0]
    assert (first["rule"], first["line"]) == ("unpublishedProject", 2)
    assert "No project PO.0150 is published" in first["message"]


def test_a_patch_needs_no_address(desk: Desk) -> None:
    """The project keeps its sources, so that nothing is missing."""
    (project,) = content(desk.preview(patch(title={"en": "Another title"})))["projects"]
    assert "snapshotSource" not in {one["rule"] for one in project["findings"]}


def test_the_unknown_column_of_a_refused_table(desk: Desk) -> None:
    """What a refused project lacks may stand in a column that was not read, so that is said too, at its cell."""
    table = b"projectCode,title,benefitingState\nPO.9001,A new project,CN\n"
    (refused,) = content(desk.preview(SubmittedBody(table, MergeMode.REPLACE)))["refused"]
    assert "benef" in {one["rule"] for one in refused["reasons"]}
    assert {one["severity"] for one in refused["reasons"]} == {"Violation"}
    assert [one["cell"] for one in refused["findings"] if one["rule"] == "unknownColumn"] == ["C1"]


def test_a_withdrawn_project_comes_back(desk: Desk, records: dict[str, Json]) -> None:
    """The preview says when and why it was withdrawn, and is bound to that."""
    body = replaced(records["CE.0134"])
    before = desk.preview(body).tag
    withdraw_projects(
        Withdrawal(
            ["CE.0134"],
            "It was a duplicate.",
            None,
            PublishingSettings(desk.datadir, "https://example.org/l", "", "", "", clock=lambda: NOW),
        )
    )
    preview = desk.preview(body)
    (project,) = content(preview)["projects"]
    assert (project["change"], project["withdrawn"]["reason"]) == ("added", "It was a duplicate.")
    assert project["withdrawn"]["at"].startswith("20")
    assert preview.tag != before
    desk.publish(records["CE.0134"] | {"budgetUSD": "7"})
    (project,) = content(desk.preview(body))["projects"]
    assert (project["change"], project["withdrawn"]) == ("changed", None)


def test_patches_of_several_records_and_lines(desk: Desk) -> None:
    """A list and JSON Lines are the same, and a record may be patched twice."""
    parts = [{"projectCode": "PO.0105", "budgetUSD": 1}, {"projectCode": "CE.0134", "budgetUSD": 2}]
    parts.append({"projectCode": "PO.0105", "budgetUSD": 3000})
    lines = "\n".join(map(json.dumps, parts)).encode()
    found = [
        content(desk.preview(SubmittedBody(data, MergeMode.PATCH)))["projects"]
        for data in (lines, json.dumps(parts).encode())
    ]
    assert [[one["fields"] for one in each] for each in found] == [[one["fields"] for one in found[0]]] * 2
    assert found[0][0]["fields"][0]["after"] == ["3000 USD"]


@pytest.mark.parametrize("data", [b"", b"projectCode,title\nPO.0105,x\n", b"\xff\xfe", b"[1]", b"3", b"[" * 100_000])
def test_what_is_no_patch(desk: Desk, data: bytes) -> None:
    """It is refused in a sentence, whatever was sent."""
    with pytest.raises(SourceError):
        desk.preview(SubmittedBody(data, MergeMode.PATCH))


def test_faults_are_reported_by_project(desk: Desk, records: dict[str, Json]) -> None:
    """One faulty record makes the submission invalid; the reasons have field, value and what to do."""
    body = replaced(records["PO.0105"] | {"budgetUSD": "1"}, records["CE.0134"] | {"status": "nowhere"})
    preview = desk.preview(body)
    assert not preview.conforms
    (refused,) = content(preview)["refused"]
    assert refused["name"] == "CE.0134"
    assert [(one["field"], one["value"]) for one in refused["reasons"]] == [("status", "nowhere")]


def test_another_project_keeps_its_identifier(desk: Desk, records: dict[str, Json]) -> None:
    """A PRIMA identifier that is published for another project is a fault, as in a publication."""
    (refused,) = content(desk.preview(replaced(records["CE.0134"] | {"primaId": "CN10P0002"})))["refused"]
    assert [one["rule"] for one in refused["reasons"]] == ["primaUnique"]


def test_nothing_in_it(desk: Desk) -> None:
    """A file without records cannot be submitted."""
    with pytest.raises(SourceError, match="no record"):
        desk.preview(SubmittedBody(b"[]"))


def test_a_preview_is_bound_to_the_graphs_that_it_touches(desk: Desk, records: dict[str, Json]) -> None:
    """Publishing another project leaves it valid; the same project, another body and another mode do not."""
    body = replaced(records["PO.0105"] | {"budgetUSD": "120000"})
    tag = desk.preview(body).tag
    desk.publish(records["CE.0134"] | {"budgetUSD": "1"})
    assert desk.preview(body).tag == tag
    assert desk.preview(SubmittedBody(body.data, MergeMode.PATCH)).tag != tag
    assert desk.preview(replaced(records["PO.0105"])).tag != tag
    desk.publish(records["PO.0105"] | {"budgetUSD": "5"})
    assert desk.preview(body).tag != tag


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


_BODIES = st.binary(max_size=40) | st.builds(
    lambda value, code: json.dumps({"projectCode": code, "title": value} if code else value).encode(),
    _JSON,
    st.sampled_from(["", "PO.0105"]) | st.text(max_size=3) | _JSON,
)


@given(_JSON, _JSON)
def test_merge_patch_keeps_the_rules_of_the_standard(target: object, change: object) -> None:
    """Applying it again changes nothing more; what is no object replaces; null removes (RFC 7396)."""
    merged = merge_patch(target, change)
    assert merge_patch(merged, change) == merged
    if not isinstance(change, dict):
        assert merged == change
        return
    assert not {key for key, value in change.items() if value is None} & merged.keys()
    if isinstance(target, dict):
        assert all(merged[key] == value for key, value in target.items() if key not in change)


@settings(max_examples=amount(15))
@given(_BODIES, st.sampled_from(MergeMode))
@example(b'{"projectCode": "PO.0105", "budgetUSD": ' + b"9" * 5000 + b"}", MergeMode.PATCH)
@example(b'{"projectCode": "\\ud800"}', MergeMode.PATCH)
@example(b'{"projectCode": "PO.0105", "title": {"en": "\\ud800"}}', MergeMode.PATCH)
@example(b'{"projectCode": {"a": 1}, "primaId": [2]}', MergeMode.PATCH)
def test_hostile_bodies(hostile_desk: Desk, data: bytes, mode: MergeMode) -> None:
    """Any bytes give a preview or a sentence."""
    with suppress(SourceError):
        preview = hostile_desk.preview(SubmittedBody(data, mode))
        assert json.loads(preview.content)


@pytest.fixture(scope="module")
def hostile_desk(tmp_path_factory: pytest.TempPathFactory, pipeline: Pipeline) -> Desk:
    """A folder in which nothing is published."""
    return Desk(tmp_path_factory.mktemp("hostile"), pipeline, None)  # type: ignore[arg-type]  # no inbox is needed
