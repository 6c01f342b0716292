"""The markup for search engines: JSON-LD in pages with terms of schema.org, each property legal on its class."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi import FastAPI
from tests.browse.asking import Asker
from tests.browse.released import BASE, HOSTILE, make_release

from iomld.browse.search import all_projects
from iomld.browse.view import ReleaseView, open_view
from iomld.formats import rdf
from iomld.iris import DCAT
from iomld.release import current_release
from iomld.web.data.resources import resource_routes
from iomld.web.pages.overview import page_routes
from iomld.web.pages.structured_data import data_block

# For each class that we use the properties that schema.org gives it (or a class above it) and that we use, as its
# vocabulary says in `domainIncludes`.
LEGAL = {
    "Project": "name alternateName description identifier url funder funding areaServed mainEntityOfPage",
    "PropertyValue": "propertyID value",
    "Organization": "name",
    "MonetaryGrant": "amount funder",
    "MonetaryAmount": "value currency",
    "Country": "name identifier",
    "WebPage": "inLanguage temporalCoverage mentions isBasedOn license dateModified isPartOf",
    "DefinedTerm": "name",
    "Dataset": "name description url keywords license creator publisher datePublished dateModified version "
    "isAccessibleForFree temporalCoverage spatialCoverage distribution",
    "DataDownload": "name contentUrl encodingFormat contentSize sha256 license",
}


class Blocks(HTMLParser):
    """The data blocks of a page, as a browser parts them from the rest, and how often each tag is there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.scripts = 0
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go into a block."""
        self.scripts += tag == "script"
        self._inside = tag == "script" and dict(attrs).get("type") == "application/ld+json"
        if self._inside:
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        """Come out of it."""
        self._inside = self._inside and tag != "script"

    def handle_data(self, data: str) -> None:
        """Keep its text."""
        if self._inside:
            self.found[-1] += data


@cache
def browser_of(view: ReleaseView) -> Asker:
    """A browser of the pages of a release."""
    app = FastAPI()
    app.include_router(page_routes(lambda: view))
    app.include_router(resource_routes(lambda: view))
    return Asker(app, {"Accept": "text/html"})


def markup_of(view: ReleaseView, path: str) -> dict[str, object]:
    """The one block of a page, read."""
    blocks = Blocks(browser_of(view).get(path).text)
    assert blocks.scripts == 2  # the site's own, and the block
    (block,) = blocks.found
    read = json.loads(block)
    assert isinstance(read, dict)
    return read


def nodes(value: object) -> Iterator[Mapping[str, object]]:
    """All nodes of a block."""
    if isinstance(value, Mapping):
        yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


@pytest.fixture(scope="module")
def bundled(datadir: Path) -> ReleaseView:
    """The bundled records."""
    current = current_release(datadir)
    assert current is not None
    return open_view(current)


@pytest.fixture(scope="module")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> ReleaseView:
    """Records that publishing would refuse."""
    return open_view(make_release(tmp_path_factory.mktemp("release")))


def test_a_project_says_who_paid_how_much_for_whom(bundled: ReleaseView) -> None:
    """Names, numbers, money, funder, countries and the record, with the IRIs of the data."""
    found = markup_of(bundled, "/doc/project/PO.0105.html")
    base = bundled.iris.base
    assert (found["@context"], found["@type"], found["@id"]) == (
        "https://schema.org",
        "Project",
        f"{base}id/project/PO.0105",
    )
    assert found["name"] == "Supporting China’s Engagement in the Global Migration Debate"
    assert found["url"] == f"{base}doc/project/PO.0105"
    assert {one["value"] for one in nodes(found["identifier"])} == {"PO.0105", "CN10P0002"}
    fund = {"@type": "Organization", "@id": f"{base}id/fund/idf", "name": "IOM Development Fund"}
    assert found["funder"] == fund
    assert found["funding"] == {
        "@type": "MonetaryGrant",
        "amount": {
            "@type": "MonetaryAmount",
            "@id": f"{base}id/project/PO.0105#budget",
            "value": 100000,
            "currency": "USD",
        },
        "funder": fund,
    }
    assert [one["identifier"] for one in nodes(found["areaServed"])] == ["CN"]
    (record,) = (one for one in nodes(found) if one.get("@type") == "WebPage")
    assert record["temporalCoverage"] == "2017/2019"
    assert len(list(nodes(record["mentions"]))) == 4
    assert re.fullmatch(r"[\d\-]{10}T[\d:]{8}Z", str(record["dateModified"]))


def test_every_property_is_one_of_its_class(bundled: ReleaseView, awkward: ReleaseView) -> None:
    """In all bundled and awkward records and in the dataset; nothing is empty."""
    pages = [(bundled, f"/doc/project/{entry.key}.html") for entry in list(all_projects(bundled))[::3]]
    pages += [
        (bundled, "/downloads"),
        (awkward, "/doc/project/PO.0001.html"),
        (awkward, "/doc/project/A%2FB%20%25.html"),
    ]
    for view, path in pages:
        for node in nodes(markup_of(view, path)):
            used = {name for name in node if not name.startswith("@")}
            assert used <= set(LEGAL[str(node["@type"])].split() if used else ()), (path, node)
            assert all(value not in (None, "", [], {}) for value in node.values()), (path, node)


def test_no_text_breaks_out_of_the_block(awkward: ReleaseView) -> None:
    """A title with markup is whole in the block and runs nowhere; a source that is no address is no link."""
    found = markup_of(awkward, "/doc/project/XS.0001.html")
    assert found["name"] == HOSTILE
    assert "isBasedOn" not in str(found)
    text = '</script><!--<script>]]>\u2028&amp;\\"\0'
    block = str(data_block({"name": text}))
    inner = block.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert not set("<>&\u2028") & set(inner)
    assert json.loads(inner) == {"name": text}


def test_a_bare_record_says_what_is_known(awkward: ReleaseView) -> None:
    """Without money, countries and years there is no such property."""
    assert set(markup_of(awkward, "/doc/project/prima-DZ10P0002.html")) == {
        "@context",
        "@type",
        "@id",
        "name",
        "identifier",
        "url",
        "mainEntityOfPage",
    }
    assert markup_of(awkward, "/doc/project/PO.0001.html")["alternateName"] == ["Un titre"]
    assert str(markup_of(awkward, "/doc/project/PO.0001.html")["description"]).startswith("First line.\nIt follows")
    assert BASE in str(markup_of(awkward, "/doc/project/CODE.ttl")["@id"])


def test_the_dataset_says_what_the_catalogue_says(bundled: ReleaseView) -> None:
    """The downloads of the DCAT description are there, with length and hash where it has them."""
    found = markup_of(bundled, "/downloads")
    described = list(rdf.parse((bundled.release.path / "dataset.ttl").read_bytes(), rdf.TURTLE))
    owned = {
        quad.object
        for quad in described
        if quad.predicate.value == f"{DCAT}distribution" and str(quad.subject) == f"<{bundled.iris.dataset()}>"
    }
    urls = {
        str(quad.object)[1:-1]
        for quad in described
        if quad.predicate.value == f"{DCAT}downloadURL" and quad.subject in owned
    }
    files = {str(one["contentUrl"]): one for one in nodes(found["distribution"])}
    assert set(files) == urls != set()
    packed = files[f"{bundled.iris.base}downloads/dataset.nq.gz"]
    assert packed["sha256"] == bundled.release.manifest.files["dataset.nq.gz"]
    assert packed["contentSize"] == f"{(bundled.release.path / 'dataset.nq.gz').stat().st_size} B"
    assert packed["encodingFormat"] == "application/gzip"
    assert files[f"{bundled.iris.base}downloads/projects.csv"]["encodingFormat"] == "text/csv"
    assert found["version"] == bundled.release.manifest.name
    assert re.fullmatch(r"\d{4}-\d\d-\d\d/\d{4}-\d\d-\d\d", str(found["temporalCoverage"]))
    assert 50 <= len(str(found["description"])) <= 5000
