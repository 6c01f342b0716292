"""What people decided about mentions stays through publishes, and is named where the text has changed."""

import csv
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from tests.browse.asking import Asker
from tests.commands import run_iomld
from tests.conftest import Command
from tests.publish.digests import digests

from iomld.browse.overview import matcher_precision
from iomld.browse.view import open_view
from iomld.release import FILES, current_release
from iomld.web.pages.overview import page_routes

TEXT = "Officers of two ports plan their work together. It follows the Global Compact for Migration. It cites the GCM."
RECORD = {
    "projectCode": "PO.9002",
    "title": {"en": "A good record"},
    "abstract": {"en": TEXT},
    "status": "completed",
    "projectType": "PO",
    "coverage": "national",
    "region": "africa",
    "startYear": "2018",
    "endYear": "2019",
    "allocationYear": "2018",
    "budgetUSD": "100000.50",
    "benefitingMemberStates": ["NA"],
}
OTHER = RECORD | {"projectCode": "PO.9003", "title": {"en": "Another record"}}
# What is said first is other than before, and far from the passages.
CHANGED = RECORD | {"abstract": {"en": f"Rewritten: {TEXT}"}}
FRAMEWORKS = "SELECT ?f { ?p iomld:projectCode 'PO.9002' ; iomld:mentionsFramework/skos:notation ?f } ORDER BY ?f"


