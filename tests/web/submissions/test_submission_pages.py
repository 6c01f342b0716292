"""Submissions on pages: who sees what, what a form changes, and the forms that are refused, which change nothing."""

import io
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from openpyxl import Workbook
from tests.conftest import Command
from tests.web.submissions.offices import BUDGET, Office, form_values, office

from iomld.fields.form import PREFIX
from iomld.inbox.submissions import SubmissionState
from iomld.inbox.tokens import TokenScope

pytestmark = pytest.mark.server

PRIVATE = "private, no-store, no-transform"
REST = {"status": "active", "projectType": "PO", "coverage": "national", "benefitingMemberStates": ["CN"]} | {
    "startYear": 2020,
    "endYear": 2021,
    "budgetUSD": 100_000,
}
HOSTILE = "<script>alert(1)</script>\"'&"


@pytest.fixture(scope="module")
def desk(shared_folder: Path) -> Iterator[Office]:
    """A server whose inbox the tests of this module share."""
    with office(shared_folder, IOMLD_CLIENT_SECONDS="100000") as opened:
        yield opened


def send(browser: httpx.Client, record: object = BUDGET, mode: str = "patch", **fields: str) -> httpx.Response:
    """Fill in the form and send it."""
    page = browser.get("/submissions/new")
    text = record if isinstance(record, str) else json.dumps(record)
    data = form_values(page.text) | {"text": text, "mode": mode} | fields
    return browser.post("/submissions", data=data)


def decide(browser: httpx.Client, path: str, decision: str, **fields: str | list[str]) -> httpx.Response:
    """Open the page of a submission, and send one of its forms."""
    return browser.post(f"{path}/{decision}", data=form_values(browser.get(path).text) | fields)


def kept(desk: Office) -> int:
    """How many submissions the inbox has."""
    return desk.inbox.count()


def test_what_a_sender_does(desk: Office) -> None:
    """A dry run keeps nothing; what is sent is on its own page, in the list, and can be taken back once."""
    with desk.signed_in(desk.sender) as browser:
        before = kept(desk)
        dry = send(browser, dry_run="1")
        assert dry.status_code == 200
        assert "120000 USD" in dry.text
        assert kept(desk) == before
        sent = send(browser)
        assert sent.status_code == 303
        path = sent.headers["location"]
        page, listed = browser.get(path), browser.get("/submissions")
        assert "100000 USD" in page.text
        assert f'href="{path}"' in listed.text
        assert "PO.0105" in listed.text
        for one in (dry, sent, page, listed):
            assert one.headers["cache-control"] == PRIVATE
        assert browser.get(f"{path}/body").json() == BUDGET
        assert decide(browser, path, "cancel").status_code == 303
        again = decide(browser, path, "cancel")  # a double click
        assert (again.status_code, again.headers["location"]) == (303, path)


def test_a_dry_run_by_another_word_is_not_kept(desk: Office) -> None:
    """As for programs, only 1 and 0 are understood."""
    before = kept(desk)
    with desk.signed_in(desk.sender) as sender:
        assert send(sender, dry_run="true").status_code == 400
    assert kept(desk) == before


def test_a_double_click_sends_once(desk: Office) -> None:
    """Two equal forms of one page lead to one submission; a page with other records makes another one."""
    with desk.signed_in(desk.sender) as browser:
        before = kept(desk)
        data = form_values(browser.get("/submissions/new").text) | {"text": json.dumps(BUDGET), "mode": "patch"}
        with ThreadPoolExecutor(3) as pool:
            paths = {*pool.map(lambda _: browser.post("/submissions", data=data).headers.get("location"), range(3))}
        assert len(paths) == 1
        assert None not in paths
        other = browser.post("/submissions", data=data | {"text": json.dumps(BUDGET | {"budgetUSD": 3})})
        assert other.headers["location"] not in paths
        assert kept(desk) == before + 2


def test_faults_are_at_their_line_and_mended_there(desk: Office) -> None:
    """The page of a faulty submission has the reasons by line, the text to mend, and sends it as a new one."""
    faulty = 'projectCode,title_en,status,startYear\nPO.9001,"An example",nearly done,soon\n'
    with desk.signed_in(desk.sender) as browser:
        path = send(browser, faulty, "replace").headers["location"]
        page = browser.get(path)
        assert 'id="L2"' in page.text
        assert "<mark>nearly done</mark>" in page.text
        assert 'href="#L2"' in page.text
        assert "PO.9001,&#34;An example&#34;,nearly done,soon" in page.text
        mended = form_values(page.text) | {"text": json.dumps(BUDGET), "mode": "patch"}
        assert browser.post("/submissions", data=mended).headers["location"] != path


