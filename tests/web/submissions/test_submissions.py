"""Submissions over HTTP: the whole way, and each request that is refused, with nothing kept."""

import io
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conftest import Command
from tests.inbox.made import add_token, written_bytes
from tests.serving import Server, serve
from tests.web.submissions.offices import BUDGET, Json, Office, office

from iomld.inbox.inbox import Inbox
from iomld.inbox.submissions import SubmissionState
from iomld.inbox.tokens import AccessToken, TokenScope

pytestmark = pytest.mark.server


@pytest.fixture
def desk(folder: Path) -> Iterator[Office]:
    """A server of it."""
    with office(folder) as opened:
        yield opened


NEW: Json = {"projectCode": "PO.9009", "title": {"en": "A new project"}, "status": "active", "projectType": "PO"} | {
    "coverage": "national",
    "benefitingMemberStates": ["CN"],
    "startYear": 2020,
    "endYear": 2021,
    "budgetUSD": 100_000,
}


def kept(desk: Office) -> int:
    """How many submissions the inbox has."""
    return len(desk.inbox.submissions())


def test_the_whole_way(desk: Office, iomld: Command) -> None:
    """Send, mend, see the difference, accept, publish, and follow the receipt to the revision and back."""
    faulty = desk.submit(BUDGET | {"status": "nowhere"})
    assert (faulty.status_code, faulty.json()["state"]) == (201, "invalid")
    assert faulty.json()["preview"]["refused"][0]["reasons"][0]["field"] == "status"

    sent = desk.submit()
    shown = sent.json()
    assert (sent.status_code, sent.headers["location"]) == (201, f"/submissions/{shown['id']}")
    assert shown["preview"]["projects"][0]["fields"][0]["after"] == ["120000 USD"]
    with desk.client(desk.reviewer) as client:
        listed = client.get("/submissions", params={"state": "previewed"}).json()["submissions"]
        assert [one["id"] for one in listed] == [shown["id"]]
        patch = client.get(sent.headers["location"], headers={"Accept": "application/rdf-patch"}).text
        assert '\nA <https://w3id.org/iomld/id/project/PO.0105> <https://w3id.org/iomld/ns#budgetUSD> "120000"' in patch
        assert json.loads(client.get(f"{sent.headers['location']}/body").content) == BUDGET

    accepted = desk.accept(shown["id"], sent.headers["etag"])
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    assert iomld("work", "--once", "--to", desk.datadir).returncode == 0

    with httpx.Client(base_url=desk.address, timeout=60) as anybody:
        path = "/" + shown["receipt"].split("/", 4)[-1]
        receipt = anybody.get(path).json()
        assert [one["event"] for one in receipt["entries"]] == ["received", "previewed", "accepted", "published"]
        (revision,) = receipt["entries"][-1]["revisions"]
        assert revision == "https://w3id.org/iomld/doc/project/PO.0105/rev/2"
        turtle = anybody.get(path, headers={"Accept": "text/turtle"}).text
        assert r"PO.0105\/rev\/2" in turtle
        assert {shown["sha256"], receipt["entries"][2]["at"]} <= set(turtle.split('"'))
        assert f"shapes {receipt['entries'][0]['versions']['shapes']}" in turtle
    with serve(desk.datadir) as later:
        about = httpx.get(f"{later.address}/doc/project/PO.0105/rev/2?about=1", headers={"Accept": "text/turtle"}).text
        assert f"prov/submission/{shown['id']}" in about
        activity = httpx.get(f"{later.address}/prov/submission/{shown['id']}", headers={"Accept": "text/turtle"}).text
        assert shown["receipt"] in activity


def test_a_dry_run_needs_no_token_and_keeps_nothing(desk: Office) -> None:
    """The preview is the same as that of a submission."""
    with desk.client() as client:
        answer = client.post("/submissions", params={"mode": "patch", "dry_run": "1"}, json=BUDGET)
    assert answer.status_code == 200
    assert answer.json()["projects"][0]["project"] == "PO.0105"
    assert kept(desk) == 0
    assert answer.json() == desk.submit().json()["preview"]


FAULTY = BUDGET | {"status": "nowhere", "startYear": "soon"}


def reasons(preview: Json) -> list[tuple[str, str]]:
    """What is wrong and what to do, in a preview with one refused project."""
    assert "sentences" not in json.dumps(preview)
    return [(one["message"], one["fix"]) for one in preview["refused"][0]["reasons"]]


