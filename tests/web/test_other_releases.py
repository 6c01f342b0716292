"""Releases other than the one that is served: documents, downloads and queries by name and by time."""

import gc
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tests.conftest import Command
from tests.serving import serve
from tests.sharing import made_once
from tests.web.release_site import ReleaseSite

from iomld.browse.view import open_view
from iomld.fund_folder import own_folder
from iomld.release import open_release, pruning_plan, release_names
from iomld.release.served import served_lines
from iomld.store.query_request import QueryHead, QueryRequest, QueryWorker, StoredRelease
from iomld.store.query_worker import open_handler
from iomld.web.releases import archive
from iomld.web.releases.choice import ReleaseChoice
from iomld.workers.handler import Answer, AnswerWriter

TITLE = "SELECT ?t { ?p <http://purl.org/dc/terms/title> ?t ; a <https://w3id.org/iomld/ns#Project> } ORDER BY ?t"
COUNT = "SELECT (COUNT(*) AS ?n) { ?p a <https://w3id.org/iomld/ns#Project> }"
GONE = "20200101T000000Z-00000000"


@pytest.fixture(scope="module")
def three_releases(tmp_path_factory: pytest.TempPathFactory, few_records: Path, iomld: Command) -> Path:
    """The releases."""

    def publish(folder: Path) -> None:
        records = json.loads(few_records.read_text())
        source = folder.parent / f"{folder.name}.json"
        for title, status in (("Old title", "active"), ("New title", "completed")):
            changed = [one | {"title": {"en": f"{title} {one['projectCode']}"}, "status": status} for one in records]
            source.write_text(json.dumps(changed))
            assert iomld("publish", source, "--to", folder).returncode == 0
        assert iomld("withdraw", "PO.0105", "--reason", "A mistake.", "--to", folder).returncode == 0

    return made_once(tmp_path_factory, "three-releases", publish)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, three_releases: Path) -> Iterator[ReleaseSite]:
    """The server; the release before the first is known by name and not there any more."""
    datadir = shutil.copytree(three_releases, tmp_path_factory.mktemp("three") / "to", symlinks=True)
    names = tuple(line.release for line in served_lines(datadir))
    (datadir / "log").mkdir(exist_ok=True)
    lines = [f"{line.moment:%Y-%m-%dT%H:%M:%SZ}\t{line.release}\n" for line in served_lines(datadir)]
    (datadir / "log" / "served").write_text("".join([f"2020-01-01T00:00:00Z\t{GONE}\n", *lines]))
    with serve(datadir, IOMLD_CLIENT_SECONDS="100000") as server, httpx.Client(base_url=server.address) as client:
        yield ReleaseSite(client, datadir, names)


def titles(answer: httpx.Response) -> list[str]:
    """The titles in the results of a query."""
    return [row["t"]["value"] for row in answer.json()["results"]["bindings"]]


