"""A publisher of a few records, and random steps in its folder of releases."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path

from tests.ledger.records import RECORD

from iomld import __version__, release
from iomld.pipeline.stages import Pipeline
from iomld.publish.rollback import Rollback, roll_forward
from iomld.publish.run import PublishRequest, publish_sources
from iomld.publish.runs import PublishingSettings
from iomld.publish.withdraw import Withdrawal, withdraw_projects
from iomld.release import FILES
from iomld.release.nquads import read_graphs

CODES = ("PO.9001", "PO.9002", "PO.9003")
BASE = "https://w3id.org/iomld/"


class Publisher:
    """Publishes into one folder, in this process."""

    def __init__(self, folder: Path, pipeline: Pipeline) -> None:
        self.folder, self._pipeline = folder / "to", pipeline
        self._source = folder / "records.json"

    def publish(self, *titles: tuple[str, str]) -> None:
        """Publish a record for each code with a title."""
        found = [RECORD | {"projectCode": code, "title": {"en": title}} for code, title in titles]
        self._source.write_text(json.dumps(found), encoding="utf-8")
        assert not publish_sources(PublishRequest([self._source], self.folder, "Us"), self._pipeline).refused

    def withdraw(self, code: str) -> None:
        """Withdraw a record."""
        withdraw_projects(Withdrawal([code], "x", None, self._settings()))

    def roll_forward(self, name: str) -> None:
        """Publish the content of an earlier release again."""
        roll_forward(Rollback(name, self._settings()))

    def switch(self, name: str) -> None:
        """Serve an earlier release as it is."""
        with release.publisher_lock(self.folder):
            release.roll_back(self.folder, name, datetime.now(UTC))

    def _settings(self) -> PublishingSettings:
        return PublishingSettings(self.folder, self._pipeline.choices.license, "Us", "", __version__)

    def published(self) -> set[str]:
        """The codes of the published records."""
        current = release.current_release(self.folder)
        graphs = read_graphs(current.file(FILES.graphs)) if current else {}
        return {code for code in CODES if f"{BASE}doc/project/{code}" in graphs}


def step(publisher: Publisher, chance: random.Random, number: int) -> None:
    """Do something at random, perhaps with a crash before or after the switch."""
    names, published = release.release_names(publisher.folder), sorted(publisher.published())
    match chance.choice(("publish", "publish", "withdraw", "forward", "switch", "prune", "crash", "index")):
        case "withdraw" if published:
            publisher.withdraw(chance.choice(published))
        case "forward" if names:
            publisher.roll_forward(chance.choice(names))
        case "switch" if names:
            publisher.switch(chance.choice(names))
        case "prune" if names:
            with release.publisher_lock(publisher.folder):
                release.prune(publisher.folder, 3)
        case "crash" if names:
            current = names[-1]
            publisher.publish((chance.choice(CODES), f"Never served {number}"))
            release.switch_to(publisher.folder, current, datetime.now(UTC))
            served = publisher.folder / "log" / "served"
            served.write_bytes(b"".join(served.read_bytes().splitlines(keepends=True)[:-2]))
        case "index":
            (publisher.folder / "log" / "index.sqlite").unlink(missing_ok=True)
        case _:
            publisher.publish(*((code, f"Title {chance.randrange(4)}") for code in chance.sample(CODES, 2)))
