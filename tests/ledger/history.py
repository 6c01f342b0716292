"""A folder of releases with all that can happen to a record, which several tests read."""

import json
from pathlib import Path

import pytest
from tests.conftest import Command
from tests.ledger.records import RECORD
from tests.sharing import made_once

CODE, OTHER, GONE = "PO.9002", "PO.9003", "PO.9004"
PATH = f"/doc/project/{CODE}"
NEWEST = 6
WITHDRAWN, ERASED = 4, 2
TITLES = {1: "First title", 3: 'Third title ]]> & "<" \u202e', 5: "First title", 6: "Sixth title"}
"""The titles of the revisions that have a content; the third has signs of XML."""
ERASED_TITLE = "Second title"  # of the revision that is erased


def record(code: str, title: str) -> dict[str, object]:
    """A record with a title in English and in French."""
    return RECORD | {"projectCode": code, "title": {"en": title, "fr": f"{title} (fr)"}}


def full_history(factory: pytest.TempPathFactory, iomld: Command) -> Path:
    """A record with six revisions: three publishes, of which the second is erased, a withdrawal, a return, a publish.

    The record `OTHER` has one revision, of the first publish, and a title in French alone; `GONE` is published with the
    sixth revision, and withdrawn. Of the releases only the newest is left.
    """

    def make(folder: Path) -> None:
        source, to = folder.with_name("history.json"), folder / "to"

        def done(*arguments: object) -> None:
            result = iomld(*arguments)
            assert result.returncode == 0, result.stderr

        def publish(*records: object) -> None:
            source.write_text(json.dumps(records), encoding="utf-8")
            done("publish", source, "--to", to)

        publish(record(CODE, TITLES[1]), record(OTHER, "") | {"title": {"fr": "Un titre"}})
        first = (to / "current").readlink().name
        publish(record(CODE, ERASED_TITLE))
        publish(record(CODE, TITLES[3]))
        done("withdraw", CODE, "--reason", "By mistake.", "--to", to)
        done("releases", "rollback", first, "--from", to)
        publish(record(CODE, TITLES[6]), record(GONE, "A title"))
        done("withdraw", GONE, "--reason", "A test.", "--to", to)
        done("releases", "prune", "--keep", "1", "--from", to)
        done("releases", "erase", f"{CODE}/rev/{ERASED}", "--reason", "It named a person.", "--from", to)

    return made_once(factory, "full-history", make) / "to"