def test_a_document_of_a_release(site: ReleaseSite) -> None:
    """The record as it was, also of a project that was withdrawn since; links and headers name the release."""
    assert site.get("/doc/project/PO.0105", "text/turtle").status_code == 410
    for name, title in zip(site.names, ("Old title", "New title"), strict=False):
        answer = site.get("/doc/project/PO.0105", "text/turtle", release=name)
        assert f"{title} PO.0105" in answer.text
        assert answer.headers["content-location"] == f"/doc/project/PO.0105.ttl?release={name}"
        assert answer.headers["memento-datetime"] == answer.headers["last-modified"]
        assert f'<{site.client.base_url}/doc/project/PO.0105>; rel="original"' in answer.headers["link"]
        assert f"</doc/project/PO.0105.nt?release={name}>" in answer.headers["link"]
        again = site.client.get(answer.url, headers={"Accept": "text/turtle", "If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    assert site.get("/doc/project/PO.0105", "text/turtle", release=site.names[2]).status_code == 410
    today = site.get("/doc/project/CE.0134", "text/turtle")
    assert not {"memento-datetime"} & today.headers.keys()
    assert "release=" not in today.headers["link"]


def test_a_document_of_a_time(site: ReleaseSite) -> None:
    """A time chooses the release that was served then; an identifier passes it on."""
    moments = [line.moment for line in served_lines(site.datadir)[1:]]
    for at, (name, moment) in enumerate(zip(site.names, moments, strict=True)):
        answer = site.get("/doc/project/CE.0134.ttl", asOf=moment.isoformat())
        assert answer.text == site.get("/doc/project/CE.0134.ttl", release=name).text
        assert ("Old title" in answer.text) == (at == 0)
    before = (moments[1] - timedelta(seconds=1)).isoformat()
    redirect = site.get("/id/project/PO.0105", asOf=before)
    assert redirect.status_code == 303
    assert "Old title PO.0105" in site.client.get(redirect.headers["location"]).text


def test_a_page_of_a_release_says_so(site: ReleaseSite) -> None:
    """The page has a link to that of today, which says nothing of releases."""
    page = site.get("/doc/project/CE.0134", "text/html", release=site.names[0])
    assert "Old title" in page.text
    assert f"This page shows the data of the release {site.names[0]}" in page.text
    assert f'href="/doc/project/CE.0134.ttl?release={site.names[0]}"' in page.text
    assert "This page shows the data" not in site.get("/doc/project/CE.0134", "text/html").text
    french = site.get("/doc/project/CE.0134", "text/html", release=site.names[0], lang="fr")
    assert "Cette page montre les données" in french.text


def test_the_description_and_the_files_of_a_release(site: ReleaseSite) -> None:
    """`/dataset`, the dataset itself and the downloads are those that the release had, byte for byte."""
    name = site.names[0]
    assert name in site.get("/dataset", "text/turtle", release=name).text
    assert name in site.get("/dataset/projects", "text/turtle", release=name).text
    held = site.datadir / "releases" / name
    for file in ("dataset.nq.gz", "by-region/africa.nq.gz"):
        if (held / file).exists():
            answer = site.get(f"/downloads/{file}", release=name)
            assert answer.read() == (held / file).read_bytes()
            assert "memento-datetime" in answer.headers
    assert "Old title" in site.get("/downloads/projects.csv", release=name).text
    assert "New title" in site.get("/downloads/projects.csv").text


def test_queries_about_a_release(site: ReleaseSite) -> None:
    """Lookups and queries, by GET and POST, and each again from the cache; today's answers stay those of today."""
    name = site.names[0]
    old = [f"Old title {code}" for code in ("CE.0134", "PO.0105")]
    for _ in range(3):
        assert titles(site.get("/sparql", query=TITLE, release=name)) == old
        assert titles(site.client.post("/sparql", data={"query": TITLE, "release": name})) == old
        typed = {"Content-Type": "application/sparql-query"}
        answer = site.client.post(f"/sparql?release={name}", content=TITLE, headers=typed)
        assert titles(answer) == old
        assert "memento-datetime" in answer.headers
        assert titles(site.get("/sparql", query=TITLE.partition(" ORDER")[0])) == ["New title CE.0134"]
        assert site.get("/sparql", "text/csv", query=COUNT).text.split() == ["n", "1"]
        for release in site.names[:2]:
            assert site.get("/sparql", "text/csv", query=COUNT, release=release).text.split() == ["n", "2"]
    lookup = TITLE.partition(" ORDER")[0]
    assert sorted(titles(site.get("/sparql", query=lookup, asOf="2999-01-01T00:00:00Z"))) == ["New title CE.0134"]
    saved = site.get("/sparql", query=TITLE, release=name, download="1")
    assert f"_{name}." in saved.headers["content-disposition"]


def test_why_a_query_finds_nothing_in_a_release(site: ReleaseSite) -> None:
    """An explanation is about the same release as the query."""
    query = "SELECT * { ?p <http://purl.org/dc/terms/title> 'Old title PO.0105'@en }"
    assert site.get("/sparql", query=query, release=site.names[0], explain="1").json()["rows"] == 1
    assert site.get("/sparql", query=query, explain="1").json()["rows"] == 0


@pytest.mark.parametrize("path", ["/doc/project/CE.0134", "/downloads/dataset.nq.gz", "/dataset", "/sparql"])
def test_what_cannot_be_chosen_has_a_sentence(site: ReleaseSite, path: str) -> None:
    """Unknown and hostile names, removed releases, times that are none, and two choices at once."""
    query = {"query": "ASK {}"} if path == "/sparql" else {}
    name = site.names[0]
    assert f"closest names are: {name}" in site.detail(404, path, **query, release=name[:-1])
    for hostile in ("", "..", f"../{name}", f"{name}/store", "\0", "x" * 5000):
        assert "There is no release" in site.detail(404, path, **query, release=hostile)
    assert f"The release {GONE} was removed" in site.detail(410, path, **query, release=GONE)
    assert f"The release {GONE} was removed" in site.detail(410, path, **query, asOf="2021-01-01T00:00:00Z")
    assert "The first time is 2020-01-01T00:00:00Z" in site.detail(404, path, **query, asOf="2019-12-31T23:59:59Z")
    assert "has no time zone" in site.detail(400, path, **query, asOf="2021-01-01T00:00:00")
    assert "is not a time" in site.detail(400, path, **query, asOf="")
    assert "one release" in site.detail(400, path, **query, asOf="2021-01-01T00:00:00Z", release=name)
    twice = site.client.get(path, params=[*query.items(), ("release", name), ("release", name)])
    assert twice.status_code == 400
    for other in ("revision", "asof", "Release"):
        assert "is not supported" in site.detail(400, path, **query, **{other: name})


def test_pages_that_show_only_today_refuse_other_times(site: ReleaseSite) -> None:
    """A list, a scheme of the vocabulary and a graph of the Graph Store Protocol do not ignore the parameter."""
    for path in ("/projects", "/countries", "/ontology", "/projects.jsonld", "/rdf-graph-store?default"):
        separator = "&" if "?" in path else "?"
        answer = site.client.get(f"{path}{separator}release={site.names[0]}")
        assert answer.status_code == 400, path


def test_the_command_queries_a_release(site: ReleaseSite, iomld: Command) -> None:
    """By name and by time, on a folder and at an endpoint."""
    moment = served_lines(site.datadir)[1].moment.isoformat()
    for place in (str(site.datadir), str(site.client.base_url.join("/sparql"))):
        for option in (("--release", site.names[0]), ("--as-of", moment)):
            done = iomld("query", TITLE, "--from", place, "--format", "csv", *option)
            assert done.stdout.split("\n")[1].strip() == "Old title CE.0134", done.stderr
    both = iomld("query", TITLE, "--from", site.datadir, "--release", site.names[0], "--as-of", moment)
    assert "either --release or --as-of" in both.stderr
    unknown = iomld("query", TITLE, "--from", site.datadir, "--release", "x")
    assert "There is no release “x”" in unknown.stderr


def test_changes_for_programs(site: ReleaseSite, iomld: Command) -> None:
    """JSON by default, or a table or an RDF Patch: those of the command; by default, of the last release."""
    first, second, last = site.names
    for name, media_type in (("json", "*/*"), ("csv", "text/csv"), ("rdf-patch", "application/rdf-patch")):
        answer = site.get("/changes", media_type, since=first)
        done = iomld("releases", "diff", first, "--from", site.datadir, "--format", name)
        assert answer.text.replace("\r\n", "\n").lstrip("\ufeff") == done.stdout.replace("\r\n", "\n").lstrip("\ufeff")
        assert site.get("/changes", since=first, until=last, format=name).content == answer.content
        again = site.client.get(answer.url, headers={"Accept": media_type, "If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    latest = site.get("/changes").json()
    assert (latest["since"], latest["until"], latest["removed"]) == (second, last, 1)
    assert latest["projects"][0]["reason"] == "A mistake."
    whole = site.get("/changes", until=first).json()
    assert (whole["since"], whole["added"], whole["changed"]) == (None, 2, 0)
    (changed,) = [one for one in site.get("/changes", since=first).json()["projects"] if one["change"] == "changed"]
    title = {"field": "title.en", "before": ["Old title CE.0134"], "after": ["New title CE.0134"], "lost": False}
    assert title in changed["fields"]


def test_changes_as_a_page(site: ReleaseSite) -> None:
    """Old and new values in the language of the reader, and links to the forms for programs."""
    page = site.get("/changes", "text/html", since=site.names[0], lang="fr")
    assert page.headers["content-language"] == "fr"
    for text in ("Old title CE.0134", "New title CE.0134", "A mistake.", "format=rdf-patch", "Titre"):
        assert text in page.text
    assert f'href="/doc/project/PO.0105?release={site.names[0]}"' in page.text
    for text in (">Actif<", ">Achevé<"):
        assert text in page.text
    assert ">completed<" not in page.text
    first = site.get("/changes", "text/html", until=site.names[0], lang="en").text
    assert "The first release is" in first
    assert re.search(r"It also added \d+ graphs? that belongs? to no project\.", first)
    assert "differ" not in first
    assert "Before" in site.get("/changes", "text/html", since=site.names[0], lang="en").text


@pytest.mark.parametrize(("language", "badge"), [("fr", "en anglais"), ("es", "en inglés")])
def test_texts_in_another_language_are_marked(site: ReleaseSite, language: str, badge: str) -> None:
    """On the page of changes, of a project and of a revision: by `lang`, and for eyes by a badge."""
    pages = (
        site.get("/changes", "text/html", until=site.names[0], lang=language),
        site.get("/changes", "text/html", since=site.names[0], lang=language),
        site.get("/doc/project/CE.0134", "text/html", lang=language),
        site.get("/doc/project/CE.0134/rev/1", "text/html", lang=language),
        site.get("/doc/project/CE.0134/rev/2", "text/html", lang=language),
    )
    for page in pages:
        marked = f'<span dir="auto" lang="en">Old title CE.0134</span> <span class="in-language">{badge}</span>'
        assert marked in page.text, page.url


def test_changes_that_cannot_be_shown(site: ReleaseSite) -> None:
    """Unknown and removed releases, the first one, another format, and parameters of other routes."""
    first = site.names[0]
    assert f"closest names are: {first}" in site.detail(404, "/changes", since=first[:-1])
    assert "There is no release" in site.detail(404, "/changes", since=first, until="../x")
    assert "take the whole dataset" in site.detail(410, "/changes", since=GONE)
    assert "application/rdf-patch" in site.detail(406, "/changes", since=first, format="xml")
    assert "is not supported" in site.detail(400, "/changes", release=first)


def test_an_open_release_is_not_pruned(three_releases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release is in use as long as the archive or a request has it; the one used least recently makes room."""
    monkeypatch.setattr(archive, "MOST_OPEN", 1)
    first, second, last = map(ReleaseChoice, release_names(three_releases))
    served = open_view(open_release(three_releases, last.name))
    kept = archive.ReleaseArchive(three_releases, lambda: served, own_folder)

    def used() -> tuple[str, ...]:
        gc.collect()
        return pruning_plan(three_releases, 1).used

    assert kept.open(last).views["en"].reader is served.reader
    assert used() == ()
    answering = kept.open(first)
    assert kept.open(first) is answering
    assert used() == (first.name,)
    kept.open(second)
    assert used() == (first.name, second.name)
    del answering
    assert used() == (second.name,)


def test_a_worker_keeps_two_stores_open(three_releases: Path) -> None:
    """Its own and that of the last other release; a release that is gone is a fault of the query alone."""
    releases = [open_release(three_releases, name) for name in release_names(three_releases)]
    own = releases[2]
    handler = open_handler(QueryWorker(str(own.query_store), own.manifest.base, own.manifest.name).to_json())

    def answered(release: StoredRelease | None) -> Answer:
        with closing(AnswerWriter(1 << 20)) as writer:
            answer = handler(QueryRequest(COUNT, "text/csv", None, None, release=release).to_json(), writer)
            counts.append(writer.inline().split()[-1:])
        gc.collect()
        return answer

    counts: list[list[bytes]] = []
    stored = [StoredRelease(one.manifest.name, str(one.query_store)) for one in releases]
    for asked, name in ((None, own), (stored[0], releases[0]), (stored[1], releases[1]), (None, own)):
        assert QueryHead.from_json(answered(asked).head).release == name.manifest.name
        assert len(open_stores(three_releases)) <= 2
    assert counts == [[b"1"], [b"2"], [b"2"], [b"1"]]
    assert answered(StoredRelease("gone", str(three_releases / "gone"))).fault
    assert not answered(None).fault


def open_stores(datadir: Path) -> set[str]:
    """The releases of which this process has files open."""
    start = f"{datadir.resolve()}/releases/"
    links = (os.path.realpath(file) for file in Path("/proc/self/fd").iterdir())
    return {link.removeprefix(start).partition("/")[0] for link in links if link.startswith(start)}
