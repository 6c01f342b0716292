"""The feed of revisions: a client that follows it has what is published, after any runs."""

import json
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pyoxigraph import NamedNode, Quad
from tests.amount import amount
from tests.conftest import Command
from tests.ledger.records import RECORD
from tests.serving import Server, serve

from iomld.formats import rdf
from iomld.iris import DCTERMS, RDF
from iomld.ledger.index import open_index

CODES = tuple(f"PO.900{number}" for number in range(1, 6))
LDES_CLIENT = shutil.which("ldes-client")
ACTIVITY = "https://www.w3.org/ns/activitystreams#"
LDES, TREE = "https://w3id.org/ldes#", "https://w3id.org/tree#"
VIEWS = ("/feed", "/feed/latest")
Replica = dict[str, frozenset[str]]


def run_at_random(to: Path, source: Path, chance: random.Random, iomld: Command) -> None:
    """Publish some records, withdraw one, or go back."""
    names = sorted(path.name for path in (to / "releases").iterdir()) if (to / "releases").is_dir() else []
    match chance.choice(("publish", "publish", "withdraw", "rollback")):
        case "withdraw" if names:
            iomld("withdraw", chance.choice(CODES), "--reason", "A test.", "--to", to)  # refused if it is not published
        case "rollback" if names:
            assert iomld("releases", "rollback", chance.choice(names), "--from", to).returncode == 0
        case _:
            chosen = chance.sample(CODES, 2)
            found = [RECORD | {"projectCode": one, "title": {"en": f"Title {chance.randrange(5)}"}} for one in chosen]
            source.write_text(json.dumps(found), encoding="utf-8")
            assert iomld("publish", source, "--to", to).returncode == 0


@pytest.fixture(scope="module", params=range(amount(1)))
def datadir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, iomld: Command) -> Path:
    """Releases of twenty random runs."""
    folder, chance = tmp_path_factory.mktemp("feed"), random.Random(request.param)  # noqa: S311  # no secret
    for _ in range(20):
        run_at_random(folder / "to", folder / "records.json", chance, iomld)
    return folder / "to"


@pytest.fixture(scope="module")
def served(datadir: Path) -> Iterator[Server]:
    """A server of these releases."""
    with serve(datadir) as server:
        yield server


def fetched(server: Server, path: str, **headers: str) -> httpx.Response:
    """What the server answers; an underscore in the name of a header is a hyphen."""
    return httpx.get(
        f"{server.address}{path}",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        timeout=60,
    )


def triples(quads: Iterator[Quad]) -> frozenset[str]:
    """Quads without their graphs, as texts that can be compared."""
    return frozenset(str(quad.triple) for quad in quads)


def published(server: Server) -> Replica:
    """The records of the dataset of the server, by graph."""
    quads = tuple(rdf.parse(fetched(server, "/downloads/dataset.nq").content, rdf.NQUADS))
    names = {name for quad in quads if "/doc/project/" in (name := str(getattr(quad.graph_name, "value", "")))}
    return {name: triples(quad for quad in quads if quad.graph_name == NamedNode(name)) for name in names}


def replica(members: list[Quad]) -> Replica:
    """What a client has that keeps the newest version of each record; a deleted one is gone."""
    of = {(quad.subject, quad.predicate.value): quad.object for quad in members}
    created = {subject: str(value) for (subject, predicate), value in of.items() if predicate == f"{DCTERMS}created"}
    kept: Replica = {}
    for member in sorted(created, key=lambda one: created[one]):
        record = str(getattr(of[member, f"{DCTERMS}isVersionOf"], "value", ""))
        kept.pop(record, None)
        if of[member, f"{RDF}type"] != NamedNode(f"{ACTIVITY}Delete"):
            kept[record] = triples(quad for quad in members if quad.graph_name == member)
    return kept


def pages_of(server: Server, view: str) -> list[str]:
    """The addresses of the pages that the root of a view leads to, oldest first."""
    root = rdf.parse(fetched(server, view, Accept="application/n-quads").content, rdf.NQUADS)
    return [str(getattr(one.object, "value", "")) for one in root if one.predicate.value == f"{TREE}node"]


def members_of(server: Server, view: str) -> list[Quad]:
    """The quads of all pages of a view."""
    members: list[Quad] = []
    for page in pages_of(server, view):
        assert page.startswith(f"{server.address}{view}/")
        answer = fetched(server, page.removeprefix(server.address), Accept="application/trig")
        assert answer.headers["content-type"] == "application/trig"
        assert answer.headers["cache-control"] == "public, max-age=86400, immutable"
        members += rdf.parse(answer.content, rdf.TRIG)
    return members


