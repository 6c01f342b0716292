"""The publication of accepted submissions: once each, never unseen, with a receipt that leads to the revisions."""

import gzip
import hashlib
import json

import pytest
from tests.inbox.made import LIMITS, written_bytes
from tests.publish.submissions.made import Desk, Json, content

from iomld import release
from iomld.errors import SourceError
from iomld.inbox.inbox import NewSubmission
from iomld.inbox.receipts import chain_faults
from iomld.inbox.submissions import MergeMode, SubmissionState, SubmittedBody
from iomld.pipeline.stages import Pipeline
from iomld.publish.submissions import work
from iomld.release import FILES

S = SubmissionState


def budget(records: dict[str, Json], code: str, amount: int) -> Json:
    """A record with another amount."""
    return records[code] | {"budgetUSD": str(amount)}


def last_facts(desk: Desk, id_: str) -> Json:
    """What the newest entry of a receipt says."""
    return desk.inbox.receipt(id_)[-1].values()


def test_two_submissions_are_published_in_one_release(desk: Desk, records: dict[str, Json]) -> None:
    """Their receipts name the release and the revisions; the manifest names them, and the hash of their acceptance."""
    one, two = desk.submit(budget(records, "PO.0105", 1)), desk.submit(budget(records, "CE.0134", 2))
    for each in (one, two):
        desk.accept(each)
    before = release.release_names(desk.datadir)
    report = desk.work()
    (made,) = set(release.release_names(desk.datadir)) - set(before)
    assert report.published == {one.id: made, two.id: made}
    assert last_facts(desk, one.id)["release"] == made
    assert last_facts(desk, one.id)["revisions"] == ["https://w3id.org/iomld/doc/project/PO.0105/rev/2"]
    manifest = release.open_release(desk.datadir, made).manifest
    accepted = {each.id: desk.inbox.receipt(each.id)[-2].sha256 for each in (one, two)}
    assert manifest.submissions == accepted
    assert list(chain_faults(desk.inbox.entries())) == []


def test_the_provenance_names_the_submission_and_no_person(desk: Desk, records: dict[str, Json]) -> None:
    """The revision was influenced by the submission, which leads to its receipt; token and body are in no file."""
    one = desk.submit(budget(records, "PO.0105", 1))
    desk.accept(one)
    desk.work()
    current = release.current_release(desk.datadir)
    assert current is not None
    history = gzip.decompress(current.file(FILES.history).read_bytes()).decode()
    node = f"<https://w3id.org/iomld/prov/submission/{one.id}>"
    revision = "<https://w3id.org/iomld/doc/project/PO.0105/rev/2>"
    assert f"{revision} <http://www.w3.org/ns/prov#wasInfluencedBy> {node}" in history
    assert (
        f"{node} <http://www.w3.org/2000/01/rdf-schema#seeAlso> <https://w3id.org/iomld/receipts/{one.id}>" in history
    )
    files = [path for path in desk.datadir.rglob("*") if path.is_file() and not path.name.startswith("inbox.sqlite")]
    assert not [path for path in files if b"sender" in path.read_bytes()]
    assert b"sender" in written_bytes(desk.datadir)


def test_a_change_between_acceptance_and_publication(desk: Desk, records: dict[str, Json]) -> None:
    """The submission is not published unseen, and not lost: it waits, with a new preview, to be accepted again."""
    one = desk.submit(budget(records, "PO.0105", 1))
    desk.accept(one)
    desk.publish(budget(records, "PO.0105", 77))
    assert desk.work().returned == [one.id]
    again = desk.inbox.submission(one.id)
    assert (again.state, again.tag != one.tag) == (S.PREVIEWED, True)
    assert json.loads(again.preview)["projects"][0]["fields"][0]["before"] == ["77 USD"]
    desk.accept(again)
    assert list(desk.work().published) == [one.id]


def test_a_publication_of_another_project_does_not_matter(desk: Desk, records: dict[str, Json]) -> None:
    """The acceptance holds."""
    one = desk.submit(budget(records, "PO.0105", 1))
    desk.accept(one)
    desk.publish(budget(records, "CE.0134", 77))
    assert list(desk.work().published) == [one.id]


