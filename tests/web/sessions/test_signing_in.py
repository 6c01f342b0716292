"""Signing in and out on pages: who gets a session, what the cookie is like, and forms that other sites send."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.serving import Server
from tests.web.submissions.offices import Office, form_token, office

from iomld.inbox.tokens import TokenScope

pytestmark = pytest.mark.server

COOKIE = "__Host-iomld-session"
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def desk(shared_folder: Path) -> Iterator[Office]:
    """A server with an inbox, in which nothing is sent."""
    with office(shared_folder) as opened:
        yield opened


def test_a_token_gives_a_session(desk: Office) -> None:
    """The cookie is for this host alone, no script reads it, and no other site makes a browser send it."""
    with desk.browser() as browser:
        answer = browser.post("/sign-in", data={"token": f" {desk.sender}\n", "next": "/submissions?state=invalid"})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/sign-in?kept=1&next=%2Fsubmissions%3Fstate%3Dinvalid"
        attributes = answer.headers["set-cookie"].split("; ")
        assert re.fullmatch(COOKIE + "=[0-9a-f]{64}", attributes[0])
        assert attributes[1:] == ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"]
        assert "no-store" in answer.headers["cache-control"]
        onward = browser.get(answer.headers["location"], headers={"Cookie": attributes[0]})
        assert (onward.status_code, onward.headers["location"]) == (303, "/submissions?state=invalid")


@pytest.mark.parametrize(
    "other", ['prefs={"theme":"dark"}', "p=a b", "p", "p=é", 'p="', "=p", ";", "p[0]=1", "expires=x", "p=" + "x" * 4000]
)
def test_other_cookies_of_the_host_sign_nobody_out(desk: Office, other: str) -> None:
    """A browser sends what other servers and scripts have set, before or behind the cookie of the session."""
    _, text = desk.new_token(TokenScope.SUBMIT)
    with desk.signed_in(text) as browser:
        ours = browser.headers["Cookie"]
        for cookies in (f"{other}; {ours}", f"{ours}; {other}", f"{other};{ours};{other}"):
            answer = browser.get("/sign-in", headers={"Cookie": cookies.encode()})
            assert answer.status_code == 303, cookies


def test_two_cookies_of_a_session_count_for_nobody(desk: Office) -> None:
    """Nor does one that only looks like it: a browser has one of that name."""
    _, text = desk.new_token(TokenScope.SUBMIT)
    with desk.signed_in(text) as browser:
        ours = browser.headers["Cookie"]
        for cookies in (f"{ours}; {COOKIE}=0", f"{ours}; {ours}", f"x{ours}", f'p="; {ours[:-1]}', ours.lower()):
            assert browser.get("/sign-in", headers={"Cookie": cookies}).status_code == 200, cookies


def test_who_only_reviews_begins_there(desk: Office) -> None:
    """Not on the page to send records, which says that the token cannot send and leads on."""
    with desk.signed_in(desk.reviewer) as reviewer, desk.signed_in(desk.sender) as sender:
        for browser, path in ((reviewer, "/submissions?state=previewed"), (sender, "/submissions/new")):
            for address in ("/sign-in", "/sign-in?kept=1&next=%2Fsubmissions%2Fnew"):
                assert browser.get(address).headers["location"] == path
        assert reviewer.get("/sign-in?next=/review/mentions").headers["location"] == "/review/mentions"
        assert "Your token is for reviewing" in reviewer.get("/submissions/new").text
        assert "Your token is for reviewing" not in sender.get("/submissions/new").text


def test_a_browser_that_keeps_no_cookie_is_told(desk: Office) -> None:
    """Not shown the empty form once more without a word."""
    answer = httpx.get(f"{desk.address}/sign-in?kept=1", headers=PAGE)
    assert "Your browser has not kept the cookie" in answer.text


@pytest.mark.parametrize("text", ["", "wrong", "iomld_000000000000_" + "0" * 72])
def test_a_wrong_token(desk: Office, text: str) -> None:
    """401, the page again with the reason, and neither a cookie nor the text."""
    with desk.browser() as browser:
        answer = browser.post("/sign-in", data={"token": text})
    assert answer.status_code == 401
    assert "This is no valid token" in answer.text
    assert "set-cookie" not in answer.headers
    assert not text or text not in answer.text


def test_a_session_ends_with_its_token(desk: Office) -> None:
    """At once, and so does one that somebody signs out of."""
    token, text = desk.new_token(TokenScope.SUBMIT)
    with desk.signed_in(text) as browser:
        assert browser.get("/sign-in").status_code == 303
        desk.inbox.tokens.revoke(token.id)
        assert browser.get("/sign-in").status_code == 200
    with desk.signed_in(desk.sender) as browser, desk.signed_in(desk.sender) as other:
        answer = browser.post("/sign-out", data={"form_token": form_token(browser)})
        assert answer.status_code == 303
        assert answer.headers["set-cookie"].startswith(f"{COOKIE}=; ")
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert browser.get("/sign-in").status_code == 200
        assert other.get("/sign-in").status_code == 303


@pytest.mark.parametrize(
    "next_",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:x", "/a\r\nb: c", "/sign-in", ""],
)
def test_nobody_is_led_to_another_site(desk: Office, next_: str) -> None:
    """Whatever the address of the page to go on to is, it stays on this server."""
    with desk.signed_in(desk.sender) as browser:
        answer = browser.get("/sign-in", params={"next": next_})
        assert (answer.status_code, answer.headers["location"]) == (303, "/submissions/new")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[bad"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({}, 303),
    ],
)
def test_forms_of_other_sites(desk: Office, headers: dict[str, str], status: int) -> None:
    """Another site can neither sign people in, nor out."""
    with desk.browser() as browser:
        assert browser.post("/sign-in", data={"token": desk.sender}, headers=headers).status_code == status
    with desk.signed_in(desk.sender) as browser:
        answer = browser.post("/sign-out", data={"form_token": form_token(browser)}, headers=headers)
        assert answer.status_code == status
        assert browser.get("/sign-in").status_code == (200 if status == 303 else 303)


@pytest.mark.parametrize("form", [{"other": "x"}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": "é"}])
def test_a_form_without_what_our_pages_put_in(desk: Office, form: dict[str, str]) -> None:
    """403, also with that of another session, and nobody is signed out."""
    _, text = desk.new_token(TokenScope.SUBMIT)  # of the sender's, a session more than twenty in a second ends any
    with desk.signed_in(text) as browser, desk.signed_in(text) as other:
        for data in (form, {"form_token": form_token(other)}):
            answer = browser.post("/sign-out", data=data)
            assert answer.status_code == 403
            assert "nothing was done" in answer.text
        assert browser.get("/sign-in").status_code == 303


@pytest.mark.parametrize("cookie", ["", "x", "0" * 64, "é", "a; " + COOKIE + "=b", "\x80"])
def test_a_forged_cookie(desk: Office, cookie: str) -> None:
    """It is nobody's, and the page says how to sign in."""
    headers = PAGE | {"Cookie": f"{COOKIE}={cookie}".encode("utf-8", "replace")}
    answer = httpx.post(f"{desk.address}/sign-out", data={"form_token": "x"}, headers=headers)
    assert answer.status_code == 401
    assert "/sign-in?next=" in answer.text


