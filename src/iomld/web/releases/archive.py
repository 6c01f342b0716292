"""Keeps the releases open that requests chose last, besides the one that is served."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from weakref import finalize

from iomld.browse.view import ReleaseView, open_view
from iomld.fund_folder import FundFolder
from iomld.i18n import LANGUAGES
from iomld.release import Release, ReleaseUse, require_whole
from iomld.web.releases.choice import ReleaseChoice

MOST_OPEN = 8


@dataclass(frozen=True, slots=True)
class PastRelease:
    """An open release that a request chose.

    Attributes:
        release: Its folder and manifest.
        views: Its views, by language.
        fund: The fund folder that it was published with.
    """

    release: Release
    views: Mapping[str, ReleaseView]
    fund: FundFolder


class ReleaseArchive:
    """The releases of a folder, of which the last used stay open; may be used from several threads.

    A release is in use, so that nobody removes its files, until neither the archive nor a request has it.
    """

    def __init__(self, datadir: Path, served: Callable[[], ReleaseView], fund: Callable[[], FundFolder]) -> None:
        """Begin with none open.

        Args:
            datadir: Folder of the releases.
            served: Gives the release that is served, which is open already.
            fund: Gives its fund folder.
        """
        self._datadir = datadir
        self._served, self._fund = served, fund
        self._open: OrderedDict[str, PastRelease] = OrderedDict()
        self._lock = Lock()

    def find(self, choice: ReleaseChoice) -> Release:
        """The release of a choice, which is not opened.

        Raises:
            ProblemError: There is none (404, 410).
            StoreError: It is damaged.
        """
        return choice.find(self._datadir)

    def open(self, choice: ReleaseChoice) -> PastRelease:
        """Open the release of a choice; reads files.

        Raises:
            ProblemError: There is none (404, 410).
            StoreError: It is damaged.
        """
        found = self.find(choice)
        name = found.manifest.name
        served = self._served()
        if served.release.manifest.name == name:  # its store is open already, and in use as long as it is served
            return PastRelease(found, _views(served), self._fund())
        with self._lock:
            opened = self._open.get(name) or _opened(found)
            self._open[name] = opened
            self._open.move_to_end(name)
            if len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
        return opened


def _opened(found: Release) -> PastRelease:
    use = ReleaseUse(found.path)
    try:
        require_whole(found, read_bytes=0)  # only the lengths of files in a new state: a store has checksums
        view = open_view(found)
    except BaseException:
        use.end()
        raise
    finalize(view.reader, use.end)
    return PastRelease(found, _views(view), found.fund_folder)


def _views(view: ReleaseView) -> dict[str, ReleaseView]:
    return {language: replace(view, language=language, is_chosen=True) for language in LANGUAGES}
