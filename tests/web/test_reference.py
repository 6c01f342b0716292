"""The API reference: the page has all that `/openapi.json` describes, and each command works."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.serving import Server

from iomld.web.openapi import TAGS

pytestmark = pytest.mark.server

_ARTICLE = re.compile(r'<article class="card operation" id="(\w+)".*?</article>', re.DOTALL)
_COMMAND = re.compile(r'<pre id="\w+-curl">(.*?)</pre>', re.DOTALL)
_CODE = re.compile(r"<code>([^<]*)</code>")
_BY_DEFAULT = {"description": "Successful Response"}  # of FastAPI
_STATUS = re.compile(r"<dt>(\d{3})</dt>")


@pytest.fixture(scope="module")
def client(bundled_server: Server) -> Iterator[httpx.Client]:
    """A client of a server of the bundled records, which the examples name."""
    with httpx.Client(base_url=bundled_server.address, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def operations(client: httpx.Client) -> dict[tuple[str, str], dict[str, Any]]:
    """What `/openapi.json` describes, by method and path."""
    paths = client.get("/openapi.json").json()["paths"]
    return {(method, path): operation for path, methods in paths.items() for method, operation in methods.items()}


@pytest.fixture(scope="module")
def articles(client: httpx.Client) -> dict[str, str]:
    """The part of the page for each operation, by its anchor."""
    text = client.get("/docs").text
    return {match[1]: match[0] for match in _ARTICLE.finditer(text)}


def test_every_operation_is_on_the_page(
    operations: dict[tuple[str, str], dict[str, Any]], articles: dict[str, str]
) -> None:
    """Method, path, parameters, statuses and media types of each operation are there, and no other operation is."""
    assert list(articles) != []
    assert set(articles) == {operation["operationId"] for operation in operations.values()}
    assert len(articles) == len(operations)
    for (method, path), operation in operations.items():
        article = articles[operation["operationId"]]
        codes = {unescape(code) for code in _CODE.findall(article)}
        assert f'<span class="verb">{method.upper()}</span>' in article
        assert path in codes
        assert {one["name"] for one in operation.get("parameters", [])} <= codes
        words = {
            value
            for one in operation.get("parameters", [])
            for value in one["schema"].get("enum", ())
            if "/" not in value
        }
        assert words <= codes
        assert _STATUS.findall(article) == sorted(operation["responses"])
        types = {type_ for status in operation["responses"].values() for type_ in status.get("content", ())}
        assert types - {"application/problem+json", "text/html"} <= codes
        assert set(operation.get("requestBody", {}).get("content", ())) <= codes


def test_every_operation_is_described(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Each operation has one tag and a summary, each parameter is declared once with a description."""
    assert {tag for operation in operations.values() for tag in operation["tags"]} == {tag["name"] for tag in TAGS}
    for route, operation in operations.items():
        parameters = operation.get("parameters", [])
        assert len(operation["tags"]) == 1, route
        assert re.fullmatch(r"[A-Z].*[^.]", operation["summary"]), route
        assert operation.get("description", ".").endswith("."), route
        assert all(one["description"].endswith(".") for one in parameters), route
        fields = [
            one["schema"].get("properties", {}) for one in operation.get("requestBody", {}).get("content", {}).values()
        ]
        assert all(field["description"] for one in fields for field in one.values()), route
        names = [(one["in"], one["name"]) for one in parameters]
        assert len(names) == len(set(names))