def test_findings_are_in_the_language_of_the_reader(desk: Office) -> None:
    """By `?lang=`, else by Accept-Language, as POST /validate has them; the inbox keeps them for all languages."""
    sent = desk.submit(FAULTY)
    path = sent.headers["location"]
    with desk.client(desk.sender) as client:
        shown = {
            language: client.get(path, params={"lang": language}, headers={"Accept-Language": "es"})
            for language in ("en", "fr", "es")
        }
        for language, answer in shown.items():
            assert answer.headers["content-language"] == language
            assert "Accept-Language" in answer.headers["vary"]
            asked = {"Accept-Language": language}
            assert client.get(path, headers=asked).json() == answer.json()
            dry = client.post("/submissions", params={"mode": "patch", "dry_run": 1}, json=FAULTY, headers=asked)
            assert reasons(dry.json()) == reasons(answer.json()["preview"])
        assert reasons(sent.json()["preview"]) == reasons(shown["en"].json()["preview"])
        assert len({str(reasons(answer.json()["preview"])) for answer in shown.values()}) == 3
        report = client.post("/validate", params={"format": "json", "lang": "fr"}, json=FAULTY).json()
        checked = {(one["message"], one["fix"]) for one in report["results"]}
        assert set(reasons(shown["fr"].json()["preview"])) & checked
        for answer in (client.get(path, params={"lang": "xx"}), client.post("/submissions?lang=xx", json=BUDGET)):
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "language")
    assert kept(desk) == 1


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic dXNlcjpwYXNz", "Bearer iomld_000000000000_x"])
def test_without_a_valid_token(desk: Office, header: str) -> None:
    """401 with a challenge, in whatever way the header is wrong."""
    with desk.client() as client:
        headers = {"Authorization": header} if header else {}
        for answer in (client.post("/submissions", json=BUDGET, headers=headers), client.get("/submissions")):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
    assert kept(desk) == 0


def test_a_token_is_for_its_scope(desk: Office) -> None:
    """A sender cannot review, a reviewer cannot send, and neither sees more than the scope allows."""
    id_ = desk.submit().json()["id"]
    with desk.client(desk.sender) as sender, desk.client(desk.reviewer) as reviewer:
        assert sender.get("/submissions").status_code == 403
        assert sender.post(f"/submissions/{id_}/accept", headers={"If-Match": '"x"'}).status_code == 403
        assert sender.post(f"/submissions/{id_}/reject", json={"reason": "x"}).status_code == 403
        assert reviewer.post("/submissions", json=BUDGET).status_code == 403
        assert reviewer.post(f"/submissions/{id_}/cancel").status_code == 403
    _, other = add_token(desk.inbox, TokenScope.SUBMIT, now=datetime.now(UTC))
    with desk.client(other) as stranger:
        assert [stranger.get(f"/submissions/{id_}{part}").status_code for part in ("", "/body")] == [404, 404]
        assert stranger.post(f"/submissions/{id_}/cancel").status_code == 404
    assert kept(desk) == 1


def test_nobody_accepts_what_they_sent(desk: Office) -> None:
    """Unless the operator allowed it when the token was made."""
    now = datetime.now(UTC)
    token, text = add_token(desk.inbox, TokenScope.SUBMIT, TokenScope.REVIEW, now=now)
    with desk.client(text) as client:
        sent = client.post("/submissions", params={"mode": "patch"}, json=BUDGET)
        path, tag = sent.headers["location"], {"If-Match": sent.headers["etag"]}
        assert client.post(f"{path}/accept", headers=tag).status_code == 403
        _allow_self(desk.inbox, token)
        assert client.post(f"{path}/accept", headers=tag).status_code == 200


def _allow_self(inbox: Inbox, token: AccessToken) -> None:
    assert not replace(token, allows_self=False).allows_self
    with inbox._database.transaction() as database:
        database.execute("UPDATE token SET allows_self = 1 WHERE id = ?", (token.id,))


