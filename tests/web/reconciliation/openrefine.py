"""OpenRefine without a browser: a real one, driven by the commands that its pages send."""

import csv
import io
import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.serving import start

_DEBIAN = Path("/usr/share/openrefine")
_ALL_ROWS = json.dumps({"facets": [], "mode": "row-based"})


@dataclass(frozen=True)
class Recon:
    """What OpenRefine knows of a cell after a reconciliation.

    Attributes:
        is_matched: Whether it chose an entity by itself.
        first: Identifier of the entity that it chose, or of the best candidate; empty without candidates.
    """

    is_matched: bool
    first: str


class Project:
    """A table in OpenRefine."""

    def __init__(self, client: httpx.Client, rows: Sequence[Mapping[str, str]]) -> None:
        """Create it from rows with equal columns."""
        self._client = client
        text = io.StringIO(newline="")
        table = csv.DictWriter(text, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
        answer = client.post(
            "/command/core/create-project-from-upload",
            params={"csrf_token": self._token()},
            files={"project-file": ("names.csv", text.getvalue().encode(), "text/csv")},
            data={
                "project-name": "names",
                "format": "text/line-based/*sv",
                "options": json.dumps({"separator": ",", "encoding": "UTF-8", "guessCellValueTypes": False}),
            },
        )
        assert answer.status_code == 302, answer.text
        self._id = httpx.URL(answer.headers["location"]).params["project"]

    def guessed_types(self, column: str, service: str) -> list[str]:
        """The types of what a column names, the most frequent first, as OpenRefine proposes them."""
        answer = self._client.post(
            "/command/core/guess-types-of-column",
            params={"project": self._id},
            data={"csrf_token": self._token(), "columnName": column, "service": service},
        )
        return [one["id"] for one in answer.json()["types"]]

    def reconcile(self, column: str, service: Mapping[str, Any], type_: str, hints: Mapping[str, str]) -> None:
        """Reconcile a column with a service.

        Args:
            column: The column.
            service: The manifest, with `url`.
            type_: Identifier of the type.
            hints: Columns with what else is known, each with the identifier of its property.
        """
        details = [{"column": name, "property": {"id": pid, "name": pid}} for name, pid in hints.items()]
        config = {
            "mode": "standard-service",
            "service": service["url"],
            "identifierSpace": service["identifierSpace"],
            "schemaSpace": service["schemaSpace"],
            "type": next(one for one in service["defaultTypes"] if one["id"] == type_),
            "autoMatch": True,
            "columnDetails": details,
            "limit": 0,
        }
        self._run("reconcile", columnName=column, engine=_ALL_ROWS, config=json.dumps(config))

    def extend(self, column: str, service: Mapping[str, Any], properties: Sequence[str]) -> None:
        """Add columns with properties of the entities in a column."""
        asked = {"properties": [{"id": name, "name": name} for name in properties]}
        self._run(
            "extend-data",
            baseColumnName=column,
            columnInsertIndex="1",
            endpoint=service["url"],
            identifierSpace=service["identifierSpace"],
            schemaSpace=service["schemaSpace"],
            engine=_ALL_ROWS,
            extension=json.dumps(asked),
        )

    def recons(self, column: int) -> list[Recon | None]:
        """What is known of each cell of a column, by its number; None for cells that were not reconciled."""
        answer = self._client.get("/command/core/get-rows", params={"project": self._id, "start": 0, "limit": 1000})
        found = answer.json()
        cells = [row["cells"][column] for row in found["rows"]]
        known = found["pool"]["recons"]
        return [_recon(known[str(cell["r"])]) if cell and "r" in cell else None for cell in cells]

    def exported(self) -> list[dict[str, str]]:
        """The rows, as OpenRefine exports them."""
        answer = self._client.post(
            "/command/core/export-rows/names.csv",
            data={"project": self._id, "format": "csv", "engine": _ALL_ROWS},
        )
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.text)))

    def _run(self, command: str, **fields: str) -> None:
        """Run a command, and wait for the process that it starts."""
        answer = self._client.post(
            f"/command/core/{command}",
            params={"project": self._id},
            data={"csrf_token": self._token(), **fields},
        )
        assert answer.json()["code"] in {"ok", "pending"}, answer.text
        while answer := self._client.get("/command/core/get-processes", params={"project": self._id}).json():
            assert not answer.get("exceptions"), answer
            if not answer["processes"]:
                break
            time.sleep(0.05)  # so that it has the processor

    def _token(self) -> str:
        token: str = self._client.get("/command/core/get-csrf-token").json()["token"]
        return token


def _recon(values: Mapping[str, Any]) -> Recon:
    if values["j"] == "matched":
        return Recon(is_matched=True, first=values["m"]["id"])
    return Recon(is_matched=False, first=next((one["id"] for one in values.get("c", ())), ""))


@contextmanager
def running_openrefine(folder: Path) -> Iterator[httpx.Client]:
    """A client of an OpenRefine that keeps its data in a folder, until the block ends.

    The test is skipped where Debian's package is not installed.
    """
    if shutil.which("openrefine") is None or not (_DEBIAN / "refine").exists():
        pytest.skip("no OpenRefine on this machine; install the package 'openrefine' to run this test")
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    # The last step of the script replaces it by Java, so that the process that is ended is Java.
    options = ["-i", "127.0.0.1", "-p", str(port), "-m", "512M", "-d", str(folder), "-x", "refine.headless=true"]
    process = start(["/bin/bash", "-c", f'cd {_DEBIAN} && exec ./refine "$@" >/dev/null 2>&1', "refine", *options])
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
            _wait_until_ready(process, client)
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        if process.stdout:
            process.stdout.close()


def _wait_until_ready(process: subprocess.Popen[str], client: httpx.Client) -> None:
    while process.poll() is None:
        try:
            if client.get("/command/core/get-version").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)  # so that it has the processor
    raise AssertionError(f"OpenRefine ended with status {process.returncode}")
