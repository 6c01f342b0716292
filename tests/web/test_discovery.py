"""robots.txt, the sitemap, security.txt and the icon."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.robotparser import RobotFileParser

import httpx
import pytest
from fastapi import FastAPI
from tests.browse.asking import Asker
from tests.conftest import PROJECT_COUNT
from tests.serving import Server

from iomld.browse.view import ReleaseView, open_view
from iomld.config import read_settings
from iomld.errors import SettingsError
from iomld.release import current_release
from iomld.web.data import discovery
from iomld.web.data.discovery import discovery_routes

LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


@pytest.fixture(scope="module")
def opened(datadir: Path) -> ReleaseView:
    """The bundled records."""
    current = current_release(datadir)
    assert current is not None
    return open_view(current)


def asker(opened: ReleaseView, contact: str = "") -> Asker:
    """A client of the routes alone."""
    app = FastAPI()
    app.include_router(discovery_routes(lambda: opened, contact))
    return Asker(app)


def located(answer: httpx.Response) -> list[str]:
    """The addresses in a sitemap or an index of sitemaps."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    return [element.text or "" for element in ET.fromstring(answer.content).iter(LOC)]  # noqa: S314  # our own


@pytest.mark.server
def test_the_sitemap_lists_pages_that_are_there(bundled_server: Server) -> None:
    """Each project is in it; of each kind of page the first and the last are found, and crawlers may read them."""
    with httpx.Client(base_url=bundled_server.address, timeout=60) as client:
        addresses = located(client.get("/sitemap.xml"))
        robots = client.get("/robots.txt")
        assert robots.headers["content-type"] == "text/plain; charset=utf-8"
        rules = RobotFileParser()
        rules.parse(robots.text.splitlines())
        assert rules.site_maps() == [f"{bundled_server.address}/sitemap.xml"]
        assert len(addresses) == len(set(addresses))
        kinds: dict[str, list[str]] = {}
        for address in addresses:
            assert rules.can_fetch("*", address), address
            kinds.setdefault(address.rpartition("/")[0], []).append(address)
        assert len(kinds[f"{bundled_server.address}/doc/project"]) == PROJECT_COUNT
        for found in kinds.values():
            for address in found if found[0].count("/") == 3 else (found[0], found[-1]):
                answer = client.get(address, headers={"Accept": "text/html"})
                assert (answer.status_code, answer.headers["content-type"][:9]) == (200, "text/html"), address
        refused = [
            re.escape(path).replace(r"\*", ".*") for path in re.findall(r"^Disallow: (\S+)$", robots.text, re.MULTILINE)
        ]
        for path in ("/sparql?query=ASK{}", "/projects?country=CN", "/query?run=1", "/metrics"):
            assert any(re.match(pattern, path) for pattern in refused), path  # as RFC 9309 has it
        missing = client.get("/.well-known/security.txt")
        assert (missing.status_code, "given no address" in missing.json()["detail"]) == (404, True)


def test_a_long_sitemap_has_an_index(opened: ReleaseView, monkeypatch: pytest.MonkeyPatch) -> None:
    """All parts together have the addresses of the whole; a part beyond the last is not there."""
    client = asker(opened)
    whole = located(client.get("/sitemap.xml"))
    monkeypatch.setattr(discovery, "_MOST_ADDRESSES", 100)
    index = located(client.get("/sitemap.xml"))
    parts = [located(client.get(address.removeprefix("http://localhost"))) for address in index]
    assert [address for part in parts for address in part] == whole
    assert all(len(part) <= 100 for part in parts)


def test_a_host_that_is_none_is_not_repeated(opened: ReleaseView) -> None:
    """A Host header with other characters than those of a host gives way to the base of the release."""
    answer = asker(opened).get("/robots.txt", headers={"Host": "x.example/<script>"})
    assert "Sitemap: https://w3id.org/iomld/sitemap.xml" in answer.text


def test_security_txt_names_the_contact_that_was_set(opened: ReleaseView) -> None:
    """It has the two fields that RFC 9116 asks for, the second in the future and within a year."""
    answer = asker(opened, "mailto:security@example.org").get("/.well-known/security.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    found = re.fullmatch(r"Contact: mailto:security@example\.org\nExpires: (\S+)\n", answer.text)
    assert found
    left = datetime.fromisoformat(found[1]) - datetime.now(UTC)
    assert timedelta(days=30) < left < timedelta(days=365)


@pytest.mark.parametrize(
    ("text", "contact"),
    [
        ("security@example.org", "mailto:security@example.org"),
        ("https://example.org/report", "https://example.org/report"),
        ("", ""),
        ("Ask Bob", None),
        ("http://example.org/", None),
        ("mailto:a@example.org\nExpires: never", None),
    ],
)
def test_a_contact_is_an_address(text: str, contact: str | None) -> None:
    """An address of mail gets its scheme; what is none stops the command with a sentence."""
    if contact is None:
        with pytest.raises(SettingsError, match=r"(?s)IOMLD_SECURITY_CONTACT: .* write an address of mail"):
            read_settings({"IOMLD_SECURITY_CONTACT": text})
    else:
        assert read_settings({"IOMLD_SECURITY_CONTACT": text}).security_contact == contact


def test_the_icon_is_an_icon(opened: ReleaseView) -> None:
    """Clients that know no SVG get pictures of two sizes."""
    answer = asker(opened).get("/favicon.ico")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/x-icon")
    assert answer.content[:6] == b"\0\0\1\0\2\0"