def test_two_submissions_about_the_same_project(desk: Desk, records: dict[str, Json]) -> None:
    """The one accepted first is published; the other was accepted against other values, and must be seen again."""
    one, two = desk.submit(budget(records, "PO.0105", 1)), desk.submit(budget(records, "PO.0105", 2))
    desk.accept(two)
    desk.accept(one)
    report = desk.work()
    assert (list(report.published), report.returned) == ([two.id], [one.id])


def test_patches_of_two_people_are_both_published(desk: Desk) -> None:
    """Each about its own field; the second is seen again, and then keeps what the first changed."""
    one = desk.submit({"projectCode": "PO.0105", "budgetUSD": 1}, mode=MergeMode.PATCH)
    two = desk.submit({"projectCode": "PO.0105", "title": {"fr": "Un titre"}}, mode=MergeMode.PATCH)
    desk.accept(one)
    desk.accept(two)
    desk.work()
    desk.accept(desk.inbox.submission(two.id))
    assert list(desk.work().published) == [two.id]
    current = release.current_release(desk.datadir)
    assert current is not None
    lines = gzip.decompress(current.file(FILES.dataset).read_bytes())
    assert b'"Un titre"@fr' in lines
    assert b'project/PO.0105> <https://w3id.org/iomld/ns#budgetUSD> "1"' in lines


def test_values_that_are_published_already(desk: Desk, records: dict[str, Json]) -> None:
    """The submission is done without a new release."""
    one = desk.submit(records["PO.0105"])
    desk.accept(one)
    before = release.current_name(desk.datadir)
    assert desk.work().published == {one.id: ""}
    assert release.current_name(desk.datadir) == before
    assert last_facts(desk, one.id)["revisions"] == []


