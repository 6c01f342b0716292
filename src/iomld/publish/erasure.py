"""Erases the content of a revision, under the lock of publishers."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from iomld import release
from iomld.errors import NotFoundError
from iomld.iris import Iris
from iomld.ledger.erasure import Erasure, erase
from iomld.publish.runs import locked_folder, utc_now

_REVISION = re.compile(r"(?P<key>.+)/rev/(?P<number>[1-9][0-9]{0,8})")


def erase_revision(
    datadir: Path, revision: str, reason: str, clock: Callable[[], datetime] = utc_now
) -> tuple[int, ...]:
    """Erase the content of a revision of a record from the ledger.

    Args:
        datadir: Folder of the releases.
        revision: The revision: `PO.0105/rev/2`, or its IRI.
        reason: The reason, a sentence for readers of the ledger.
        clock: Gives the time now.

    Returns:
        Numbers of the other revisions of the record that still have the same content.

    Raises:
        NotFoundError: Nothing is published, or there is no such revision, or it has no content.
        StoreError: A release still contains it, the folder is in use, or the ledger is damaged.
    """
    current = release.current_release(datadir)
    if current is None:
        raise NotFoundError(f"{datadir}: nothing is published here, so nothing can be erased.")
    iris = Iris(current.manifest.base)
    parts = _REVISION.fullmatch(unquote(revision.removeprefix(iris.record(""))))
    if parts is None:
        raise NotFoundError(f"'{revision}' is not the name of a revision, such as PO.0105/rev/2.")
    erasure = Erasure(iris.record(parts["key"]), int(parts["number"]), reason)
    with locked_folder(datadir, clock) as folder:
        return erase(datadir, folder.ledger, erasure, folder.now)