def test_a_record_of_the_form_is_mended_in_the_form(desk: Office) -> None:
    """What was filled in is in its inputs again, with the reasons."""
    with desk.signed_in(desk.sender) as browser:
        fields = {"record.projectCode": "PO.9002", "record.title.en": HOSTILE, "record.startYear": "soon"}
        path = send(browser, "", "replace", **fields).headers["location"]
        page = browser.get(path).text
        assert 'name="record.projectCode" type="text" value="PO.9002"' in page
        assert '<details class="own" id="record" open>' in page
        assert HOSTILE not in page


def test_what_a_reviewer_does(desk: Office) -> None:
    """Values that vanish are ticked one by one; without a tick nothing is accepted, and the other ticks stay."""
    with desk.signed_in(desk.sender) as sender, desk.signed_in(desk.reviewer) as reviewer:
        path = send(sender, {"projectCode": "PO.0105", "abstract": None, "budgetUSD": 5}).headers["location"]
        assert f'href="{path}"' in reviewer.get("/submissions?state=previewed").text
        page = reviewer.get(path).text
        assert re.search(
            r'type="checkbox"[^>]* name="removes" value="PO.0105/abstract.en" form="accept" required', page
        )
        refused = decide(reviewer, path, "accept")
        assert (refused.status_code, "PO.0105/abstract.en" in refused.text) == (422, True)
        accepted = decide(reviewer, path, "accept", removes=["PO.0105/abstract.en"])
        assert (accepted.status_code, accepted.headers["location"]) == (303, path)
        assert desk.inbox.submission(path.rpartition("/")[2]).state is SubmissionState.ACCEPTED
        late = decide(reviewer, path, "reject", reason="Too late.")
        assert (late.status_code, "cannot become" in late.text) == (409, True)


@pytest.mark.parametrize(("decision", "reason"), [("accept", ""), ("reject", "No.")])
def test_a_double_click_decides_once(desk: Office, decision: str, reason: str) -> None:
    """Equal forms of one page lead to the submission, which is decided once; another decision is refused."""
    with desk.signed_in(desk.sender) as sender, desk.signed_in(desk.reviewer) as reviewer:
        path = send(sender).headers["location"]
        form = form_values(reviewer.get(path).text) | {"reason": reason}
        with ThreadPoolExecutor(3) as pool:
            answers = [*pool.map(lambda _: reviewer.post(f"{path}/{decision}", data=form), range(3))]
        assert {(answer.status_code, answer.headers.get("location")) for answer in answers} == {(303, path)}
        events = [entry.values()["event"] for entry in desk.inbox.receipt(path.rpartition("/")[2])]
        assert events == ["received", "previewed", f"{decision}ed"]
        assert decide(reviewer, path, "reject", reason="Another one.").status_code == 409


def test_sources_have_a_name_in_each_language(desk: Office, few_records: Path) -> None:
    """The address of a source that would vanish is named, and has a box to tick."""
    records = json.loads(few_records.read_text(encoding="utf-8"))
    (record,) = (one for one in records if one["projectCode"] == "PO.0105")
    whole = {key: value for key, value in record.items() if key != "source"}
    with desk.signed_in(desk.sender) as sender, desk.signed_in(desk.reviewer) as reviewer:
        path = send(sender, whole, "replace").headers["location"]
        for language, name in (("en", "Original sources"), ("fr", "Sources d’origine"), ("es", "Fuentes originales")):
            page = reviewer.get(path, params={"lang": language}).text
            assert f'>{name}: <span dir="auto">{record["source"]["url"]}</span></label>' in page


def test_the_reference_names_the_fields_of_the_forms(desk: Office) -> None:
    """What the forms of pages send is what `/openapi.json` describes, but for the inputs of one record."""
    paths = httpx.get(f"{desk.address}/openapi.json").json()["paths"]
    with desk.signed_in(desk.sender) as sender, desk.signed_in(desk.reviewer) as reviewer:
        path = send(sender, {"projectCode": "PO.0105", "abstract": None}).headers["location"]
        pages = [sender.get("/submissions/new").text, sender.get(path).text, reviewer.get(path).text]
    forms = {action: fields for page in pages for action, fields in form_fields(page).items()}
    operations = {"/submissions": "/submissions"}
    operations |= {f"{path}/{one}": f"/submissions/{{id}}/{one}" for one in ("accept", "reject", "cancel")}
    for action, operation in operations.items():
        content = paths[operation]["post"]["requestBody"]["content"]
        described = set(content["application/x-www-form-urlencoded"]["schema"]["properties"])
        assert forms[action] - described == set()
        assert described - forms[action] <= {"data", "name"}, action