def test_no_answer_is_described_that_no_route_gives(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    """FastAPI adds a 200 to routes that redirect, unless they state their status."""
    described = {route: operation["responses"].values() for route, operation in operations.items()}
    assert [route for route, ones in described.items() if any(one == _BY_DEFAULT for one in ones)] == []
    redirects = [("post", path) for path in ("/sign-in", "/sign-out", "/review/mentions")]
    assert [route for route in redirects if "200" in operations[route]["responses"]] == []


def test_the_page_names_the_routes_that_answer_preflight_requests(
    operations: dict[tuple[str, str], dict[str, Any]], client: httpx.Client
) -> None:
    """A script of another site can send JSON or a token nowhere else, and the page says so."""
    intro = client.get("/docs").text.partition("also answer preflight requests")[0].rpartition("HEAD")[2]
    paths = {path for method, path in operations if method == "options"}
    assert set(_CODE.findall(intro)) == {f"/{path.split('/')[1]}" for path in paths}
    asked = {"Origin": "http://o.example", "Access-Control-Request-Method": "POST"}
    for path in ("/validate", "/annotate", "/submissions", "/sign-in"):
        assert client.options(path, headers=asked).status_code == 405
    for path in paths:
        if "{" not in path:
            assert client.options(path, headers=asked).headers["access-control-allow-origin"] == "*", path


def test_the_contents_lead_to_every_operation(client: httpx.Client, articles: dict[str, str]) -> None:
    """The table of contents has a link to each section and operation."""
    contents = re.search(r'<nav class="contents".*?</nav>', client.get("/docs").text, re.DOTALL)
    assert contents
    assert set(re.findall(r'href="#(\w+)"', contents[0])) == {*articles, *(tag["name"] for tag in TAGS)}


_WITHOUT_EXAMPLE = {  # names that no release has
    "get_well_known_genid_name",
    "get_feed_run",
    "get_feed_run_page",
    "get_feed_latest_run",
    "get_feed_latest_run_page",
    "get_feed_atom_run",
    "get_feed_atom_run_page",
    "get_submissions_id",
    "get_submissions_id_body",
    "post_submissions_id_accept",
    "post_submissions_id_reject",
    "post_submissions_id_cancel",
    "get_receipts_id",
}
_WITH_TOKEN = {"get_submissions", "post_submissions", "post_sign_out", "get_review_mentions", "post_review_mentions"}
_WITH_INBOX = {"get_submissions_new", "get_sign_in", "post_sign_in"}


def test_every_command_works_when_pasted(articles: dict[str, str], tmp_path: Path) -> None:
    """Each operation but those of a blank node, a run and a submission has a curl command, and a good answer to it."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    for anchor, article in articles.items():
        command = _COMMAND.search(article)
        assert (command is None) == (anchor in _WITHOUT_EXAMPLE), anchor
        if command is None:
            continue
        shell = _copied(command[1]) + " -sS -w '\\n%{http_code}'"
        done = subprocess.run(["/bin/sh", "-c", shell], cwd=tmp_path, capture_output=True, check=False)
        status = done.stdout.decode(errors="replace").rpartition("\n")[2]
        assert (anchor, done.returncode, done.stderr) == (anchor, 0, b"")
        assert b"\0" not in done.stdout, anchor  # curl writes no such answer to a terminal
        expected = "404" if anchor == "get_well_known_security_txt" else "200|204|30[23]"  # no contact is set
        expected = "401" if anchor in _WITH_TOKEN else expected  # there is none in the shell
        expected = "404" if anchor in _WITH_INBOX else expected  # the server has none
        assert re.fullmatch(expected, status), (anchor, status)
    assert (tmp_path / "dataset.nq.gz").stat().st_size > 0


def test_the_record_of_the_example_conforms(articles: dict[str, str], client: httpx.Client) -> None:
    """The record that the command for a check sends has no fault."""
    command = _COMMAND.search(articles["post_validate"])
    assert command
    record = _copied(command[1]).partition("--data '")[2].removesuffix("'")
    report = client.post("/validate", content=record, headers={"Content-Type": "application/json"}).json()
    assert report["conforms"] is True, report


@pytest.mark.parametrize("host", ["x$(id)", "a'b", "<b>", "x/y"])
def test_a_command_names_only_a_host(client: httpx.Client, host: str) -> None:
    """An invalid host is neither shown nor put into a command; the base is used instead."""
    text = _copied(client.get("/docs", headers={"Host": host}).text)
    assert f"http://{host}" not in text
    assert "curl https://w3id.org/iomld/health" in text


def test_a_host_stands_in_the_commands(client: httpx.Client) -> None:
    """The name and port by which the client reached the server."""
    text = _copied(client.get("/docs", headers={"Host": "data.example.org:8080"}).text)
    assert "curl http://data.example.org:8080/health" in text


def test_the_page_says_which_routes_need_a_token(
    client: httpx.Client, operations: dict[tuple[str, str], dict[str, Any]]
) -> None:
    """Those for submissions, and no others; the form shows everybody what records would change, as dry runs do."""
    assert "Of the routes for submissions, all but dry runs and receipts need a token." in client.get("/docs").text
    secured = {path for (_, path), operation in operations.items() if operation.get("security")}
    unsecured = {path for (_, path), operation in operations.items() if not operation.get("security")}
    assert all(path.startswith("/submissions") for path in secured)
    assert [path for path in unsecured if path.startswith("/submissions")] == ["/submissions/new"]


def test_the_page_is_in_english_in_every_language(client: httpx.Client) -> None:
    """The menu follows the reader, the reference is marked as English."""
    text = client.get("/docs", params={"lang": "fr"}).text
    assert '<html lang="fr" dir="ltr">' in text
    assert text.count(' lang="en"') >= 2
    assert "Every route of this server" in text


def _copied(html: str) -> str:
    """The text that a browser copies."""
    return unescape(re.sub(r"<[^>]*>", "", html))
