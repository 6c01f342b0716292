"""Memento (RFC 7089): the TimeGate and the TimeMap of a record, and the links and headers of its revisions."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

import httpx
import memento_client
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.amount import amount
from tests.browse.documents import documents_of
from tests.conftest import Command
from tests.ledger.history import CODE, ERASED, GONE, NEWEST, OTHER, PATH, WITHDRAWN, full_history
from tests.serving import serve

LINK = re.compile(r'<([^<>]*)>((?:; [a-z]+="[^"]*")*)(?:,\s*|\s*$)')
Links = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def datadir(tmp_path_factory: pytest.TempPathFactory, iomld: Command) -> Path:
    """The releases."""
    return full_history(tmp_path_factory, iomld)


@pytest.fixture(scope="module")
def client(datadir: Path) -> Iterator[httpx.Client]:
    """A client of a server of the releases, which follows no redirect."""
    with (
        serve(datadir, IOMLD_CLIENT_SECONDS="100000") as server,
        httpx.Client(base_url=server.address, timeout=60) as client,
    ):
        yield client


def links(text: str) -> Links:
    """The links of a header or of a document in link-format: the parameters of each target."""
    found = list(LINK.finditer(text))
    assert "".join(one[0] for one in found) == text
    targets = {one[1]: dict(re.findall(r'; ([a-z]+)="([^"]*)"', one[2])) for one in found if "rel=" in one[2]}
    assert len(targets) == len({one[1] for one in found})
    return targets


def history(text: str) -> dict[str, str]:
    """The targets of the relations of Memento; a link to an archived state has the relation `memento` among others."""
    names = {"original", "timegate", "timemap", "memento", "first", "last", "prev", "next", "self"}
    pairs = re.findall(r'<([^<>]*)>; rel="([^"]*)"', text)
    return {relation: target for target, rel in pairs for relation in rel.split() if relation in names}


def times(client: httpx.Client, code: str = CODE) -> dict[int, datetime]:
    """The time of each revision, by the TimeMap."""
    timemap = client.get(f"/timemap/doc/project/{code}").text
    found = re.findall(r'/rev/(\d+)>; rel="[a-z ]*memento"; datetime="([^"]*)"', timemap)
    return {int(number): parsedate_to_datetime(date) for number, date in found}


def at(client: httpx.Client, moment: datetime | str, path: str = PATH) -> httpx.Response:
    """The answer of the TimeGate for a moment."""
    date = moment if isinstance(moment, str) else format_datetime(moment.astimezone(UTC), usegmt=True)
    return client.get(f"/timegate{path}", headers={"Accept-Datetime": date})


def test_the_timemap_lists_every_revision(client: httpx.Client) -> None:
    """Also the withdrawal and the revision whose content was erased; first and last are marked, and so is the span."""
    answer = client.get(f"/timemap{PATH}")
    server = str(client.base_url).rstrip("/")
    assert answer.headers["content-type"] == "application/link-format"
    found = links(answer.text.rstrip("\n"))
    dates = {number: format_datetime(moment, usegmt=True) for number, moment in times(client).items()}
    assert [*dates] == [1, 2, 3, 4, 5, 6]
    assert [*dates.values()] == [found[f"{server}{PATH}/rev/{number}"]["datetime"] for number in dates]
    assert found[f"{server}{PATH}"] == {"rel": "original"}
    assert found[f"{server}/timegate{PATH}"] == {"rel": "timegate"}
    own = {"rel": "self", "type": "application/link-format", "from": dates[1], "until": dates[6]}
    assert found[f"{server}/timemap{PATH}"] == own
    relations = [found[f"{server}{PATH}/rev/{number}"]["rel"] for number in dates]
    assert relations == ["first memento", *["memento"] * 4, "last memento"]
    again = client.get(f"/timemap{PATH}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_only_revision_is_the_first_and_the_last(client: httpx.Client) -> None:
    """Which a link says with both relations, so that there is one link for it."""
    path = f"/doc/project/{OTHER}"
    assert '/rev/1>; rel="first last memento"; datetime="' in client.get(f"/timemap{path}").text
    assert '/rev/1>; rel="first last memento"; datetime="' in client.head(f"/timegate{path}").headers["link"]


def test_the_timegate_leads_to_what_was_current(client: httpx.Client) -> None:
    """From the second of a revision to the one before the next; before all to the first, and by default to the last."""
    server, moments = str(client.base_url).rstrip("/"), times(client)
    second = timedelta(seconds=1)
    ends = [*[moment - second for moment in moments.values()][1:], datetime(2999, 1, 1, tzinfo=UTC)]
    for (number, start), end in zip(moments.items(), ends, strict=True):
        for moment in (start, end):
            answer = at(client, moment)
            assert (answer.status_code, answer.content) == (302, b"")
            assert answer.headers["location"] == f"{server}{PATH}/rev/{number}"
            assert answer.headers["vary"] == "accept-datetime"
            assert "memento-datetime" not in answer.headers
            assert answer.headers["access-control-allow-origin"] == "*"
            found = links(answer.headers["link"])
            assert found[f"{server}{PATH}"] == {"rel": "original"}
            assert found[f"{server}/timemap{PATH}"]["rel"] == "timemap"
            assert "memento" in found[answer.headers["location"]]["rel"].split()
            assert found[answer.headers["location"]]["datetime"] == format_datetime(start, usegmt=True)
            relations = history(answer.headers["link"])
            assert relations["first"].endswith("/rev/1")
            assert relations["last"].endswith(f"/rev/{NEWEST}")
            assert relations.get("prev", "/rev/0").endswith(f"/rev/{number - 1}")
            assert relations.get("next", "/rev/7").endswith(f"/rev/{number + 1}")
    assert at(client, "Thu, 01 Jan 1970 00:00:00 GMT").headers["location"].endswith("/rev/1")
    for method in ("GET", "HEAD"):
        assert client.request(method, f"/timegate{PATH}").headers["location"].endswith(f"/rev/{NEWEST}")


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "2026-11-30T12:00:00Z",
        "Mon, 30 Nov 2026 12:00:00 +0100",
        "Mon, 30 Nov 2026 12:00:00 UTC",
        "Mon, 30 Nov 2026 12:00:00",
        "Monday, 30-Nov-26 12:00:00 GMT",
        "Mon, 31 Feb 2026 12:00:00 GMT",
        "Mon, 30 Nov 0000 12:00:00 GMT",
        "Mon, 30 Nov 2026 25:00:00 GMT",
        "Mon, 30 Nov 2026 12:00:00 GMT; Tue, 01 Dec 2026 12:00:00 GMT",
    ],
)
def test_a_time_that_is_none_is_refused(client: httpx.Client, date: str) -> None:
    """With a sentence that shows how to write one."""
    answer = at(client, date)
    assert answer.status_code == 400
    assert "Write it like Mon, 30 Nov 2026 12:00:00 GMT" in answer.json()["detail"]
    assert "accept-datetime" in answer.headers["vary"].lower()


def test_two_times_are_refused(client: httpx.Client) -> None:
    """Even if both are valid."""
    date = "Mon, 30 Nov 2026 12:00:00 GMT"
    answer = client.get(f"/timegate{PATH}", headers=[("Accept-Datetime", date), ("Accept-Datetime", date)])
    assert answer.status_code == 400


def test_any_header_gives_a_redirect_or_a_sentence(client: httpx.Client) -> None:
    """Whatever bytes a client sends."""
    visible = st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f")

    @settings(max_examples=amount(50))
    @given(
        st.text(visible, max_size=80)
        | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{2} Nov [0-9]{4} [0-9:]{8} GMT", fullmatch=True)
    )
    def check(value: str) -> None:
        answer = client.get(f"/timegate{PATH}", headers=[(b"Accept-Datetime", value.encode("latin-1"))])
        assert answer.status_code in {302, 400}, value

    check()


def test_every_state_says_when_it_was(client: httpx.Client) -> None:
    """Each revision has its time and the three links: also as a page, and without a content."""
    server = str(client.base_url).rstrip("/")
    for number, moment in times(client).items():
        for accept in ("text/turtle", "text/html"):
            answer = client.get(f"{PATH}/rev/{number}", headers={"Accept": accept})
            assert answer.status_code == (410 if number in {WITHDRAWN, ERASED} else 200)
            assert answer.headers["memento-datetime"] == format_datetime(moment, usegmt=True)
            assert "accept-datetime" not in answer.headers["vary"].lower()
            assert history(answer.headers["link"]) == {
                "original": f"{server}{PATH}",
                "timegate": f"{server}/timegate{PATH}",
                "timemap": f"{server}/timemap{PATH}",
            }
    about = client.get(f"{PATH}/rev/1?about=1")
    assert not {"memento-datetime"} & about.headers.keys()
    assert history(about.headers["link"]) == {}


def test_the_document_of_today_leads_to_its_history(client: httpx.Client) -> None:
    """In every form; the answer depends on Accept as before, and is no archived state."""
    server = str(client.base_url).rstrip("/")
    for accept in ("text/turtle", "text/html", "application/linkset+json"):
        answer = client.get(PATH, headers={"Accept": accept})
        assert history(answer.headers["link"]) == {
            "timegate": f"{server}/timegate{PATH}",
            "timemap": f"{server}/timemap{PATH}",
        }
        assert "accept-datetime" not in answer.headers["vary"].lower()
        assert "memento-datetime" not in answer.headers
    assert client.get(f"{PATH}.linkset.json").json()["linkset"][0]["timegate"]
    assert history(client.get("/doc/country/NA").headers["link"]) == {}


def test_a_suffix_is_kept_through_time(client: httpx.Client) -> None:
    """`X.ttl` is a document of its own, whose states are `rev/N.ttl`."""
    server = str(client.base_url).rstrip("/")
    gate = history(client.get(f"{PATH}.ttl").headers["link"])["timegate"]
    assert gate == f"{server}/timegate{PATH}.ttl"
    answer = client.get(gate)
    assert answer.headers["location"] == f"{server}{PATH}/rev/{NEWEST}.ttl"
    state = client.get(answer.headers["location"])
    assert state.headers["content-type"].startswith("text/turtle")
    assert history(state.headers["link"])["original"] == f"{server}{PATH}.ttl"
    assert f"<{server}{PATH}/rev/1.ttl>" in client.get(f"/timemap{PATH}.ttl").text


@pytest.mark.parametrize(("suffix", "accept"), [("", "text/html"), ("", "*/*"), (".ttl", "*/*")])
def test_a_withdrawn_document_leads_to_what_it_was(client: httpx.Client, suffix: str, accept: str) -> None:
    """Its TimeGate leads to the withdrawal by default, and to the content for a time before it."""
    path, server = f"/doc/project/{GONE}", str(client.base_url).rstrip("/")
    answer = client.get(f"{path}{suffix}", headers={"Accept": accept})
    assert answer.status_code == 410
    assert "memento-datetime" not in answer.headers
    assert history(answer.headers["link"])["timegate"] == f"{server}/timegate{path}{suffix}"
    assert client.get(client.get(f"/timegate{path}").headers["location"]).status_code == 410
    before = at(client, times(client, GONE)[1], f"{path}{suffix}").headers["location"]
    assert (before, client.get(before).status_code) == (f"{server}{path}/rev/1{suffix}", 200)


def test_a_release_that_a_request_chose_leads_there_too(client: httpx.Client, datadir: Path) -> None:
    """Its document is a state of the one of today, by the absolute address that clients of Memento need."""
    name = (datadir / "current").readlink().name
    answer = client.get(f"{PATH}.ttl?release={name}")
    server = str(client.base_url).rstrip("/")
    assert answer.headers["memento-datetime"]
    assert history(answer.headers["link"]) == {
        "original": f"{server}{PATH}.ttl",
        "timegate": f"{server}/timegate{PATH}.ttl",
        "timemap": f"{server}/timemap{PATH}.ttl",
    }


@pytest.mark.parametrize("path", ["/doc/project/never", f"{PATH}/rev/1", "/doc/project/", f"/doc/project/..%2F{CODE}"])
def test_what_has_no_revisions_has_no_history(client: httpx.Client, path: str) -> None:
    """404 for the TimeGate and the TimeMap."""
    for root in ("/timegate", "/timemap"):
        answer = client.get(f"{root}{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_other_methods_and_other_times_are_refused(client: httpx.Client) -> None:
    """405 says what is allowed, a preflight request lets scripts of other sites send the header, and `asOf` is none."""
    for root in ("/timegate", "/timemap"):
        answer = client.post(f"{root}{PATH}")
        assert answer.status_code == 405
        assert {"GET", "HEAD"} <= {*answer.headers["allow"].split(", ")}
        assert client.get(f"{root}{PATH}?asOf=2026-01-01T00:00:00Z").status_code == 400
    preflight = client.options(f"/timegate{PATH}", headers={"Access-Control-Request-Headers": "accept-datetime"})
    assert (preflight.status_code, preflight.headers["access-control-allow-headers"]) == (204, "Accept-Datetime")


def test_a_document_does_not_need_its_history(datadir: Path, tmp_path: Path) -> None:
    """It is served without the links if the index of the ledger is damaged while a server runs."""
    to = shutil.copytree(datadir, tmp_path / "to", symlinks=True)
    asker = documents_of(to)
    assert history(asker.get(f"{PATH}.ttl").headers["link"])
    index = to / "log" / "index.sqlite"
    index.write_bytes(b"no database " * (index.stat().st_size // 12))
    answer = asker.get(f"{PATH}.ttl")
    assert answer.status_code == 200
    assert history(answer.headers["link"]) == {}


def test_a_client_of_memento_finds_the_right_revision(client: httpx.Client) -> None:
    """The client of PyPI begins at the document of today, and finds the TimeGate and the state by itself."""
    server, moments = str(client.base_url).rstrip("/"), times(client)
    finder = memento_client.MementoClient(timegate_uri="http://127.0.0.1:1/")
    for begin in (PATH, f"{PATH}/rev/1", f"/id/project/{CODE}"):
        for number, moment in moments.items():
            wanted = moment.replace(tzinfo=None)
            found = finder.get_memento_info(f"{server}{begin}", wanted)
            closest = found["mementos"]["closest"]
            assert (closest["uri"], closest["datetime"]) == ([f"{server}{PATH}/rev/{number}"], wanted)
            assert closest["http_status_code"] == (410 if number in {WITHDRAWN, ERASED} else 200)
            assert found["timegate_uri"] == f"{server}/timegate{PATH}"
            assert found["mementos"]["first"]["uri"] == [f"{server}{PATH}/rev/1"]
            assert found["mementos"]["last"]["datetime"] == moments[NEWEST].replace(tzinfo=None)
    before = finder.get_memento_info(f"{server}{PATH}", datetime(1999, 1, 1))  # noqa: DTZ001  # it knows no zones
    assert before["mementos"]["closest"]["uri"] == [f"{server}{PATH}/rev/1"]
    finder.session.close()