@pytest.mark.parametrize("view", VIEWS)
def test_a_browser_learns_what_the_feed_is(served: Server, view: str) -> None:
    """It cannot show the stream, so the page says whom it is for and leads to the changes."""
    answer = fetched(served, view, Accept="text/html")
    page = answer.text
    assert answer.status_code == 406
    assert "event stream (LDES) of the records, for programs" in page
    assert 'href="/changes"' in page


@pytest.mark.parametrize("view", VIEWS)
def test_a_replica_equals_the_dataset(served: Server, view: str) -> None:
    """All pages that the root leads to, read in the order of their times."""
    members = members_of(served, view)
    assert replica(members) == published(served)


def test_the_latest_view_has_each_record_once(served: Server) -> None:
    """It says that it keeps one version of each, and pages without any are gone; the view of all has them all."""
    members = members_of(served, "/feed/latest")
    records = [one.object for one in members if one.predicate.value == f"{DCTERMS}isVersionOf"]
    everything = {one.object for one in members_of(served, "/feed") if one.predicate.value == f"{DCTERMS}isVersionOf"}
    assert len(records) == len(set(records))
    assert set(records) == everything
    root = {
        str(one.triple)
        for one in rdf.parse(fetched(served, "/feed/latest", Accept="application/n-quads").content, rdf.NQUADS)
    }
    policy = f"{served.address}/feed/latest#policy"
    integer = "http://www.w3.org/2001/XMLSchema#integer"
    assert f"<{served.address}/feed/latest> <{LDES}retentionPolicy> <{policy}>" in root
    assert f'<{policy}> <{LDES}versionAmount> "1"^^<{integer}>' in root
    kept = {page.replace("/feed/latest/", "/feed/") for page in pages_of(served, "/feed/latest")}
    every = {*pages_of(served, "/feed")}
    assert kept < every
    for page in every - kept:
        path = page.removeprefix(served.address)
        answer = fetched(served, path.replace("/feed/", "/feed/latest/"))
        assert answer.status_code == 410
        assert f"is at {path}." in answer.json()["detail"]


# The client writes numbers and truth values as Turtle does.
_BARE = re.compile(r" (?P<value>[-+]?[0-9]+(?P<fraction>\.[0-9]+)?|true|false)(?= (?:<[^<>]*> )?\.$)")


def _typed(found: re.Match[str]) -> str:
    kind = "boolean" if found["value"] in {"true", "false"} else "decimal" if found["fraction"] else "integer"
    return f' "{found["value"]}"^^<http://www.w3.org/2001/XMLSchema#{kind}>'


@pytest.mark.skipif(not LDES_CLIENT, reason="needs ldes-client: npm install --global ldes-client@0.3.0")
@pytest.mark.parametrize("view", VIEWS)
def test_a_client_of_ldes_has_the_dataset(served: Server, view: str) -> None:
    """The client of npm follows the feed by itself, and writes its members as N-Quads."""
    done = subprocess.run(
        [str(LDES_CLIENT), f"{served.address}{view}", "--ordered", "ascending"],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    lines = [_BARE.sub(_typed, line) for line in done.stdout.splitlines() if line.startswith("<")]
    members = list(rdf.parse("\n".join(lines).encode(), rdf.NQUADS))
    assert replica(members) == published(served)


def test_a_page_is_asked_for_again_at_no_cost(served: Server) -> None:
    """The roots have entity tags, and what does not exist or has no named graphs is refused."""
    for view in VIEWS:
        first = fetched(served, view)
        assert first.headers["content-type"] == "application/trig"
        assert first.headers["cache-control"] == "no-cache"
        assert fetched(served, view, If_None_Match=first.headers["etag"]).status_code == 304
        assert fetched(served, view, Accept="text/turtle").status_code == 406
        for path in ("/never", "/never/2", "/latest", f"/{pages_of(served, view)[0].rpartition('/')[2]}/7"):
            expected = 200 if (view, path) == ("/feed", "/latest") else 404
            assert fetched(served, f"{view}{path}").status_code == expected


@pytest.mark.parametrize("size", [1, 2, 500])
def test_a_part_of_a_run_has_the_same_number_for_ever(datadir: Path, size: int) -> None:
    """The parts with newest revisions are some of those that a run is cut into, whatever came later."""
    ledger = open_index(datadir)
    assert ledger is not None
    records = "https://w3id.org/iomld/doc/project/"
    expected = []
    for run in ledger.runs(records):
        for start in range(0, run.revisions, size):
            members = ledger.revisions_of_run(run.name, records, start=start, most=size)
            newest = [one for one in members if ledger.latest(one.revision.graph) == one.revision.revision]
            if newest:
                expected.append((run.name, start // size + 1, run.created, len(newest)))
    assert list(ledger.newest_by_part(records, size)) == expected
    ledger.close()