def form_fields(page: str) -> dict[str, set[str]]:
    """The names of the inputs of forms by their action; those of a record have a dot or begin with `record`."""
    found: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    for form in re.findall(r"<form[^>]*>.*?</form>", page, re.DOTALL):
        action = re.search(r'action="([^"]*)"', form)
        own = re.search(r'^<form[^>]* id="([^"]*)"', form)
        if action:
            names |= {own[1]: action[1]} if own else {}
            inputs = re.findall(r'<(?:input|textarea|select|button)[^>]* name="([^"]*)"', form)
            found.setdefault(action[1], set()).update(one for one in inputs if not one.startswith(PREFIX))
    for tag in re.findall(r'<input[^>]* form="[^"]*"[^>]*>', page):
        name, form = re.search(r' name="([^"]*)"', tag), re.search(r' form="([^"]*)"', tag)
        if name and form:
            found[names[form[1]]].add(name[1])
    return found


def test_a_preview_that_was_not_seen(desk: Office) -> None:
    """Another tag, or none, gives 412 with the difference of now, and accepts nothing."""
    with desk.signed_in(desk.sender) as sender, desk.signed_in(desk.reviewer) as reviewer:
        path = send(sender).headers["location"]
        for tag in ("other", ""):
            changed = decide(reviewer, path, "accept", preview=tag)
            assert changed.status_code == 412
            assert "no longer what you saw" in changed.text
            assert "120000 USD" in changed.text
        assert desk.inbox.submission(path.rpartition("/")[2]).state is SubmissionState.PREVIEWED
        assert reviewer.post(f"{path}/accept", data=form_values(changed.text)).status_code == 303


def test_a_difference_too_long_for_a_page(desk: Office) -> None:
    """All projects are shown, or there is no form to accept with; rejecting needs no more than the page."""
    few, many = (
        [{"projectCode": f"PO.{number}", "title": {"en": f"Project {number}"}, **REST} for number in range(7000, last)]
        for last in (7060, 7301)
    )
    with desk.signed_in(desk.sender) as sender, desk.signed_in(desk.reviewer) as reviewer:
        whole = reviewer.get(send(sender, few, "replace").headers["location"]).text
        assert ("PO.7059" in whole, 'form id="accept"' in whole) == (True, True)
        cut = reviewer.get(send(sender, many, "replace").headers["location"]).text
        assert ("1 more project would change" in cut, 'form id="accept"' in cut) == (True, False)
        assert ("too long for a page" in cut, "/reject" in cut) == (True, True)


def test_two_reviewers_race(desk: Office) -> None:
    """One wins; all others see that it is decided."""
    _, text = desk.new_token(TokenScope.REVIEW)
    with desk.signed_in(desk.sender) as sender, desk.signed_in(desk.reviewer) as one, desk.signed_in(text) as two:
        path = send(sender).headers["location"]
        forms = [(browser, form_values(browser.get(path).text)) for browser in (one, two)]
        with ThreadPoolExecutor(2) as pool:
            answers = [*pool.map(lambda form: form[0].post(f"{path}/accept", data=form[1]), forms)]
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert any("accepted" in answer.text for answer in answers)


def test_rejecting(desk: Office) -> None:
    """A reason is required, and the sender reads it, as text."""
    with desk.signed_in(desk.sender) as sender, desk.signed_in(desk.reviewer) as reviewer:
        path = send(sender).headers["location"]
        for reason in ("", " ", "x" * 2001, "no\x1b[31m"):
            assert decide(reviewer, path, "reject", reason=reason).status_code == 400
        assert decide(reviewer, path, "reject", reason=HOSTILE).status_code == 303
        page = sender.get(path).text
        assert "&lt;script&gt;alert(1)" in page
        assert HOSTILE not in page


def test_nobody_accepts_what_they_sent(desk: Office) -> None:
    """The page says so, and the form of another page does not help."""
    _, text = desk.new_token(*TokenScope)
    with desk.signed_in(text) as browser:
        path = send(browser).headers["location"]
        page = browser.get(path).text
        assert "somebody else must accept it" in page
        assert 'id="accept"' not in page
        tag = desk.inbox.submission(path.rpartition("/")[2]).tag
        assert decide(browser, path, "accept", preview=tag).status_code == 403


