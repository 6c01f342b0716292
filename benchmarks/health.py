"""Measure how long `/health` takes while each heavy request runs four times over, over loopback.

A process asks for `/health` every ten milliseconds, on one connection; four others send the heavy request, each again
as soon as it has its answer. Beside the time of `/health` the table gives the answers of the four.
"""

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from pathlib import Path
from urllib.parse import urlsplit

from run import machine, served, timed

_ROOT = Path(__file__).resolve().parents[1]
_PATIENCE_S = 120.0
_PAUSE_S = 0.01
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class HeavyRequest:
    """A request that takes a server long; `N` in its path is a number that is never the same."""

    name: str
    path: str
    body: bytes = b""
    media_type: str = "application/json"
    accept: str = "text/html"


def heavy_requests() -> tuple[HeavyRequest, ...]:
    """The requests: forms, reports, pages that a server could be made to write anew, and descriptions."""
    records = [_record(number) for number in range(300)]
    large = json.dumps([record | {"narrative": {"en": "A quiet text. " * 2100}} for record in records]).encode()
    wrong = json.dumps([_record(number) | {"status": "odd"} for number in range(3000)]).encode()
    marks = b"# " + b"<&>'\"" * (9 * 200_000) + b"\n<a:s> a <http://www.w3.org/ns/shacl#NodeShape> ."
    part = b'--b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
    shapes = part % (b"shapes", b'; filename="s.ttl"', marks) + part % (b"text", b"", b"<a:a> <a:a> 1 .") + b"--b--"
    return (
        HeavyRequest("form of 10 MB of percent escapes", "/validate", b"text=" + b"%41" * 3_490_000, _FORM),
        HeavyRequest("query form of 1 MB of percent escapes", "/sparql", b"query=" + b"%41" * 345_000, _FORM, "*/*"),
        HeavyRequest(
            "form of 10 MB of line ends", "/validate", _part(b"\r\n" * 5_000_000), "multipart/form-data; boundary=b"
        ),
        HeavyRequest(
            "form of 10 MB of half boundaries",
            "/validate",
            _part(b"\r\n--" * 2_500_000),
            "multipart/form-data; boundary=b",
        ),
        HeavyRequest("report page of 300 records, 9 MB", "/validate", large),
        HeavyRequest("report page of many findings", "/validate", wrong),
        HeavyRequest("report page with shapes of 9 MB", "/validate", shapes, "multipart/form-data; boundary=b"),
        HeavyRequest("`/docs?x=N`", "/docs?x=N"),
        HeavyRequest("`/ontology?x=N`", "/ontology?x=N"),
        HeavyRequest("`/shapes?x=N`", "/shapes?x=N"),
        HeavyRequest("`/projects?q=migration&x=N`", "/projects?q=migration&x=N"),
        HeavyRequest("service description", "/sparql", accept="text/turtle"),
        HeavyRequest("`/metrics`", "/metrics", accept="*/*"),
    )


def _part(content: bytes) -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + content + b"\r\n--b--"


def _record(number: int) -> dict[str, object]:
    return {
        "projectCode": f"PO.{number:04}",
        "title": {"en": f"Record {number}"},
        "status": "completed",
        "projectType": "PO",
        "coverage": "national",
        "region": "africa",
        "startYear": "2018",
        "endYear": "2019",
        "allocationYear": "2018",
        "budgetUSD": "100000",
        "benefitingMemberStates": ["NA"],
    }


def repeat(address: str, request: HeavyRequest, ended: Event, answers: "SimpleQueue[tuple[int, int]]") -> None:
    """Send a request again and again until the event is set; then tell the last status and the number of answers."""
    parts, status, number = urlsplit(address), 0, 0
    for number in count():
        if ended.is_set():
            break
        with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE_S)) as connection:
            headers = {"Accept": request.accept}
            if request.body:
                headers["Content-Type"] = request.media_type
            path = request.path.replace("N", f"{id(ended)}{number}")
            connection.request("POST" if request.body else "GET", path, request.body or None, headers)
            answer = connection.getresponse()
            answer.read()
            status = answer.status
    answers.put((status, number))


def health_times(address: str, seconds: float) -> Iterator[float]:
    """Milliseconds that each request for `/health` takes, for so many seconds."""
    parts, end = urlsplit(address), time.monotonic() + seconds
    with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE_S)) as connection:
        while time.monotonic() < end:
            begun = time.perf_counter()
            connection.request("GET", "/health")
            connection.getresponse().read()
            yield 1000 * (time.perf_counter() - begun)
            time.sleep(_PAUSE_S)


def measured(address: str, request: HeavyRequest | None, seconds: float) -> str:
    """A row of the table: times of `/health` while four clients send a request, or none."""
    ended, answers = multiprocessing.Event(), multiprocessing.SimpleQueue()
    senders = range(4 if request else 0)
    clients = [multiprocessing.Process(target=repeat, args=(address, request, ended, answers)) for _ in senders]
    for client in clients:
        client.start()
    times = list(health_times(address, seconds))
    ended.set()
    outcomes = [answers.get() for _ in clients]
    for client in clients:
        client.join()
    statuses = ", ".join(str(status) for status in sorted({status for status, _ in outcomes}))
    number = sum(number for _, number in outcomes)
    name = request.name if request else "nothing"
    return f"| {name} | {statistics.median(times):.1f} | {max(times):.0f} | {number} | {statuses} |"


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="for each request (default: 5)")
    options = parser.parse_args()
    print(machine(), flush=True)
    print("\n| four times over | `/health`: median, ms | longest, ms | answers | status |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="iomld-bench-") as name:
        timed("publish", _ROOT / "data", "--to", name)
        with served(Path(name)) as address:
            list(health_times(address, 1))  # it waits until the server is ready
            for request in (None, *heavy_requests()):
                print(measured(address, request, options.seconds), flush=True)


if __name__ == "__main__":
    main()