def test_a_crash_before_the_mark_publishes_nothing_twice(
    desk: Desk, records: dict[str, Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run finds the submission in the manifest, and only marks it, with its revisions."""
    one = desk.submit(budget(records, "PO.0105", 1))
    desk.accept(one)
    with monkeypatch.context() as patch:
        patch.setattr(work, "_mark", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            desk.work()
    assert desk.state(one) is S.ACCEPTED
    names = release.release_names(desk.datadir)
    desk.publish(budget(records, "PO.0105", 5))  # others may publish meanwhile
    assert list(desk.work().published.values()) == [names[-1]]
    assert len(release.release_names(desk.datadir)) == len(names) + 1
    assert last_facts(desk, one.id)["revisions"] == ["https://w3id.org/iomld/doc/project/PO.0105/rev/2"]


def test_what_a_new_version_cannot_read_keeps_nobody_waiting(
    desk: Desk, records: dict[str, Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is invalid, and the submissions after it are published."""
    one, two = desk.submit(budget(records, "PO.0105", 1)), desk.submit(budget(records, "CE.0134", 2))
    for each in (one, two):
        desk.accept(each)
    desk.publish(budget(records, "PO.0105", 77))

    def unreadable(*_: object) -> None:
        raise SourceError("It cannot be read.")

    monkeypatch.setattr(work, "preview_of", unreadable)
    report = desk.work()
    assert (report.refused, list(report.published)) == ([one.id], [two.id])


def test_submissions_with_mappings(desk: Desk, pipeline: Pipeline) -> None:
    """Each table is published with its own mapping, beside JSON without one."""
    table = "Code;Label;State;Kind;Reach;Area;From;To;Given;Sum;Where\nPO.9001;An example;completed;PO;national;africa;"
    table += "2018;2020;2017;1000;KE\n"
    ours = "projectCode title_en status projectType coverage region startYear endYear allocationYear budgetUSD "
    ours += "benefitingMemberStates"
    pairs = dict(zip(table.partition("\n")[0].split(";"), ours.split(), strict=True))
    body = SubmittedBody(table.encode(), mapping_name="m.json", mapping=json.dumps(pairs).encode())
    preview = desk.preview(body)
    assert preview.conforms, preview.content
    one = desk.inbox.add(NewSubmission("sender", body, preview), desk.now, LIMITS)[0]
    two = desk.submit({"projectCode": "PO.0105", "budgetUSD": 1}, mode=MergeMode.PATCH)
    for each in (one, two):
        desk.accept(each)
    assert set(desk.work().published) == {one.id, two.id}
    assert pipeline.publication.iris.record("PO.9001") in last_facts(desk, one.id)["revisions"][0]


def test_two_new_projects_with_one_identifier(desk: Desk, records: dict[str, Json]) -> None:
    """One is published, and the other says why it is not, in its preview and in its receipt."""
    new = {code: records["CE.0134"] | {"projectCode": code, "primaId": "XX10P0001"} for code in ("CE.9001", "CE.9002")}
    kept, refused = (desk.submit(record) for record in new.values())
    for each in (kept, refused):
        desk.accept(each)
    report = desk.work()
    assert (list(report.published), report.refused) == ([kept.id], [refused.id])
    shown = content(desk.inbox.submission(refused.id))
    assert not shown["conforms"]
    assert [one["rule"] for one in shown["refused"][0]["reasons"]] == ["primaUnique"]
    assert last_facts(desk, refused.id)["refused"] == ["CE.9002"]


def test_a_submission_is_published_whole_or_not_at_all(desk: Desk, records: dict[str, Json]) -> None:
    """One of its two projects has lost its identifier since the acceptance: the other one is not published either."""
    taken = {"primaId": "XX10P0001"}
    lost = records["CE.0134"] | taken | {"projectCode": "CE.9002"}
    both = desk.submit(budget(records, "PO.0105", 1), lost)
    other = desk.submit({"projectCode": "CE.0134", "budgetUSD": 2}, mode=MergeMode.PATCH)
    for each in (both, other):
        desk.accept(each)
    desk.publish(records["CE.0134"] | taken | {"projectCode": "CE.9001"})
    report = desk.work()
    assert (list(report.published), report.refused) == ([other.id], [both.id])
    current = release.current_release(desk.datadir)
    assert current is not None
    assert b'project/PO.0105> <https://w3id.org/iomld/ns#budgetUSD> "1"' not in gzip.decompress(
        current.file(FILES.dataset).read_bytes()
    )
    said = last_facts(desk, both.id)
    assert (said["event"], said["refused"]) == ("invalid", ["CE.9002"])
    assert both.id not in {id_ for name in release.release_names(desk.datadir) for id_ in _submissions(desk, name)}


def _submissions(desk: Desk, name: str) -> list[str]:
    """The submissions in a release."""
    return [*release.open_release(desk.datadir, name).manifest.submissions]


@pytest.mark.parametrize("mode", MergeMode)
@pytest.mark.parametrize("code", ["PO.0105", "PO.9001"])
def test_what_senders_say_of_sources_is_not_published(
    desk: Desk, records: dict[str, Json], mode: MergeMode, code: str
) -> None:
    """The source is what was sent, with its own hash, whether the record is new or replaces one."""
    said = {"file": "Ada-Lovelace.json", "sha256": "ab" * 32, "mediaType": "text/plain", "url": "https://example.org/x"}
    record = budget(records, "PO.0105", 1) | {"projectCode": code, "sources": [said]}
    del record["primaId"]
    one = desk.submit(record, mode=mode)
    desk.accept(one)
    assert list(desk.work().published) == [one.id]
    current = release.current_release(desk.datadir)
    assert current is not None
    lines = gzip.decompress(current.file(FILES.dataset).read_bytes()).decode()
    sent = json.dumps([record] if mode is MergeMode.PATCH else record).encode()  # a source of whole records is each
    assert hashlib.sha256(sent).hexdigest() in lines
    assert not [text for text in ("Lovelace", "ab" * 32, "example.org/x") if text in lines or text in str(one.preview)]


def test_old_submissions_expire(desk: Desk, records: dict[str, Json]) -> None:
    """Where nobody decides, the work lets them expire."""
    one = desk.submit(budget(records, "PO.0105", 1))
    desk.now = desk.now.replace(year=desk.now.year + 1)
    desk.work()
    assert desk.state(one) is S.EXPIRED
