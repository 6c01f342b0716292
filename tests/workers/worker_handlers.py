"""Handlers that the tests name to worker processes; a payload says in JSON what to do."""

import ctypes
import json
import os
import time
from pathlib import Path

from iomld.errors import StoreError
from iomld.workers.handler import Answer, AnswerTooLargeError, AnswerWriter, Handler

_MIB = 1 << 20


def open_orders(argument: str) -> Handler:
    """A handler that does what the payload says; the argument `broken` cannot be opened."""
    if argument == "broken":
        raise StoreError("the cupboard is bare")
    if argument == "exit":
        os._exit(7)
    return _obey


def _is_first(marker: str | None) -> bool:
    """Whether a file is missing that is there afterwards."""
    is_first = marker is not None and not Path(marker).exists()
    if is_first:
        Path(str(marker)).touch()
    return is_first


def _obey(payload: bytes, writer: AnswerWriter) -> Answer:
    orders = json.loads(payload)
    if "spin_s" in orders:
        end = time.monotonic() + orders["spin_s"]
        while time.monotonic() < end:
            pass
    while "until_priority" in orders and os.getpriority(os.PRIO_PROCESS, 0) < orders["until_priority"]:
        pass
    while "until" in orders and not Path(orders["until"]).exists():
        pass
    os.nice(orders.get("nice", 0))
    if "eat_mib" in orders:
        hoard = [bytes(_MIB) for _ in range(orders["eat_mib"])]
        return Answer(str(len(hoard)).encode())
    if "abort" in orders or _is_first(orders.get("abort_unless")):
        ctypes.CDLL(None).abort()
    if "write_mib" in orders:
        try:
            for _ in range(orders["write_mib"]):
                writer.write(b"x" * _MIB)
        except AnswerTooLargeError as error:
            return Answer(str(error.limit_bytes).encode(), fault=True)
    writer.write(orders.get("echo", "").encode())
    return Answer(f"{os.getpid()} {writer.digest()}".encode())
