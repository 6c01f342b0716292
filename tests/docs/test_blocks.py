"""Each code block of the documents runs as it stands, in order, in a fresh folder that has the examples.

README.md and the tutorial begin with nothing else; all other documents where README.md ends, with the bundled records
published.
"""

import doctest
import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, contextmanager
from functools import cache
from pathlib import Path

import pyoxigraph
import pytest
from tests.commands import PATIENT, start_iomld, write_iomld
from tests.docs.blocks import PROGRAMS, PYTHON, SHELL, Block, Command, blocks, matches
from tests.docs.tables import ROOT, documents
from tests.serving import Server

from iomld.config import Settings
from iomld.iris import DEFAULT_BASE, Iris

_SHELL = "/bin/bash"
_BEGINNINGS = (ROOT / "README.md", ROOT / "docs" / "TUTORIAL.md")
SERVICE_FOLDER = "/var/lib/iomld"  # the data folder of a server that is a service, in documents
ADDRESS = "http://127.0.0.1:8000"  # of the server in documents
_SERVE = re.compile(r"(?P<variables>(?:[A-Z_]+=\S+ )*)iomld (?P<arguments>(?:serve|demo)\b.*)")
_TIMEOUT_S = 280
_PREFIXES = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in Iris().prefixes().items())
# Languages of data and of what is shown, which are read and not run.
_DATA: dict[str, Callable[[str], object]] = {
    "": str,
    "text": str,
    "yaml": str,
    "json": json.loads,
    "toml": tomllib.loads,
    "turtle": lambda text: list(pyoxigraph.parse(_PREFIXES + text, pyoxigraph.RdfFormat.TURTLE, base_iri=DEFAULT_BASE)),
}


def _blocks(*languages: str) -> list[Block]:
    return [one for path in documents() for one in blocks(path) if one.language in languages]


def _documents_that_run() -> list[Path]:
    wanted = SHELL | PYTHON
    return [path for path in documents() if any(one.language in wanted and not one.reason for one in blocks(path))]


def _name(value: object) -> str:
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else str(getattr(value, "place", value))


