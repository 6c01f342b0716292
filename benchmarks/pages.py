"""Measure how long the server takes for each page, on the bundled and on generated records, over loopback.

One client asks for one page after the other on one connection; the time is from the request to the last byte. The
first time counts what is made once for a release.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from generate import generated_lines  # the folder of this script is on the path
from run import machine, published_codes, served, timed

_ROOT = Path(__file__).resolve().parents[1]
_PAGES = (
    "/",
    "/projects",
    "/projects?region=africa&status=completed&sort=budget",
    "/projects?q=migration",
    "/projects?page=3",
    "/doc/project/CODE",
    "/doc/country/GT",
    "/scheme/region/africa",
    "/scheme/framework/gcm",
    "/scheme/type/PO",
    "/countries",
    "/frameworks",
    "/regions",
    "/query",
    "/query?run=1&query=SELECT%20%2A%20%7B%20%3Fs%20a%20%3Fo%20%7D%20LIMIT%20100",
    "/validate",
    "/downloads",
    "/ontology",
    "/shapes",
    "/about",
    "/docs",
    "/changes",
    "/projects.jsonld",
)
_TIMES = 21
_PATIENCE_S = 120.0


def page_rows(address: str, code: str) -> Iterator[tuple[str, float, float, float]]:
    """Each page with the first, the median and the longest later time, in ms."""
    parts = urlsplit(address)
    with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE_S)) as connection:
        for path in _PAGES:
            times = [asked(connection, path.replace("CODE", code)) for _ in range(_TIMES)]
            yield path.partition("query=")[0], times[0], statistics.median(times[1:]), max(times[1:])


def asked(connection: HTTPConnection, path: str) -> float:
    """Milliseconds until a page is there, whole; the server keeps no finished page, so each time it is made anew."""
    begun = time.perf_counter()
    connection.request("GET", path, headers={"Accept": "text/html"})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:  # noqa: PLR2004  # OK
        raise SystemExit(f"{path} was answered with {answer.status}")
    return 1000 * (time.perf_counter() - begun)


def main() -> None:
    """Measure and print a Markdown table for the bundled and for generated records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000, help="generated records (default: 10000)")
    parser.add_argument("--bare", action="store_true", help="leave out the line that names the machine")
    options = parser.parse_args()
    if not options.bare:
        print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="iomld-bench-") as name:
        generated = Path(name) / "records.jsonl"
        generated.write_bytes(b"".join(generated_lines(options.records)))
        for what, source in (("bundled", _ROOT / "data"), (f"{options.records} generated", generated)):
            folder = Path(name) / what.replace(" ", "-")
            timed("publish", source, "--to", folder)
            code = published_codes(folder)[0]
            print(f"\n{what} records:\n\n| page | first, ms | median, ms | longest, ms |\n|---|---|---|---|")
            with served(folder) as address:
                for path, *times in page_rows(address, code):
                    print(f"| `{path}` | {' | '.join(f'{one:.1f}' for one in times)} |", flush=True)


if __name__ == "__main__":
    main()