def test_who_sees_what(desk: Office) -> None:
    """Senders see their own alone, as if there were no others; each does what the token is for."""
    _, text = desk.new_token(TokenScope.SUBMIT)
    with (
        desk.signed_in(desk.sender) as sender,
        desk.signed_in(text) as other,
        desk.signed_in(desk.reviewer) as reviewer,
    ):
        path = send(sender).headers["location"]
        assert other.get(path).status_code == 404
        assert path not in other.get("/submissions").text
        assert other.get(f"{path}/body").status_code == 404
        token = {"form_token": form_values(other.get("/submissions/new").text)["form_token"]}
        assert other.post(f"{path}/cancel", data=token).status_code == 404
        assert other.post(f"{path}/accept", data=token).status_code == 403
        assert send(reviewer).status_code == 403
        assert decide(reviewer, path, "cancel").status_code == 403
    anybody = httpx.get(f"{desk.address}{path}", headers={"Accept": "text/html"})
    assert anybody.status_code == 401
    assert f"/sign-in?next={path.replace('/', '%2F')}" in anybody.text


def test_forms_from_elsewhere_change_nothing(desk: Office) -> None:
    """Without what our pages put in, from another site, or without the cookie: nothing is kept or decided."""
    with desk.signed_in(desk.sender) as sender, desk.signed_in(desk.reviewer) as reviewer:
        path, before = send(sender).headers["location"], kept(desk)
        values = form_values(reviewer.get(path).text)
        forged = send(sender, form_token="0" * 64)
        assert (forged.status_code, "nothing was done" in forged.text) == (403, True)
        assert html_text(json.dumps(BUDGET)) in forged.text  # nothing that was written is lost
        for decision in ("accept", "reject", "cancel"):
            browser = sender if decision == "cancel" else reviewer
            assert browser.post(f"{path}/{decision}", data=values | {"form_token": ""}).status_code == 403
            elsewhere = {"Origin": "https://evil.example"}
            assert browser.post(f"{path}/{decision}", data=values, headers=elsewhere).status_code == 403
            anybody = httpx.post(f"{desk.address}{path}/{decision}", data=values, headers={"Accept": "text/html"})
            assert anybody.status_code == 401
        assert send(sender, headers_origin="x").status_code == 303
        assert kept(desk) == before + 1
    assert desk.inbox.submission(path.rpartition("/")[2]).state is SubmissionState.PREVIEWED


def html_text(text: str) -> str:
    """A text as templates write it."""
    return text.replace('"', "&#34;")


def test_without_signing_in(desk: Office) -> None:
    """Everybody sees what records would change; sending them asks to sign in, and keeps what was written."""
    before = kept(desk)
    with desk.browser() as browser:
        page = browser.get("/submissions/new")
        assert "set-cookie" not in page.headers
        assert "120000 USD" in send(browser, dry_run="1").text
        refused = send(browser)
        assert refused.status_code == 401
        assert html_text(json.dumps(BUDGET)) in refused.text
    assert kept(desk) == before


def test_from_a_report_to_the_difference(desk: Office) -> None:
    """The page of a report leads to what the records would change, and that to the form, filled in."""
    record = httpx.get(f"{desk.address}/doc/project/PO.0105.jsonld").json() | {"budget": "77", "budgetUSD": "77"}
    with desk.browser() as browser:
        report = browser.post("/validate", data={"text": json.dumps(record)})
        assert "Show what these records would change" in report.text
        shown = browser.post("/submissions", data=form_values(report.text))
        assert "77 USD" in shown.text
        assert 'name="text"' in shown.text
        faulty = browser.post("/validate", data={"text": json.dumps(record | {"status": "nowhere"})})
        assert "Show what these records would change" not in faulty.text


def test_a_workbook_has_its_faults_at_their_cells(desk: Office) -> None:
    """Since no line can be shown; and whoever looks first must choose the file again."""
    book = Workbook()
    assert book.active is not None
    book.active.append(("projectCode", "title_en", "status"))
    book.active.append(("PO.9001", "A title", "nearly done"))
    book.save(data := io.BytesIO())
    with desk.signed_in(desk.sender) as browser:
        values, files = form_values(browser.get("/submissions/new").text), {"file": ("my.xlsx", data.getvalue())}
        dry = browser.post("/submissions", data=values | {"dry_run": "1"}, files=files)
        assert "choose it again" in dry.text
        page = browser.get(browser.post("/submissions", data=values, files=files).headers["location"]).text
    assert "Sheet!C2" in page


