"""Few fixtures: the command line, the bundled records published and served once, and the real seed page at hand."""

import gc
import json
import os
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from iomld.release import Release, current_release
from tests import forked_workers, made_alike
from tests.amount import amount
from tests.commands import connect_to_fork, run_iomld
from tests.serving import Server, serve
from tests.sharing import made_once

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
# A project without a code has its PRIMA identifier for a name.
PROJECT_COUNT = len(
    {
        record.get("projectCode") or record["primaId"]
        for path in DATA.glob("*.json")
        for record in json.loads(path.read_text(encoding="utf-8"))
    }
)
SEED_NAME = "000_b8327546129996ab.txt"

# A busy machine is no fault of what is tested.
settings.register_profile("suite", max_examples=amount(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


# Where a file is in memory, no publish waits until the disk has it.
_IN_MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of its own is made below it
_ROOM_BYTES = 2 << 30  # a run needs a fifth of it


def pytest_configure() -> None:
    """Put temporary files into memory, unless TMPDIR says where, or there is no room from which programs can run."""
    if "TMPDIR" in os.environ or not os.access(_IN_MEMORY, os.W_OK):
        return
    found = os.statvfs(_IN_MEMORY)
    if found.f_bavail * found.f_frsize >= _ROOM_BYTES and not found.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_IN_MEMORY)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: while the test of one waits for a server, the core is another's."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_collection() -> None:
    """Collect no garbage while tests are collected, which would visit what is imported again and again."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Let no garbage collection visit what was imported and collected: it stays, and is most of what there is."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _forked_workers() -> None:
    """Pools and applications within the tests start their workers at once."""
    forked_workers.fork_workers_of_tests(connect_to_fork)


@pytest.fixture(scope="session", autouse=True)
def _releases_share_what_is_alike() -> None:
    """Releases that are published within the tests have what was made for the first of them."""
    made_alike.remember()


@pytest.fixture(scope="session", autouse=True)
def _shared_tls_context() -> Iterator[None]:
    """Each client of httpx makes a TLS context, which takes 20 ms of processor time; the servers here speak HTTP."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def iomld() -> Command:
    """The `iomld` command."""
    return run_iomld


@pytest.fixture(scope="session")
def release(datadir: Path) -> Release:
    """The release of the bundled records."""
    found = current_release(datadir)
    assert found is not None
    return found


@pytest.fixture(scope="session")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one release of the bundled records, and the saved queries of the examples.

    Tests only read it, for all processes of the run share it.
    """

    def publish(folder: Path) -> None:
        (folder / "queries").mkdir()
        for name in ("projects-of-a-region", "largest-budgets"):
            shutil.copy(ROOT / "examples" / f"{name}.rq", folder / "queries")
        done = run_iomld("publish", DATA, "--to", folder)
        assert done.returncode == 0, done.stderr

    return made_once(tmp_path_factory, "published", publish)


@pytest.fixture
def page_data(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """A folder of its own for a test, with one release: that of `golden/page.txt`, whose project is PO.9001."""

    def publish(folder: Path) -> None:
        done = run_iomld("publish", ROOT / "tests" / "golden" / "page.txt", "--to", folder)
        assert done.returncode == 0, done.stderr

    made = made_once(tmp_path_factory, "published-page", publish)
    return shutil.copytree(made, tmp_path / "page-data", symlinks=True)


@pytest.fixture(scope="session")
def few_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source with the bundled records CE.0134 and PO.0105, which is soon published."""
    records = json.loads((DATA / "projects-en.json").read_text(encoding="utf-8"))
    path = tmp_path_factory.mktemp("few") / "records.json"
    path.write_text(json.dumps([one for one in records if one.get("projectCode") in {"CE.0134", "PO.0105"}]))
    return path


@pytest.fixture(scope="session")
def bundled_server(datadir: Path) -> Iterator[Server]:
    """A server of the bundled records for tests that only read; its clients may use all the time they want."""
    with serve(datadir, IOMLD_CLIENT_SECONDS="100000", IOMLD_CLIENT_PATIENCE="250") as running:
        yield running


@pytest.fixture(scope="session")
def seed() -> Path:
    """The real project page that the project starts from; its text is not ours to ship."""
    path = Path(os.environ.get("IOMLD_SHARED", ROOT.parent / "shared")) / "seed" / SEED_NAME
    if not path.exists():
        pytest.skip("the real seed page is not at hand (set IOMLD_SHARED to the folder that holds seed/)")
    return path