def written(path: Path, *records: object) -> Path:
    """A file of records."""
    path.write_text(json.dumps(records))
    return path


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of two records with the same mentions, for tests that copy it."""
    folder = tmp_path_factory.mktemp("published")
    assert run_iomld("publish", written(folder / "a.json", RECORD, OTHER), "--to", folder / "to").returncode == 0
    return folder / "to"


@pytest.fixture
def to(published: Path, tmp_path: Path) -> Path:
    """A folder of its own with this release."""
    return Path(shutil.copytree(published, tmp_path / "to", symlinks=True))


def listed(iomld: Command, to: Path, *options: str) -> list[dict[str, Any]]:
    """The mentions of the first record."""
    done = iomld("mentions", "list", "--format", "json", "--from", to, *options)
    assert done.returncode == 0, done.stderr
    return [one for one in json.loads(done.stdout) if one["project"] == "PO.9002"]


def reviews(iomld: Command, to: Path) -> list[tuple[str, str]]:
    """The words and the reviews of its mentions."""
    return [(one["quote"], one["review"]) for one in listed(iomld, to)]


def frameworks(iomld: Command, to: Path) -> list[str]:
    """The frameworks that the first record mentions."""
    return iomld("query", FRAMEWORKS, "--from", to, "--format", "csv").stdout.split()[1:]


def key_of(iomld: Command, to: Path, quote: str) -> str:
    """The key of the mention with some words."""
    (key,) = [one["key"] for one in listed(iomld, to) if one["quote"] == quote]
    return str(key)


def test_a_rejected_mention_stays_rejected(to: Path, tmp_path: Path, iomld: Command) -> None:
    """Through publishes of the same record, of a changed text and of everything again; its framework is gone."""
    assert frameworks(iomld, to) == ["gcm"]
    graphs = (to / "current" / FILES.graphs).read_text().splitlines()
    keys = [key_of(iomld, to, quote) for quote in ("Global Compact for Migration", "GCM")]
    done = iomld("mentions", "reject", keys[0], "--to", to)
    assert (done.returncode, done.stderr) == (0, "")
    assert "changed           1 project" in done.stdout
    assert frameworks(iomld, to) == ["gcm"]  # the other passage still names it
    assert iomld("mentions", "reject", keys[1], "--to", to).returncode == 0
    after = (to / "current" / FILES.graphs).read_text().splitlines()
    assert [line for line in graphs if line not in after] == [line for line in graphs if "doc/project/PO.9002" in line]
    for number, records in enumerate(((RECORD, OTHER), (CHANGED,), (OTHER, CHANGED)), start=1):
        done = iomld("publish", written(tmp_path / f"{number}.json", *records), "--to", to)
        assert (done.returncode, done.stderr) == (0, "")
        assert "reviews           2 recorded" in done.stdout
        assert reviews(iomld, to) == [("Global Compact for Migration", "rejected"), ("GCM", "rejected")]
        assert frameworks(iomld, to) == []
    assert iomld("mentions", "accept", keys[0], "--to", to).returncode == 0
    assert frameworks(iomld, to) == ["gcm"]
    assert iomld("releases", "verify", "--all", "--from", to).returncode == 0


def test_the_same_records_and_reviews_give_the_same_bytes(to: Path, tmp_path: Path, iomld: Command) -> None:
    """Whether the records were published before the review or after it."""
    assert iomld("mentions", "reject", key_of(iomld, to, "GCM"), "--to", to).returncode == 0
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    shutil.copy(to / FILES.reviews, fresh)
    assert iomld("publish", written(tmp_path / "a.json", OTHER, RECORD), "--to", fresh).returncode == 0
    releases = current_release(to), current_release(fresh)
    assert releases[0]
    assert releases[1]
    assert digests(releases[0]) == digests(releases[1])
    assert releases[0].file(FILES.reviews).read_bytes() == releases[1].file(FILES.reviews).read_bytes()


def test_reviews_whose_words_moved_or_went_are_named(to: Path, tmp_path: Path, iomld: Command) -> None:
    """A moved one is asked about again; both stay in the file, and hold again if the text comes back."""
    keys = [key_of(iomld, to, quote) for quote in ("Global Compact for Migration", "GCM")]
    assert iomld("mentions", "reject", *keys, "--to", to).returncode == 0
    text = {"en": "It follows the Global Compact for Migration, and more."}
    done = iomld("publish", written(tmp_path / "b.json", RECORD | {"abstract": text}), "--to", to)
    lines = done.stdout.splitlines()
    moved, orphaned = (next(line for line in lines if line.startswith(f"  {word} ")) for word in ("moved", "orphaned"))
    assert moved.split(maxsplit=1)[1].startswith(
        "PO.9002: gcm 'Global Compact for Migration' in abstract.en, rejected."
    )
    assert orphaned.split(maxsplit=1)[1].startswith("PO.9002: gcm 'GCM' in abstract.en, rejected.")
    report = json.loads((to / "current" / FILES.report).read_text())["reviews"]
    assert (report["applied"], len(report["moved"]), report["orphaned"][0]["exact"]) == (0, 1, "GCM")
    (asked,) = listed(iomld, to, "--review", "unreviewed")
    assert (asked["quote"], asked["earlier"]) == ("Global Compact for Migration", "rejected")
    assert frameworks(iomld, to) == ["gcm"]
    done = iomld("publish", written(tmp_path / "c.json", RECORD), "--to", to)
    assert ("  moved" in done.stdout, "  orphaned" in done.stdout) == (False, False)
    assert frameworks(iomld, to) == []


def test_a_review_that_was_only_recorded_is_published_by_the_next_run(to: Path, tmp_path: Path, iomld: Command) -> None:
    """As after a crash between the two, or with the file of another folder: also for records that do not come again."""
    other = Path(shutil.copytree(to, tmp_path / "other", symlinks=True))
    assert iomld("mentions", "reject", key_of(iomld, to, "GCM"), "--to", other).returncode == 0
    shutil.copy(other / FILES.reviews, to)
    assert reviews(iomld, to)[1] == ("GCM", "unreviewed")
    done = iomld("publish", written(tmp_path / "o.json", OTHER), "--to", to)
    assert "release    " in done.stdout
    assert reviews(iomld, to)[1] == ("GCM", "rejected")
    assert json.loads((to / "current" / FILES.report).read_text())["unchanged"] == 1


def test_a_table_of_mentions_is_filled_in_and_recorded(to: Path, tmp_path: Path, iomld: Command) -> None:
    """The list as CSV with decisions; a fault in one row records nothing, and names its line."""
    table = tmp_path / "mentions.csv"
    rows = list(
        csv.DictReader(io.StringIO(iomld("mentions", "list", "--format", "csv", "--from", to).stdout.lstrip("\ufeff")))
    )
    assert len(rows) == 4

    def save(*decisions: str) -> None:
        with table.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(row | {"review": decision} for row, decision in zip(rows, decisions, strict=True))

    save("rejected", "unreviewed", "no", "")
    done = iomld("mentions", "review", table, "--to", to)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"iomld: {table}, line 4: the review is 'no'.")
    save("rejected", "unreviewed", "accepted", "")
    before = (to / "current").readlink()
    done = iomld("mentions", "review", table, "--to", to, "--dry-run")
    assert "(rejected)" in done.stdout
    assert "reviews           2 would apply" in done.stdout
    assert ((to / "current").readlink(), (to / FILES.reviews).exists()) == (before, False)
    done = iomld("mentions", "review", table, "--to", to)
    assert done.stdout.splitlines()[:3] == [
        "decisions         2",
        "reviews           2 recorded",
        "changed           2 projects",
    ]
    again = iomld("mentions", "review", table, "--to", to)
    assert "no new release: nothing changed" in again.stdout
    assert len((to / FILES.reviews).read_text().splitlines()) == 2
    rows[0]["key"] += "0"
    save("rejected", "", "", "")
    done = iomld("mentions", "review", table, "--to", to)
    assert done.stderr.startswith(f"iomld: Nothing was recorded. {table}, line 2: no published mention has the key '")


def test_what_cannot_be_reviewed_is_said(to: Path, tmp_path: Path, iomld: Command) -> None:
    """Unknown keys, an empty folder, a number that is no confidence, an unknown framework, a damaged file."""
    for arguments, words in (
        (("reject", "PO.9002:0123456789ab", "--to", to), "Nothing was recorded. No published mention has the key"),
        (("reject", "<> ../:%", "--to", to), "Nothing was recorded. No published mention has the key '<> ../:%'."),
        (("accept", "x", "--to", tmp_path / "none"), "nothing is published here, so there are no mentions to review."),
        (("list", "--confidence", "2", "--from", to), "A confidence is a number from 0 to 1"),
        (("list", "--confidence", "NaN", "--from", to), "A confidence is a number from 0 to 1"),
        (("list", "--framework", "gcn", "--from", to), "'gcn' is no framework."),
    ):
        done = iomld("mentions", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr
    (to / FILES.reviews).write_text("{}\n")
    for arguments in (("mentions", "list", "--from", to), ("publish", written(tmp_path / "a.json", OTHER), "--to", to)):
        done = iomld(*arguments)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert f"{to / FILES.reviews}, line 1: this is no review of a mention" in done.stderr


def test_every_release_carries_the_reviews(to: Path, iomld: Command) -> None:
    """Of a withdrawal and of a rollback too; after a rollback, the next publish applies them again."""
    first = (to / "current").readlink().name
    assert iomld("mentions", "reject", key_of(iomld, to, "GCM"), "--to", to).returncode == 0
    reviewed = (to / "current").readlink().name
    recorded = (to / FILES.reviews).read_bytes()
    assert iomld("withdraw", "PO.9003", "--reason", "A test.", "--to", to).returncode == 0
    assert iomld("releases", "rollback", first, "--from", to).returncode == 0
    names = sorted(path.name for path in (to / "releases").iterdir())
    assert [(to / "releases" / name / FILES.reviews).exists() for name in names] == [False, True, True, True]
    assert iomld("releases", "prune", "--keep", "1", "--from", to).returncode == 0
    assert iomld("releases", "restore", reviewed, "--from", to).returncode == 0
    assert (to / "releases" / reviewed / FILES.reviews).read_bytes() == recorded
    assert iomld("releases", "verify", "--all", "--from", to).returncode == 0


def test_provenance_says_which_review_influenced_a_revision(to: Path, iomld: Command) -> None:
    """In the provenance graph, with its time and framework and without a person."""
    assert iomld("mentions", "reject", key_of(iomld, to, "GCM"), "--to", to).returncode == 0
    query = """SELECT ?n ?code { GRAPH ?g { ?rev prov:wasInfluencedBy ?review .
      ?review a iomld:Review ; prov:used ?f ; prov:endedAtTime ?t }
      ?f skos:notation ?code BIND(STRAFTER(STR(?rev), "/doc/project/") AS ?n) }"""
    assert iomld("query", query, "--from", to, "--format", "csv").stdout.split()[1:] == ["PO.9002/rev/2,gcm"]


def test_the_precision_of_the_matcher_is_shown(to: Path, iomld: Command) -> None:
    """On the page about the site, once there are reviews, with the query that counts them."""
    keys = [key_of(iomld, to, quote) for quote in ("Global Compact for Migration", "GCM")]

    def about() -> str:
        served = current_release(to)
        assert served
        app = FastAPI()
        app.include_router(page_routes(lambda: open_view(served)))
        return Asker(app).get("/about").text

    assert 'id="precision"' not in about()
    assert iomld("mentions", "accept", keys[0], "--to", to).returncode == 0
    assert iomld("mentions", "reject", keys[1], "--to", to).returncode == 0
    (sentence,) = re.findall(r'<p id="precision">.*</p>', about())
    assert re.sub("<[^>]*>", "", sentence).startswith(
        "People have reviewed 2 mentions that the program found, and accepted 1. "
    )
    served = current_release(to)
    assert served
    counted = matcher_precision(open_view(served))
    assert (counted.right, counted.reviewed) == (1, 2)
    answer = iomld("query", counted.query, "--from", to, "--format", "csv").stdout.split()[1:]
    assert sorted(row.rpartition("/")[2] for row in answer) == ["accepted,1", "rejected,1"]
