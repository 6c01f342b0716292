"""Downloads: the same tables as in the archive, with digests and ranges."""

import base64
import csv
import gzip
import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response
from tests.browse.asking import Asker

from iomld import release
from iomld.export.csv_files import write_csv
from iomld.export.source import released
from iomld.release import Release
from iomld.web.downloads import DownloadFiles, download_routes
from iomld.web.problems import ProblemError, problem_of


@pytest.fixture(scope="module")
def current(datadir: Path) -> Release:
    """The release of the bundled records."""
    found = release.current_release(datadir)
    assert found
    return found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> DownloadFiles:
    """Files that are made in a folder of their own."""
    return DownloadFiles(tmp_path_factory.mktemp("downloads"))


@pytest.fixture(scope="module")
def client(current: Release, files: DownloadFiles) -> Asker:
    """A client of the downloads."""
    app = FastAPI()
    app.include_router(download_routes(lambda: current, files))

    @app.exception_handler(ProblemError)
    def on_problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)
        return problem_of(error)

    return Asker(app)


@pytest.mark.parametrize("name", ["projects.csv", "mentions.csv"])
def test_a_table_is_that_of_the_archive(client: Asker, current: Release, name: str) -> None:
    """Each table has the bytes that the export has, packed or not."""
    output = io.BytesIO()
    write_csv(released(current), output)
    expected = zipfile.ZipFile(output).read(name)
    answer = client.get(f"/downloads/{name}")
    assert answer.content == expected
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert gzip.decompress(client.get(f"/downloads/{name}.gz").content) == expected


def test_the_table_of_projects_has_every_project(client: Asker, current: Release) -> None:
    """A row for each project of the release."""
    text = client.get("/downloads/projects.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == current.manifest.projects
    assert "PO.0105" in {row["projectCode"] for row in rows}


@pytest.mark.parametrize("name", ["dataset.nq", "dataset.nq.gz", "dataset.ttl", "projects.csv.gz"])
def test_the_digest_is_that_of_the_whole_file(client: Asker, current: Release, files: DownloadFiles, name: str) -> None:
    """`Repr-Digest` holds the hash of the whole file, for a part too; the list of files names it."""
    whole = client.get(f"/downloads/{name}")
    digest = hashlib.sha256(whole.content)
    field = f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    part = client.get(f"/downloads/{name}", headers={"Range": "bytes=5-8"})
    assert whole.headers["repr-digest"] == part.headers["repr-digest"] == field
    assert (part.status_code, part.content) == (206, whole.content[5:9])
    assert int(whole.headers["content-length"]) == len(whole.content)
    (listed,) = (file for file in files.listed(current) if file.name == name)
    assert (listed.sha256, listed.size_bytes) == (digest.hexdigest(), len(whole.content))


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=-0", "bytes=999999998-999999999"])
def test_a_range_behind_the_end_is_refused(client: Asker, asked: str) -> None:
    """A range outside the file is a 416 that says how long the file is."""
    size = client.head("/downloads/dataset.nq.gz").headers["content-length"]
    answer = client.get("/downloads/dataset.nq.gz", headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{size}"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("asked", ["rows=1-2", "bytes=a-b", "bytes=", "1-2", f"bytes={'9' * 5000}-"])
def test_a_range_that_is_none_gets_the_whole(client: Asker, asked: str) -> None:
    """A header that cannot be read is as if it were not there."""
    answer = client.get("/downloads/dataset.nq.gz", headers={"Range": asked})
    assert answer.status_code == 200
    held = {"Range": asked, "If-Range": answer.headers["etag"]}
    assert client.get("/downloads/dataset.nq.gz", headers=held).status_code == 200


def test_a_part_of_another_file_is_not_given(client: Asker) -> None:
    """With `If-Range` a part is given only of the file that the client has."""
    tag = client.get("/downloads/dataset.nq").headers["etag"]
    asked = {"Range": "bytes=0-3"}
    assert client.get("/downloads/dataset.nq", headers=asked | {"If-Range": tag}).status_code == 206
    assert client.get("/downloads/dataset.nq", headers=asked | {"If-Range": '"other"'}).status_code == 200


def test_a_file_is_made_once(current: Release, tmp_path: Path) -> None:
    """The second request gets the file that the first one made, and nothing else is left there."""
    app = FastAPI()
    app.include_router(download_routes(lambda: current, DownloadFiles(tmp_path)))
    client = Asker(app)
    made = []
    for _ in range(2):
        client.get("/downloads/mentions.csv")
        made.append([(path.name, path.stat().st_ino) for path in tmp_path.rglob("*") if path.is_file()])
    assert [name for name, _ in made[0]] == ["mentions.csv"]
    assert made[0] == made[1]
