"""What runs on an executor: it opens the stages once in each Python worker, and then runs the jobs of a publish.

An executor gets everything in values: bytes of sources, records, lines of graphs, and the files of the fund folder. It
needs no file of the driver, only iomld and its libraries in the same versions, since these decide the bytes of a
release.
"""

import json
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from iomld.fund_folder import folder_in_use, read_fund_folder, use_folder
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import Pipeline, load_pipeline
from iomld.publish.processes import packed_result
from iomld.temporary import temporary_folder

# The libraries that decide verdicts and bytes.
_LIBRARIES = ("lxml", "openpyxl", "pyoxigraph", "shacl", "zlib-ng")
_OPEN = ExitStack()  # holds the fund folder as long as the Python worker lives; the next worker removes it


class JobAnswer(NamedTuple):
    """The answer to a job: the packed result, or what keeps the executor from running it.

    Attributes:
        result: The result; empty if there is none.
        fault: A sentence without its end: which versions the executor has; empty if there is a result.
    """

    result: bytes
    fault: str = ""


def opening_of(pipeline: Pipeline) -> str:
    """What executors need to open the same stages, in the fund folder in use.

    Args:
        pipeline: The loaded stages.
    """
    folder = folder_in_use()
    names = () if folder.is_own else folder.files()
    fund = {name: (folder.path / name).read_text(encoding="utf-8") for name in names}
    return json.dumps({"choices": pipeline.choices.to_json(), "fund": fund, "versions": versions_of(pipeline)})


def versions_of(pipeline: Pipeline) -> dict[str, str]:
    """The versions of everything that decides the bytes of a release."""
    return {**pipeline.versions, **{name: version(name) for name in _LIBRARIES}}


def run_jobs(opening: str, payloads: Iterable[bytes]) -> Iterator[JobAnswer]:
    """Run pickled jobs; they come from the driver, as this function does.

    Args:
        opening: The stages, as `opening_of` writes them.
        payloads: The jobs.
    """
    opened = _opened(opening)
    for payload in payloads:
        if isinstance(opened, str):
            yield JobAnswer(b"", opened)
            continue
        yield JobAnswer(packed_result(payload, opened))


@cache
def _opened(opening: str) -> Pipeline | str:
    """The stages, or how the versions of this executor differ."""
    values = json.loads(opening)
    if values["fund"]:
        use_folder(read_fund_folder(_written(values["fund"])))
    pipeline = load_pipeline(Choices.from_json(values["choices"]))
    known, wanted = versions_of(pipeline), values["versions"]
    differing = [f"{name} {known[name]} (here {wanted[name]})" for name in wanted if known[name] != wanted[name]]
    return f"{socket.gethostname()} has {', '.join(differing)}" if differing else pipeline


def _written(files: Mapping[str, str]) -> Path:
    """Write the files of a fund folder."""
    folder = _OPEN.enter_context(temporary_folder("fund"))
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
