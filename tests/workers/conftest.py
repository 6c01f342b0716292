"""Fixtures for worker pools: real processes, and waiting for a condition in place of sleeping."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from iomld.workers.protocol import WorkerSpec

HANDLER = "worker_handlers:open_orders"
PATIENCE_S = 120.0


@pytest.fixture
def spec(monkeypatch: pytest.MonkeyPatch) -> WorkerSpec:
    """Workers that do what the payload says."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    return WorkerSpec(HANDLER, memory_limit_bytes=256 << 20, max_answer_bytes=8 << 20)


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait until a condition holds; fail after a while."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true"
            time.sleep(0.005)

    return wait


@pytest.fixture
def until_async() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """Wait in a coroutine until a condition holds; fail after a while."""

    async def wait(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():  # noqa: ASYNC110 (the condition is about processes, which set no event)
                await asyncio.sleep(0.005)

    return wait


@pytest.fixture
def children() -> Callable[[int], list[int]]:
    """The children of a process."""
    return children_of


@pytest.fixture(autouse=True)
def no_process_left() -> Iterator[None]:
    """Each test must leave no worker behind."""
    before = set(workers_of_this_process())
    yield
    deadline = time.monotonic() + PATIENCE_S
    while left := set(workers_of_this_process()) - before:
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.005)


def workers_of_this_process() -> list[int]:
    """Process ids of our children, zombies included."""
    return children_of(os.getpid())


def children_of(parent: int) -> list[int]:
    """Process ids of the children of a process (proc(5): the fourth field of stat, after the name in brackets)."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            stat = (entry / "stat").read_text(encoding="utf-8") if entry.name.isdigit() else ""
        except (FileNotFoundError, ProcessLookupError):
            continue
        if stat and int(stat.rpartition(")")[2].split()[1]) == parent:
            found.append(int(entry.name))
    return found