class Reader:
    """Somebody who types the blocks of one document, from the first to the last, into a folder.

    A server that the document starts runs until its end, and answers under the address that the document names.
    """

    def __init__(self, folder: Path, programs: Path, server: Callable[[], Server], stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        kept = {name: value for name, value in os.environ.items() if not name.startswith("IOMLD_")}
        self._environment = kept | PATIENT
        self._environment["PATH"] = os.pathsep.join([str(programs), self._environment["PATH"]])
        self._shared_server = server
        self._address = ""
        self._names: dict[str, object] = {"__name__": "__main__"}

    def follow(self, block: Block) -> None:
        """Run a block, and compare what it writes."""
        if block.language in PYTHON:
            self._run_python(block)
            return
        for command in block.commands():
            if serving := _SERVE.fullmatch(command.text):
                self._serve(serving)
            else:
                self._run(block, command)

    def _run(self, block: Block, command: Command) -> None:
        where = f"{block.path.name}:{command.line}: {command.text}"
        assert not re.match(r"(cd|export|set) ", command.text), f"{where}\nEach command is run in a shell of its own."
        done = subprocess.run(
            [_SHELL, "-c", self._localized(command.text)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd=self._folder,
            env=self._environment,
            timeout=_TIMEOUT_S,
        )
        written = done.stdout.replace(self._address, ADDRESS) if self._address else done.stdout
        assert done.returncode == command.status, f"{where}\nexit status {done.returncode}\n{written}"
        if command.output is not None:
            assert matches(command.output, written), f"{where}\n--- shown\n{command.output}\n--- written\n{written}"

    def _run_python(self, block: Block) -> None:
        text = self._localized(block.text)
        if text.startswith(">>> "):
            test = doctest.DocTestParser().get_doctest(text, self._names, block.place, str(block.path), block.line)
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
            assert runner.run(test, clear_globs=False).failed == 0, block.place
            self._names.update(test.globs)
        else:
            exec(compile("\n" * (block.line - 1) + text, str(block.path), "exec"), self._names)  # noqa: S102  # ours

    def _serve(self, match: re.Match[str]) -> None:
        variables = dict(one.split("=", 1) for one in shlex.split(match["variables"]))
        arguments = [*shlex.split(match["arguments"]), "--port", "0"]
        process = start_iomld(*arguments, folder=self._folder, **variables)
        self._stack.callback(process.wait, _TIMEOUT_S)
        self._stack.callback(process.send_signal, 15)
        assert process.stdout is not None
        self._stack.enter_context(process.stdout)
        lines = iter(process.stdout.readline, "")
        self._address = next(found[0] for line in lines if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))

    def _localized(self, text: str) -> str:
        """A text with the address of a server that runs, and a data folder that is there."""
        text = text.replace(SERVICE_FOLDER, str(self._folder / Settings().data_dir))
        if ADDRESS in text and not self._address:
            self._address = self._shared_server().address
        return text.replace(ADDRESS, self._address) if self._address else text


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the command `iomld`."""
    folder = tmp_path_factory.mktemp("programs")
    write_iomld(folder)
    return folder


@contextmanager
def _fresh_folder(path: Path, published: Path | None = None) -> Iterator[Path]:
    """A folder as readers have it: the examples, the bundled records, and what they have published, if anything."""
    for name in ("examples", "data"):
        shutil.copytree(ROOT / name, path / name)
    if published:
        folder = path / Settings().data_dir
        shutil.copytree(published / "releases", folder / "releases", copy_function=os.link)  # which never change
        (folder / "current").symlink_to((published / "current").readlink())
    with chdir(path):
        yield path


@pytest.mark.server
@pytest.mark.parametrize("path", _documents_that_run(), ids=_name)
def test_every_command_of_a_document_runs(
    path: Path,
    tmp_path: Path,
    programs: Path,
    datadir: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In order, each with the exit status and the output that the document shows."""
    monkeypatch.setenv("MPLBACKEND", "agg")

    def server() -> Server:
        found = request.getfixturevalue("bundled_server")
        assert isinstance(found, Server)
        return found

    with ExitStack() as stack:
        folder = stack.enter_context(_fresh_folder(tmp_path, None if path in _BEGINNINGS else datadir))
        reader = Reader(folder, programs, server, stack)
        for block in blocks(path):
            if block.language in SHELL | PYTHON and not block.reason:
                reader.follow(block)


@pytest.mark.server
@pytest.mark.parametrize("block", _blocks(*PROGRAMS), ids=_name)
def test_every_program_of_a_document_runs(block: Block, bundled_server: Server, tmp_path: Path) -> None:
    """JavaScript and R, where their interpreters are installed; each block is a whole program."""
    command = PROGRAMS[block.language]
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(
        command,
        input=block.text.replace(ADDRESS, bundled_server.address),
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=_TIMEOUT_S,
    )
    assert done.returncode == 0, f"{block.place}\n{done.stdout}{done.stderr}"
    assert done.stdout, block.place


@pytest.mark.parametrize("path", documents(), ids=_name)
def test_every_block_is_run_or_says_why_not(path: Path) -> None:
    """No block has a language that is not known here, and what is data can be read."""
    fences = re.findall(r"^ *```", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(fences) == 2 * len([*blocks(path)]), "a block that is not seen is not run"
    for block in blocks(path):
        if block.language not in SHELL | PYTHON | {*PROGRAMS} and not block.reason:
            assert block.language in _DATA, f"{block.place}: {block.language} is neither run nor marked as not run"
            _DATA[block.language](block.text)


@cache
def _notebooks() -> tuple[Path, ...]:
    return tuple(sorted((ROOT / "examples").glob("*.ipynb")))


@pytest.mark.server
@pytest.mark.parametrize("path", _notebooks(), ids=_name)
def test_every_notebook_runs(
    path: Path, tmp_path: Path, bundled_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cells run from the first to the last, beside the other examples; it is kept without outputs."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    names: dict[str, object] = {"__name__": "__main__"}
    with _fresh_folder(tmp_path), chdir(tmp_path / "examples"):
        for number, cell in enumerate(notebook["cells"]):
            if cell["cell_type"] == "code":
                assert (cell["outputs"], cell["execution_count"]) == ([], None)
                text = "".join(cell["source"]).replace(ADDRESS, bundled_server.address)
                exec(compile(text, f"{path.name}[{number}]", "exec"), names)  # noqa: S102  # ours


def test_the_examples_are_those_that_documents_name() -> None:
    """Each file of `examples/` is named in the table of its README, and in a document or a notebook besides."""
    table = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    others = "".join(one.read_text(encoding="utf-8") for one in documents() if one.parent.name != "examples")
    others += "".join(one.read_text(encoding="utf-8") for one in _notebooks())
    for path in (ROOT / "examples").iterdir():
        if path.name != "README.md":
            assert f"]({path.name}" in table, path.name
            assert path.name in others, path.name