def test_accepting_names_the_preview(desk: Office) -> None:
    """Without If-Match 428, with another tag 412 with the preview; both leave it undecided."""
    sent = desk.submit()
    id_ = sent.json()["id"]
    with desk.client(desk.reviewer) as client:
        assert client.post(f"/submissions/{id_}/accept").status_code == 428
        assert client.post(f"/submissions/{id_}/accept", headers={"If-Match": "*"}).status_code == 428
    other = desk.accept(id_, '"other"')
    assert (other.status_code, other.headers["etag"]) == (412, sent.headers["etag"])
    assert other.json()["submission"]["preview"] == sent.json()["preview"]
    assert desk.accept("0" * 32, '"x"').status_code == 404
    accepted = desk.accept(id_, other.headers["etag"])
    assert accepted.status_code == 200
    assert desk.accept(id_, other.headers["etag"]).json() == accepted.json()
    assert desk.accept(id_, '"other"').status_code == 409


def test_values_that_vanish_are_confirmed_one_by_one(desk: Office) -> None:
    """Accepting without naming each is refused with their names."""
    sent = desk.submit({"projectCode": "PO.0105", "abstract": None})
    refused = desk.accept(sent.json()["id"], sent.headers["etag"])
    assert (refused.status_code, refused.json()["removes"]) == (422, ["PO.0105/abstract.en"])
    assert desk.accept(sent.json()["id"], sent.headers["etag"], "PO.0105/abstract.en").status_code == 200


def test_two_reviewers_race(desk: Office) -> None:
    """One wins, also with equal requests; the other one is told that it is decided."""
    sent = desk.submit()
    other = replace(desk, reviewer=desk.new_token(TokenScope.REVIEW)[1])
    with ThreadPoolExecutor(8) as pool:
        requests = [(one, sent.json()["id"], sent.headers["etag"]) for one in (desk, other) * 4]
        answers = [*pool.map(lambda request: request[0].accept(*request[1:]).status_code, requests)]
    by_reviewer = sorted(tuple(answers[at::2]) for at in range(2))
    assert by_reviewer == [(200,) * 4, (409,) * 4]
    assert [entry.values()["event"] for entry in desk.inbox.receipt(sent.json()["id"])].count("accepted") == 1


def test_a_publication_in_between(desk: Office, tmp_path: Path, iomld: Command) -> None:
    """Of another project it does not matter; of the same one, it is 412 with a fresh preview, at once."""
    one, two = desk.submit(), desk.submit({"projectCode": "CE.0134", "budgetUSD": 5})
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(_published(desk, "PO.0105") | {"budget": "77", "budgetUSD": "77"}))
    assert iomld("publish", changed, "--to", desk.datadir).returncode == 0
    again = desk.accept(one.json()["id"], one.headers["etag"])
    assert again.status_code == 412
    assert again.json()["submission"]["preview"]["projects"][0]["fields"][0]["before"] == ["77 USD"]
    assert desk.accept(two.json()["id"], two.headers["etag"]).status_code == 200
    assert desk.accept(one.json()["id"], again.headers["etag"]).status_code == 200


def _published(desk: Office, code: str) -> Json:
    found: Json = httpx.get(f"{desk.address}/doc/project/{code}.jsonld").json()
    return found


def test_a_repeated_request(desk: Office) -> None:
    """With the same key it is kept once; with another body it is refused."""
    one, again = (desk.submit(**{"Idempotency-Key": "k"}) for _ in range(2))
    assert (one.status_code, again.status_code) == (201, 200)
    assert one.json() == again.json()
    assert one.headers["location"] == again.headers["location"]
    other = desk.submit({"projectCode": "PO.0105", "budgetUSD": 1}, **{"Idempotency-Key": "k"})
    assert (other.status_code, kept(desk)) == (422, 1)
    assert desk.submit(**{"Idempotency-Key": "k" * 201}).status_code == 400


def test_the_same_key_at_the_same_time(desk: Office) -> None:
    """It is kept once, however many requests are under way."""
    with ThreadPoolExecutor(6) as pool:
        answers = [*pool.map(lambda _: desk.submit(**{"Idempotency-Key": "k"}).status_code, range(6))]
    assert answers.count(201) == 1
    assert set(answers) <= {200, 201, 409}
    assert kept(desk) == 1


