"""Real pages of the site with known facts, which are not ours to ship; skipped where they are not at hand."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from iomld.merge import record_key
from iomld.model import Project, Record
from iomld.pipeline.conversion import Choices, Outcome
from iomld.pipeline.stages import load_pipeline, outcomes
from iomld.read import read_bytes

PAGES = Path(os.environ.get("IOMLD_SHARED", Path(__file__).parents[3] / "shared")) / "real-pages"
NAMES = sorted(path.stem for path in PAGES.glob("*.txt"))
PIPELINE = load_pipeline(Choices())

pytestmark = pytest.mark.skipif(not NAMES, reason="the real pages are not at hand (IOMLD_SHARED)")


def read(name: str) -> Record:
    """The record of a page."""
    (record,) = read_bytes((PAGES / f"{name}.txt").read_bytes(), file=f"{name}.txt", options=PIPELINE.read_options())
    return record


def facts_of(project: Project) -> dict[str, Any]:
    """A project in the form of the facts."""
    wholes = PIPELINE.linker.matcher.wholes
    return {
        "code": project.code,
        "prima": project.prima_id,
        "budget": f"{project.budget.amount:.0f}" if project.budget and project.budget.currency == "USD" else None,
        "start": project.start_year,
        "end": project.end_year,
        "year": project.allocation_year,
        "status": project.status,
        "type": project.project_type,
        "coverage": project.coverage,
        "region": project.region,
        "states": sorted(project.member_states),
        "others": sorted(project.other_countries),
        "frameworks": sorted({wholes.get(code, code) for code in project.frameworks}),
        "lang": project.titles[0].language,
        "title": project.titles[0].value,
    }


def published(records: tuple[Record, ...]) -> Outcome:
    """The outcome of the stages for the records of one project."""
    (outcome,) = outcomes([records], PIPELINE)
    return outcome


@pytest.mark.parametrize("name", NAMES)
def test_a_page_holds_its_facts_and_no_others(name: str) -> None:
    """Every field is as on the page, no page is refused, and the end that the site invented is left out."""
    facts = json.loads((PAGES / f"{name}.json").read_text(encoding="utf-8"))
    if facts["lang"] == "fr" and facts["start"] is None:
        facts["end"] = None
    record = read(name)
    outcome = published((record,))
    found = facts_of(outcome.project)
    assert set(found.pop("frameworks")) <= set(facts["frameworks"]), "most are named in the text, which is left out"
    assert found == {key: facts[key] for key in found}
    assert not outcome.refused
    assert len(record.values["narrative"][0].text.split("\n")) == 1
    assert all(finding.rule != "unknownLabel" for finding in record.findings)


def test_copies_become_one_project() -> None:
    """The pages are 38 projects, all of which can be published."""
    groups: dict[str, list[Record]] = {}
    for name in NAMES:
        record = read(name)
        groups.setdefault(record_key(record), []).append(record)
    assert len(groups) == 38
    assert not any(outcome.refused for outcome in outcomes(map(tuple, groups.values()), PIPELINE))
