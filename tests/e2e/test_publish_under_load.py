"""A publish while twenty clients ask: every answer is whole, and of one release."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from tests.conftest import Command
from tests.serving import serve

pytestmark = pytest.mark.server

CLIENTS = 20
RECORDS = 40
MOST_ASKED = 2_000  # requests of one client; a hundred are enough
QUERY = "SELECT ?c ?t { ?p <https://w3id.org/iomld/ns#projectCode> ?c ; <http://purl.org/dc/terms/title> ?t }"


def records(folder: Path, word: str) -> Path:
    """Records that all say a word in their title."""
    made = [
        {
            "projectCode": f"PO.{number:04}",
            "title": {"en": f"Planning, {word}"},
            "status": "active",
            "projectType": "PO",
            "coverage": "national",
            "region": "africa",
            "benefitingMemberStates": ["NA"],
            "budgetUSD": "100000",
            "startYear": 2020,
            "endYear": 2021,
            "allocationYear": 2020,
        }
        for number in range(RECORDS)
    ]
    path = folder / f"{word}.json"
    path.write_text(json.dumps(made), encoding="utf-8")
    return path


async def words_of(client: httpx.AsyncClient, number: int) -> set[str]:
    """The words that one answer holds: all rows of a query, or the forms of one document."""
    code = f"PO.{number % RECORDS:04}"
    match number % 3:
        case 0:  # never asked before, so answered by a worker
            parameters = {"query": f"{QUERY} # {number}", "format": "json"}
            answer = await client.get("/sparql", params=parameters)
            rows = answer.raise_for_status().json()["results"]["bindings"]
            assert len(rows) == RECORDS
            return {row["t"]["value"].rpartition(" ")[2] for row in rows}
        case 1:  # asked by all, so answered from memory
            answer = await client.get("/sparql", params={"query": QUERY, "format": "json"})
            rows = answer.raise_for_status().json()["results"]["bindings"]
            assert len(rows) == RECORDS
            return {row["t"]["value"].rpartition(" ")[2] for row in rows}
        case _:
            answer = await client.get(f"/doc/project/{code}.jsonld")
            return {answer.raise_for_status().json()["title"]["en"].rpartition(" ")[2]}


async def ask_until_new(client: httpx.AsyncClient, start: int, answered: asyncio.Event) -> tuple[int, int]:
    """Ask until three answers in a row are of the new release; gives the numbers of old and new answers.

    The event is set with the first answer.
    """
    seen = {"old": 0, "new": 0}
    in_a_row = 0
    for number in range(start, start + MOST_ASKED):
        words = await words_of(client, number)
        assert len(words) == 1, words
        answered.set()
        word = words.pop()
        seen[word] += 1
        in_a_row = in_a_row + 1 if word == "new" else 0
        if in_a_row == 3:
            break
    return seen["old"], seen["new"]


def test_no_answer_fails_or_is_mixed(tmp_path: Path, iomld: Command) -> None:
    """Clients that ask before, while and after a release is published get old or new answers, and no other."""
    assert iomld("publish", records(tmp_path, "old"), "--to", tmp_path / "data").returncode == 0
    new = records(tmp_path, "new")

    async def crowd(address: str) -> list[tuple[int, int]]:
        limits = httpx.Limits(max_connections=CLIENTS)
        async with httpx.AsyncClient(base_url=address, timeout=300, limits=limits) as client:
            answered = asyncio.Event()
            starts = range(0, MOST_ASKED * CLIENTS, MOST_ASKED)
            asking = [asyncio.create_task(ask_until_new(client, start, answered)) for start in starts]
            await answered.wait()
            done = await asyncio.to_thread(iomld, "publish", new, "--to", tmp_path / "data")
            assert done.returncode == 0, done.stderr
            return await asyncio.gather(*asking)

    patience = {"IOMLD_CLIENT_SECONDS": "100000", "IOMLD_CLIENT_PATIENCE": "300", "IOMLD_QUERY_TIMEOUT": "300"}
    with serve(tmp_path / "data", **patience) as server:
        counts = asyncio.run(crowd(server.address))
    assert sum(before for before, _ in counts) > 0
    assert all(after >= 3 for _, after in counts)
