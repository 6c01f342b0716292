"""One job in a process of its own."""

import json
from dataclasses import replace

import pytest

from iomld.workers.errors import CrashReason, JobTimeoutError, WorkerCrashedError
from iomld.workers.once import run_once
from iomld.workers.protocol import WorkerSpec

pytestmark = pytest.mark.server


def payload(**orders: float | str) -> bytes:
    """What the test handler understands."""
    return json.dumps(orders).encode()


def test_an_answer_comes_back(spec: WorkerSpec) -> None:
    """Small and large answers arrive, and faults are marked."""
    assert run_once(spec, payload(echo="here"), timeout_s=120).read() == b"here"
    assert run_once(spec, payload(echo="x" * 100_000), timeout_s=120).read() == b"x" * 100_000
    assert run_once(spec, payload(write_mib=9), timeout_s=120).fault


def test_a_runaway_ends_in_time(spec: WorkerSpec) -> None:
    """The deadline holds for a job that listens to nothing."""
    with pytest.raises(JobTimeoutError):
        run_once(spec, payload(spin_s=600), timeout_s=1)


def test_a_crash_is_told(spec: WorkerSpec) -> None:
    """A worker that dies, or cannot open its handler, gives the reason."""
    with pytest.raises(WorkerCrashedError) as caught:
        run_once(spec, payload(eat_mib=2000), timeout_s=120)
    assert caught.value.reason is CrashReason.MEMORY
    with pytest.raises(WorkerCrashedError, match="the cupboard is bare"):
        run_once(replace(spec, argument="broken"), payload(), timeout_s=120)