def test_parameters_that_are_not_meant(desk: Office) -> None:
    """A misspelt or repeated parameter and another value are refused, since the records could be kept unwanted."""
    kinds = {
        "dry_run=true": "dry-run",
        "dry_run=": "dry-run",
        "dry_run=1&dry_run=0": "repeated-parameter",
        "mode=patch&mode=replace": "repeated-parameter",
        "dryrun=1": "unknown-parameter",
        "dry_run=1&shapes=published": "shapes-in-submission",
        "profile=published": "shapes-in-submission",
        "engine=shacl": "shapes-in-submission",
        "mode=": "mode",
    }
    with desk.client(desk.sender) as client:
        for query, kind in kinds.items():
            answer = client.post(f"/submissions?{query}", json=BUDGET)
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, kind), query
    assert kept(desk) == 0


@pytest.mark.parametrize(("name", "value"), [("dry_run", "1"), ("mode", "patch")])
def test_parameters_in_the_form_of_a_program(desk: Office, name: str, value: str) -> None:
    """They stand in the address; read past, a dry run would be kept, and a patch would replace the record."""
    files = {"file": ("records.json", json.dumps(BUDGET))}
    with desk.client(desk.sender) as client:
        answer = client.post("/submissions", files=files, data={name: value})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "parameter-in-form")
    assert name in answer.json()["detail"]
    assert kept(desk) == 0


def test_the_reference_names_what_is_read(desk: Office) -> None:
    """The parameters and fields that `/openapi.json` describes are those that the routes read."""
    with desk.client(desk.sender) as client:
        paths = client.get("/openapi.json").json()["paths"]
        sending = paths["/submissions"]["post"]
        named = [one["name"] for one in sending["parameters"] if one["in"] == "query"]
        assert sorted(named) == ["dry_run", "lang", "mode"]
        given = {"dry_run": "1", "lang": "fr", "mode": "patch"}
        assert client.post("/submissions", params=given, json=BUDGET).status_code == 200
        for path in ("", "/accept", "/reject", "/cancel"):
            (operation,) = paths[f"/submissions/{{id}}{path}"].values()
            assert [one["name"] for one in operation["parameters"] if one["in"] == "query"] == ["lang"]
        of_checks = {"shapes", "profile", "format", "lang"}  # of POST /validate
        assert _fields(sending, "multipart/form-data") & of_checks == set()
        rejecting = paths["/submissions/{id}/reject"]["post"]
        assert _fields(rejecting, "application/json") == {"reason"}
        assert _fields(paths["/submissions/{id}/accept"]["post"], "application/json") == {"removes"}


def _fields(operation: Json, media_type: str) -> set[str]:
    """The fields of a body of an operation."""
    return set(operation["requestBody"]["content"][media_type]["schema"]["properties"])


