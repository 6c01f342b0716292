"""The worker that writes selections: one at a time, in a process that can be stopped.

`iomld.workers` gets the handler by the name of `open_selector`.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

from iomld import release
from iomld.browse.filters import read_filters
from iomld.browse.selection.files import SELECTION_FILES
from iomld.browse.selection.records import SelectedRecords
from iomld.browse.view import ReleaseView, open_view
from iomld.errors import IomldError, StoreError
from iomld.fund_folder import using
from iomld.messages import message
from iomld.pipeline.faults import fault_answer
from iomld.temporary import temporary_folder
from iomld.workers.handler import Answer, AnswerTooLargeError, AnswerWriter, Handler

HANDLER = "iomld.browse.selection.worker:open_selector"
# Kinds of faults: more bytes than the limit; records that the format cannot hold; a damaged release.
TOO_LARGE, NOT_WRITTEN, DAMAGED = "selection-too-large", "selection-not-written", "damaged"
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class SelectionRequest:
    """The request for a file of a selection.

    Attributes:
        release: Name of the release.
        language: Language of the names by which projects are sorted and found.
        file: Name of the file, one of `SELECTION_FILES`.
        filters: The filters as parameters.
    """

    release: str
    language: str
    file: str
    filters: tuple[tuple[str, str], ...]

    def payload(self) -> bytes:
        """The payload for the worker."""
        return json.dumps(asdict(self)).encode()


def open_selector(argument: str) -> Handler:
    """The handler of a worker; it takes payloads of `SelectionRequest`.

    Args:
        argument: The folder of the releases.
    """
    return _Selector(Path(argument))


class _Selector:
    def __init__(self, datadir: Path) -> None:
        self._datadir = datadir
        self._view: ReleaseView | None = None

    def __call__(self, payload: bytes, writer: AnswerWriter) -> Answer:
        """Write the file, or answer with a fault that says why there is none."""
        request = SelectionRequest(**json.loads(payload))
        try:
            view = replace(self._release(request.release), language=request.language)
            with using(view.release.fund_folder), _temporary_files():
                records = SelectedRecords(view, read_filters(request.filters))
                SELECTION_FILES[request.file].write(records, cast("BinaryIO", writer))
        except AnswerTooLargeError as error:
            too_large = message(
                "The file would be larger than {size} MiB, the limit. Choose fewer projects by filters, or take the "
                "whole dataset from /downloads.",
                size=f"{error.limit_bytes / _MIB:g}",
            )
            return fault_answer(TOO_LARGE, too_large)
        except IomldError as error:
            return fault_answer(DAMAGED if isinstance(error, StoreError) else NOT_WRITTEN, error.message)
        return Answer(b"")

    def _release(self, name: str) -> ReleaseView:
        """A release; the last one stays open."""
        if self._view is None or self._view.release.manifest.name != name:
            self._view = open_view(release.open_release(self._datadir, name))
        return self._view


@contextmanager
def _temporary_files() -> Iterator[None]:
    """Let temporary files be made in a folder that is removed, now or, if the worker is killed, by the next process."""
    with temporary_folder("selection") as folder:
        before, tempfile.tempdir = tempfile.tempdir, str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = before