def test_what_cannot_be_read_is_shown_again(desk: Office) -> None:
    """With the reason and the line; nothing is kept."""
    before = kept(desk)
    with desk.signed_in(desk.sender) as browser:
        broken = send(browser, '{"projectCode": "PO.0105",\n oops', "replace")
        assert broken.status_code == 400
        assert 'id="L2"' in broken.text
        assert "oops" in broken.text
        for record, mode, status in (("", "replace", 400), ("{}", "other", 400), ("projectCode\nPO.1\n", "patch", 400)):
            assert send(browser, record, mode).status_code == status
    assert kept(desk) == before


def test_limits(folder: Path) -> None:
    """A body that is too large, a full inbox, and a token that has sent enough: the status, and nothing kept."""
    with office(folder, IOMLD_UPLOAD_BYTES="3000", IOMLD_DAILY_SUBMISSIONS="1") as desk:
        with desk.signed_in(desk.sender) as browser:
            assert send(browser, "x" * 20_000).status_code == 413
            assert send(browser).status_code == 303
            busy = send(browser, BUDGET | {"budgetUSD": 1})
            assert (busy.status_code, "retry-after" in busy.headers) == (429, True)
        assert kept(desk) == 1
    with office(folder, IOMLD_INBOX_BYTES="100") as desk, desk.signed_in(desk.sender) as browser:
        full = send(browser)
        assert (full.status_code, "The inbox is full" in full.text, kept(desk)) == (507, True, 1)


def test_a_long_list_has_pages(folder: Path) -> None:
    """25 on each; a number that is none shows the first."""
    with office(folder, IOMLD_CLIENT_SECONDS="100000") as desk, desk.signed_in(desk.reviewer) as browser:
        for amount in range(1, 28):
            assert desk.submit(BUDGET | {"budgetUSD": amount}).status_code == 201
        first, second = (browser.get("/submissions", params={"page": number}).text for number in ("1", "2"))
        assert (first.count('<tr><th scope="row">'), second.count('<tr><th scope="row">')) == (25, 2)
        assert 'rel="next"' in first
        for number in ("0", "-1", "x", "9" * 30):
            assert browser.get("/submissions", params={"page": number}).status_code == 200
        assert browser.get("/submissions?state=nowhere").status_code == 400


def test_a_publication_in_between(folder: Path, tmp_path: Path, iomld: Command) -> None:
    """The page that the reviewer had open accepts nothing; the answer shows the difference of now, and that can be."""
    with office(folder) as desk, desk.signed_in(desk.reviewer) as browser:
        path = desk.submit().headers["location"]
        seen = form_values(browser.get(path).text)
        changed = tmp_path / "changed.json"
        record = httpx.get(f"{desk.address}/doc/project/PO.0105.jsonld").json() | {"budget": "77", "budgetUSD": "77"}
        changed.write_text(json.dumps(record))
        assert iomld("publish", changed, "--to", folder).returncode == 0
        while "77" not in browser.get("/doc/project/PO.0105.ttl").text:
            pass  # until the server has taken up the release
        answer = browser.post(f"{path}/accept", data=seen)
        assert (answer.status_code, "77 USD" in answer.text) == (412, True)
        assert browser.post(f"{path}/accept", data=form_values(answer.text)).status_code == 303


def test_from_the_page_to_the_receipt_and_back(folder: Path, iomld: Command) -> None:
    """The receipt of what was published leads to the revision, and that to the receipt."""
    with office(folder) as desk, desk.signed_in(desk.reviewer) as browser:
        path = desk.submit().headers["location"]
        assert decide(browser, path, "accept").status_code == 303
        assert iomld("work", "--once", "--to", folder).returncode == 0
        assert "/doc/project/PO.0105/rev/2" in browser.get(path).text
        receipt = path.replace("submissions", "receipts")
        anybody = httpx.get(f"{desk.address}{receipt}", headers={"Accept": "text/html"})
        assert (anybody.status_code, "set-cookie" in anybody.headers) == (200, False)
        assert anybody.headers["cache-control"] == "no-cache"
        assert "accept" in anybody.headers["vary"].lower()
        assert 'href="/doc/project/PO.0105/rev/2"' in anybody.text
        french = httpx.get(f"{desk.address}{receipt}?lang=fr", headers={"Accept": "text/html"}).text
        assert ", formes " in french
        assert ", vocabulaires " in french
        entries = desk.inbox.receipt(path.rpartition("/")[2])
        assert all(entry.sha256 in anybody.text for entry in entries)
        assert httpx.get(f"{desk.address}{receipt}").headers["content-type"] == "application/json"
        while "120000" not in browser.get("/doc/project/PO.0105.ttl").text:
            pass  # until the server has taken up the release
        revision = browser.get("/doc/project/PO.0105/rev/2")
        assert f'href="{receipt}"' in revision.text