@pytest.mark.parametrize(
    ("body", "media_type", "parameters", "status"),
    [
        (b"\x00\x01\x02 binary", "application/octet-stream", {}, 400),
        (b"[]", "application/json", {}, 400),
        (b"{", "application/json", {"mode": "patch"}, 400),
        (b"{}", "application/json", {"mode": "other"}, 400),
        (b"{}", "image/png", {}, 415),
        (b"x" * 200_000, "text/csv", {}, 413),
        (b"shapes=published&text=a", "application/x-www-form-urlencoded", {}, 400),
        (b"", "application/json", {}, 400),
    ],
)
def test_what_cannot_be_read_is_not_kept(
    folder: Path, body: bytes, media_type: str, parameters: dict[str, str], status: int
) -> None:
    """The status says why, and the sender knows that nothing is there."""
    with office(folder, IOMLD_UPLOAD_BYTES="100000") as desk, desk.client(desk.sender) as client:
        headers = {"Content-Type": media_type}
        answer = client.post("/submissions", params=parameters, content=body, headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert kept(desk) == 0


def test_a_full_inbox_and_a_busy_token(folder: Path) -> None:
    """507 and 429 with Retry-After; nothing more is kept."""
    with office(folder, IOMLD_INBOX_BYTES="100") as desk:
        assert (desk.submit().status_code, kept(desk)) == (507, 0)
    with office(folder, IOMLD_DAILY_SUBMISSIONS="1") as desk:
        assert desk.submit().status_code == 201
        busy = desk.submit({"projectCode": "PO.0105", "budgetUSD": 3})
        assert (busy.status_code, int(busy.headers["retry-after"]) > 80_000, kept(desk)) == (429, True, 1)


def test_rejecting_and_cancelling(desk: Office) -> None:
    """A reason is required, the sender can read it, and both are final."""
    one, two = desk.submit().json()["id"], desk.submit().json()["id"]
    with desk.client(desk.reviewer) as reviewer, desk.client(desk.sender) as sender:
        for bad in ({}, {"reason": " "}, {"reason": 1}, {"reason": "x" * 2001}, {"reason": "no\x1b[31m"}, [], "text"):
            assert reviewer.post(f"/submissions/{one}/reject", json=bad).status_code == 400
        assert reviewer.post(f"/submissions/{one}/reject", json={"reason": "It is a draft."}).status_code == 200
        assert sender.get(f"/submissions/{one}").json()["reason"] == "It is a draft."
        assert sender.post(f"/submissions/{two}/cancel").json()["state"] == "cancelled"
        assert sender.post(f"/submissions/{two}/cancel").json()["state"] == "cancelled"
        repeated = reviewer.post(f"/submissions/{one}/reject", json={"reason": "It is a draft."})
        assert (repeated.status_code, repeated.json()["state"]) == (200, "rejected")
        assert reviewer.post(f"/submissions/{one}/reject", json={"reason": "It is late."}).status_code == 409
        assert reviewer.post(f"/submissions/{two}/reject", json={"reason": "It is late."}).status_code == 409
    public = httpx.get(f"{desk.address}/receipts/{one}").text
    assert "draft" not in public


@pytest.mark.parametrize("second", [("file", ("b.json", b"[]")), ("text", (None, "[]"))])
def test_a_form_with_several_parts_is_not_kept(desk: Office, second: tuple[str, Any]) -> None:
    """Neither of two files, and neither a file nor a text beside it; a dry run says so, too."""
    parts = [("file", ("a.json", json.dumps(BUDGET).encode())), second]
    with desk.client(desk.sender) as client:
        before = client.get("/submissions").json()
        for params in ({"mode": "patch"}, {"mode": "patch", "dry_run": "1"}):
            answer = client.post("/submissions", params=params, files=parts)
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "several-parts")
        assert client.get("/submissions").json() == before


def _packed(record: Json) -> bytes:
    packing = io.BytesIO()
    with zipfile.ZipFile(packing, "w") as archive:
        archive.writestr("Ada-Lovelace.json", json.dumps(record))
    return packing.getvalue()


@pytest.mark.parametrize(
    ("mode", "name", "data"),
    [("patch", "Ada-Lovelace.json", json.dumps([BUDGET]).encode()), ("replace", "Ada-Lovelace.zip", _packed(NEW))],
)
def test_no_name_and_no_body_leaves_the_inbox(folder: Path, iomld: Command, mode: str, name: str, data: bytes) -> None:
    """Neither the name of the sender, the token nor the name of a file is published; the inbox has no secret."""
    with office(folder) as desk, desk.client(desk.sender) as client:
        sent = client.post("/submissions", params={"mode": mode}, files={"file": (name, data)})
        assert desk.accept(sent.json()["id"], sent.headers["etag"]).status_code == 200
        assert iomld("work", "--once", "--to", folder).returncode == 0
        assert desk.inbox.submission(sent.json()["id"]).state is SubmissionState.PUBLISHED
        texts = (b"Lovelace", desk.sender.encode(), desk.sender.split("_")[1].encode())
        for path in folder.rglob("*"):
            if path.is_file() and not path.name.startswith("inbox.sqlite"):
                assert not [text for text in texts if text in path.read_bytes()], path
        dataset = iomld("export", "--from", folder).stdout
        assert ('"submission"' in dataset, "Lovelace" in dataset) == (True, False)
        assert desk.sender.encode() not in written_bytes(folder)


def test_an_inbox_that_is_removed_while_the_server_runs(desk: Office) -> None:
    """The answer is 503 and what to do, not 201."""
    assert desk.submit().status_code == 201
    for path in desk.datadir.glob("inbox.sqlite*"):
        path.unlink()
    answer = desk.submit()
    assert (answer.status_code, "from a backup" in answer.json()["detail"]) == (503, True)


def test_a_server_without_an_inbox(bundled_server: Server) -> None:
    """It keeps nothing, and says so with 401 and 404; no file is made."""
    address = bundled_server.address
    headers = {"Authorization": "Bearer x"}
    assert httpx.post(f"{address}/submissions", json=BUDGET, headers=headers, timeout=60).status_code == 401
    assert httpx.get(f"{address}/receipts/{'0' * 32}").status_code == 404
