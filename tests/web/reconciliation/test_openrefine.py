"""OpenRefine reconciles 200 names of countries, frameworks and projects, extends them, and exports the table."""

import json
import os
from collections.abc import Iterator
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conftest import ROOT
from tests.serving import Server
from tests.web.reconciliation.openrefine import Project, Recon, running_openrefine

pytestmark = pytest.mark.server

FACTS = Path(os.environ.get("IOMLD_SHARED", ROOT.parent / "shared")) / "data"
NAMES = {"country": 105, "framework": 45, "project": 35}
# Names that are left open, each with the best candidate, which its code confirms: they may be the beginning of a longer
# name, or are written wrongly.
OPEN = {
    "Congo": ("CG", "COG"),
    "Guinea": ("GN", "GIN"),
    "Guinée": ("GN", "GIN"),
    "Niger": ("NE", "NER"),
    "Sudan": ("SD", "SDN"),
    "Dominica": ("DM", "DMA"),
    "Korea, Republik": ("KR", "KOR"),
    "South Afrika": ("ZA", "ZAF"),
    "Eritreea": ("ER", "ERI"),
    "Afghanisthan": ("AF", "AFG"),
    "Phillippines": ("PH", "PHL"),
    "Columbia": ("CO", "COL"),
    "Argentinia": ("AR", "ARG"),
    "Ukrain": ("UA", "UKR"),
    "Moçambique!": ("MZ", "MOZ"),
}


def _facts(name: str) -> dict[str, Any]:
    path = FACTS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"the names with their answers are not at hand: {path}")
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return facts


def _country_names() -> Iterator[tuple[str, str]]:
    """Names in three languages and their variants, each with the identifier of its country; no name twice."""
    facts = _facts("vocabularies")
    by_iso3 = {one["iso3"]: one for one in facts["member_states"]}
    variants = (
        (name, one["iso3"])
        for one in facts["name_variants"]["values"]
        if one["iso3"] in by_iso3
        for name in one["variants"]
    )
    named = ((one[f"name_{language}"], iso3) for language in ("fr", "es", "en") for iso3, one in by_iso3.items())
    mixed = chain.from_iterable(zip_longest(variants, islice(named, 0, None, 7)))
    yield from ((name, f"id/country/{by_iso3[iso3]['iso2']}") for name, iso3 in filter(None, mixed))


def _framework_names() -> Iterator[tuple[str, str]]:
    """A name of each framework and its longest alias in each language."""
    for one in _facts("frameworks")["frameworks"]:
        for name in (one["name"], *(max(names, key=len) for names in one["aliases"].values() if names)):
            yield name, f"scheme/framework/{one['id']}"


def _project_names() -> Iterator[tuple[str, str]]:
    """Titles of projects in all languages."""
    for one in _facts("idf_projects")["projects"]:
        if one.get("project_id"):
            yield one["title"], f"id/project/{one['project_id']}"


def test_openrefine_finds_200_names_and_adds_what_is_known_of_them(bundled_server: Server, tmp_path: Path) -> None:
    """It matches each name that is exact; others have the right candidate first, and a code decides about them."""
    url = f"{bundled_server.address}/reconcile"
    service = httpx.get(url).json() | {"url": url}
    found = {"country": _country_names(), "framework": _framework_names(), "project": _project_names()}
    names = {type_: list(islice(dict(found[type_]).items(), number)) for type_, number in NAMES.items()}
    exact = [(name, identifier) for name, identifier in names["country"] if name not in OPEN]
    names["country"] = [*((name, f"id/country/{code}") for name, (code, _) in OPEN.items()), *exact]
    assert sum(map(len, names.values())) == 200
    rows = [
        {type_: name for type_, (name, _) in zip(names, cells, strict=True)}
        | {"code": OPEN.get(cells[0][0], ("", ""))[1]}
        for cells in zip_longest(*names.values(), fillvalue=("", ""))
    ]
    with running_openrefine(tmp_path) as client:
        table = Project(client, rows)
        for column, type_ in enumerate(names):
            assert table.guessed_types(type_, url)[0] == type_
            table.reconcile(type_, service, type_, {})
            expected = [Recon(is_matched=name not in OPEN, first=identifier) for name, identifier in names[type_]]
            assert table.recons(column)[: len(expected)] == expected
        table.reconcile("country", service, "country", {"code": "iso3"})
        assert table.recons(0)[: len(OPEN)] == [
            Recon(is_matched=True, first=f"id/country/{code}") for code, _ in OPEN.values()
        ]
        table.extend("country", service, ["iso3", "region", "projects"])
        exported = table.exported()
    assert [row["ISO 3166-1 alpha-3 code"] for row in exported[: len(OPEN)]] == [code for _, code in OPEN.values()]
    assert (exported[1]["country"], exported[1]["Region"]) == ("Guinea", "Africa")
    assert all(row["Number of projects"].isdigit() for row in exported if row["country"])