def test_a_form_that_cannot_be_read(desk: Office) -> None:
    """It is too large, of another type, or has too many fields."""
    with desk.signed_in(desk.sender) as browser:
        headers = {**browser.headers, "Content-Type": "application/x-www-form-urlencoded"}
    for content, status in ((b"a=" + b"x" * 300_000, 413), (b"&a=" * 20_000, 400)):
        assert httpx.post(f"{desk.address}/sign-out", content=content, headers=headers).status_code == status
    headers["Content-Type"] = "application/json"
    assert httpx.post(f"{desk.address}/sign-out", content=b"{}", headers=headers).status_code == 415


def test_over_http_from_elsewhere(desk: Office) -> None:
    """Nobody signs in where others can read along; behind a proxy with https, people can."""
    elsewhere = PAGE | {"Host": "data.example.org"}
    page = httpx.get(f"{desk.address}/sign-in", headers=elsewhere)
    assert "Sign in over https" in page.text
    assert 'name="token"' not in page.text
    answer = httpx.post(f"{desk.address}/sign-in", data={"token": desk.sender}, headers=elsewhere)
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


def test_behind_a_proxy_with_https(folder: Path) -> None:
    """The server knows it from a proxy that it trusts."""
    with office(folder, IOMLD_TRUSTED_PROXIES="127.0.0.1") as desk:
        headers = PAGE | {"Host": "data.example.org", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
        answer = httpx.post(f"{desk.address}/sign-in", data={"token": desk.sender}, headers=headers)
        assert answer.status_code == 303


def test_trying_tokens_costs_a_client_its_time(folder: Path) -> None:
    """After some wrong ones, the answer is 429; also for the right one, so that nothing is learnt."""
    with office(folder, IOMLD_CLIENT_SECONDS="7", IOMLD_CLIENT_REFILL="0.06") as desk, desk.browser() as browser:
        tries = [browser.post("/sign-in", data={"token": "x"}).status_code for _ in range(6)]
        assert tries[:3] == [401] * 3
        assert tries[-1] == 429
        assert browser.post("/sign-in", data={"token": desk.sender}).status_code == 429


def test_pages_for_everybody_have_no_cookie(desk: Office) -> None:
    """They are the same whoever is signed in, and caches may keep them."""
    with desk.signed_in(desk.sender) as browser:
        mine, anybody = browser.get("/about"), httpx.get(f"{desk.address}/about", headers=PAGE)
    assert mine.content == anybody.content
    assert "set-cookie" not in mine.headers
    assert mine.headers["cache-control"] == "no-cache"


def test_cookies_do_not_count_for_programs(desk: Office) -> None:
    """A token in the header counts alone, and a cookie in place of it does not."""
    with desk.signed_in(desk.sender) as browser:
        headers = {"Accept": "application/json", "Authorization": "Bearer x"}
        assert browser.get("/submissions", headers=headers).status_code == 401
        assert (
            browser.post("/submissions", json={"projectCode": "PO.0105"}, headers={"Accept": "*/*"}).status_code == 401
        )


def test_a_server_without_an_inbox(bundled_server: Server) -> None:
    """It has no page to sign in, and its menu leads to none."""
    answer = httpx.get(f"{bundled_server.address}/sign-in", headers=PAGE)
    assert (answer.status_code, "takes no submissions" in answer.text) == (404, True)
    assert "/submissions" not in answer.text
