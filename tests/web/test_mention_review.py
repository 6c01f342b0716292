"""Reviewing mentions on a page: who may, what is kept, and that a rejected mention stays rejected."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conftest import ROOT, Command
from tests.inbox.made import NOW
from tests.web.submissions.offices import Office, form_token, form_values, office

from iomld.inbox.inbox import Inbox
from iomld.inbox.tokens import TokenScope
from iomld.release import FILES

pytestmark = pytest.mark.server

PAGE = ROOT / "tests" / "golden" / "page.txt"
PATH = "/review/mentions"


@pytest.fixture
def desk(page_data: Path) -> Iterator[Office]:
    """A server of one project with mentions."""
    with office(page_data) as opened:
        yield opened


def mentions(folder: Path, iomld: Command) -> list[dict[str, Any]]:
    """The mentions of the current release."""
    listed = iomld("mentions", "list", "--format", "json", "--from", folder)
    found: list[dict[str, Any]] = json.loads(listed.stdout)
    return found


def decide(browser: httpx.Client, decision: str, mention: str, **fields: str) -> httpx.Response:
    """Send the form of a mention, as its page has it."""
    token = {"form_token": form_token(browser)}
    return browser.post(PATH, data=token | {"mention": mention, "decision": decision} | fields)


def test_the_page_shows_what_waits(desk: Office, iomld: Command) -> None:
    """Each mention with its quote in context; one that was decided can be undone until it is published."""
    listed = mentions(desk.datadir, iomld)
    with desk.signed_in(desk.reviewer) as browser:
        page = browser.get(PATH).text
        assert page.count('name="mention"') == len({one["key"] for one in listed})
        for one in listed:
            assert f'value="{one["key"]}"' in page
            assert f"<mark>{one['quote']}</mark>" in page
        answer = decide(browser, "rejected", listed[0]["key"], next="a b:#\n", review="unreviewed")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}?review=unreviewed#m-a%20b%3A%23%0A")
        assert "rejected, not published yet" in browser.get(PATH).text
        assert 'value="undo"' in browser.get(PATH).text
        assert decide(browser, "undo", listed[0]["key"]).status_code == 303
        assert desk.inbox.decisions.waiting() == {}


def test_the_next_mention_is_the_next_one_after_a_publication(page_data: Path, iomld: Command) -> None:
    """The answer to a decision leads to it by its key: its place is another one once the decision is published."""
    with office(page_data) as desk, desk.signed_in(desk.reviewer) as browser:
        one, two, *_ = re.findall(
            r'name="mention" value="([^"]*)".*? name="next" value="([^"]*)"', browser.get(PATH).text
        )
        assert one[1] == two[0]
        fragment = decide(browser, "accepted", one[0], next=one[1]).headers["location"].partition("#")[2]
        assert f'<li id="{fragment}"' in browser.get(PATH).text
    assert iomld("work", "--once", "--to", page_data).returncode == 0
    with office(page_data) as desk, desk.signed_in(desk.reviewer) as browser:
        first = re.search(r'<li id="(m-[^"]*)"', browser.get(PATH).text)
        assert first is not None
        assert first[1] == fragment


def test_what_is_being_published_cannot_be_undone(desk: Office, iomld: Command) -> None:
    """The page says so, from the moment in which `iomld work` takes a decision; another decision counts then too."""
    one, other = (each["key"] for each in mentions(desk.datadir, iomld)[:2])
    with desk.signed_in(desk.reviewer) as browser:
        assert {decide(browser, "rejected", each).status_code for each in (one, other)} == {303}
        assert desk.inbox.decisions.take() == {one: "rejected", other: "rejected"}
        late = decide(browser, "undo", one, review="unreviewed")
        assert (late.status_code, "It is too late to take this decision back" in late.text) == (409, True)
        assert decide(browser, "accepted", other).status_code == 303
        assert iomld("work", "--once", "--to", desk.datadir).returncode == 0
        late = decide(browser, "undo", one, review="unreviewed")  # of a page from before the publication
        assert (late.status_code, "It is too late to take this decision back" in late.text) == (409, True)
        assert decide(browser, "undo", one, review="rejected").status_code == 303  # nothing else was decided
    published = {each["key"]: each["review"] for each in mentions(desk.datadir, iomld)}
    assert (published[one], published[other]) == ("rejected", "accepted")
    assert desk.inbox.decisions.waiting() == {}


def test_a_decision_that_only_the_next_release_has(desk: Office, tmp_path: Path, iomld: Command) -> None:
    """It is shown with its mark until the server has that release; without one, work has recorded it already."""
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(desk.datadir, elsewhere, symlinks=True)
    key = mentions(desk.datadir, iomld)[0]["key"]
    assert iomld("mentions", "reject", key, "--to", elsewhere).returncode == 0
    with desk.signed_in(desk.reviewer) as browser:
        assert "in the next release" not in browser.get(PATH).text
        shutil.copy(elsewhere / FILES.reviews, desk.datadir)
        assert browser.get(PATH).text.count("rejected, in the next release") == 1
        assert decide(browser, "undo", key).status_code == 409


def test_only_reviewers_decide(desk: Office, iomld: Command) -> None:
    """Others and forms from elsewhere are refused, and nothing is kept."""
    key = mentions(desk.datadir, iomld)[0]["key"]
    form = {"mention": key, "decision": "accepted"}
    _, submitter = desk.new_token(TokenScope.SUBMIT)
    with desk.browser() as nobody:
        assert (nobody.get(PATH).status_code, nobody.post(PATH, data=form).status_code) == (401, 401)
    with desk.client(desk.reviewer) as program:  # a token in a header is no page
        assert program.post(PATH, data=form).status_code == 401
    with desk.signed_in(submitter) as sender:
        assert (sender.get(PATH).status_code, decide(sender, "accepted", key).status_code) == (403, 403)
    with desk.signed_in(desk.reviewer) as browser:
        assert browser.post(PATH, data=form).status_code == 403
        elsewhere = {"Sec-Fetch-Site": "cross-site"}
        whole = form | form_values(browser.get(PATH).text) | form
        assert browser.post(PATH, data=whole, headers=elsewhere).status_code == 403
        assert decide(browser, "maybe", key).status_code == 400
        assert decide(browser, "accepted", "PO.9001:000000000000").status_code == 404
        assert decide(browser, "accepted", "../x:\x00").status_code == 404
        assert browser.get(PATH, params={"review": "odd"}).status_code == 400
        assert browser.get(PATH, params={"after": '" } #'}).status_code == 200
    assert desk.inbox.decisions.waiting() == {}


def test_a_rejected_mention_stays_rejected_through_three_publishes(
    page_data: Path, tmp_path: Path, iomld: Command
) -> None:
    """Decided on the page, published by `iomld work`; kept by later publishes, one of them with a changed text."""
    listed = mentions(page_data, iomld)
    named = [one["framework"] for one in listed]
    lone = next(one for one in listed if sum(name.startswith(one["framework"]) for name in named) == 1)  # and no part
    with office(page_data) as desk, desk.signed_in(desk.reviewer) as browser:
        assert decide(browser, "rejected", lone["key"]).status_code == 303
        assert iomld("work", "--once", "--to", page_data).returncode == 0
        assert desk.inbox.decisions.waiting() == {}
    text = PAGE.read_text(encoding="utf-8")
    changed = tmp_path / "page.txt"
    for title in ("", " (renewed)", " (renewed again)"):
        changed.write_text(re.sub(r"^(.*\S)", rf"\1{title}", text, count=1), encoding="utf-8")
        assert iomld("publish", changed, "--to", page_data).returncode == 0
        (found,) = [one for one in mentions(page_data, iomld) if one["key"] == lone["key"]]
        assert found["review"] == "rejected"
        is_it = f"FILTER(STRENDS(STR(?framework), '/{lone['framework']}'))"
        query = f"ASK {{ ?project <https://w3id.org/iomld/ns#mentionsFramework> ?framework {is_it} }}"
        assert "false" in iomld("query", query, "--format", "json", "--from", page_data).stdout


def test_a_decision_about_a_text_that_changed_is_asked_again(page_data: Path, iomld: Command) -> None:
    """It is dropped when it is published, and keeps the others from nothing."""
    key = mentions(page_data, iomld)[0]["key"]
    with Inbox(page_data) as inbox:
        inbox.decisions.decide("PO.9001:000000000000", "rejected", NOW)
        inbox.decisions.decide(key, "accepted", NOW)
        assert iomld("work", "--once", "--to", page_data).returncode == 0
        assert inbox.decisions.waiting() == {}
    assert [one["review"] for one in mentions(page_data, iomld) if one["key"] == key] == ["accepted"]


def test_changes_name_the_state_of_a_review(page_data: Path, iomld: Command) -> None:
    """In the language of the page, as the page of the project names it."""
    with office(page_data) as desk, desk.signed_in(desk.reviewer) as browser:
        assert decide(browser, "accepted", mentions(page_data, iomld)[0]["key"]).status_code == 303
        assert iomld("work", "--once", "--to", page_data).returncode == 0
    with office(page_data) as desk, desk.browser() as reader:
        page = reader.get("/changes", params={"lang": "es"}, headers={"Accept": "text/html"}).text
    with office(page_data) as desk, desk.signed_in(desk.reviewer) as browser:
        assert "Menciones revisadas: 1, correctas: 1" in browser.get(PATH, params={"lang": "es"}).text
    assert " (aceptado)</span>" in page
    assert " (accepted)" not in page
