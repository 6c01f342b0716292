"""The parameters `release` and `asOf`, by which a request asks for the data of another time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from iomld.errors import IomldError, NotFoundError, StoreError
from iomld.messages import message
from iomld.release import Release
from iomld.release.choice import RemovedReleaseError, read_moment, release_at, release_by_name
from iomld.web.conditional import http_date
from iomld.web.problems import ProblemError

RELEASE, AS_OF = "release", "asOf"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ReleaseChoice:
    """A release as a request names it.

    Attributes:
        name: Its name; empty if the time decides.
        moment: A moment at which it was served; None if the name decides.
    """

    name: str = ""
    moment: datetime | None = None

    def find(self, datadir: Path) -> Release:
        """The release in a folder.

        Raises:
            ProblemError: It was removed (410), or there is none (404).
            StoreError: It is damaged.
        """
        if self.moment is None:
            return _found(lambda: release_by_name(datadir, self.name))
        moment = self.moment
        return _found(lambda: release_at(datadir, moment))


def release_choice(values: Mapping[str, Sequence[str]]) -> ReleaseChoice | None:
    """The choice that parameters make, by the values of each; None if they make none.

    Raises:
        ProblemError: Both parameters are given, one is given twice, or the time is none (400).
    """
    given = [(name, value) for name in (RELEASE, AS_OF) for value in values.get(name, ())]
    if not given:
        return None
    if len(given) > 1:
        detail = message(
            "A request can ask for one release: by “{release}” or by “{as_of}”, once. Remove the others.",
            release=RELEASE,
            as_of=AS_OF,
        )
        raise ProblemError(400, "several-releases", detail)
    ((name, value),) = given
    if name == RELEASE:
        return ReleaseChoice(name=value)
    try:
        return ReleaseChoice(moment=read_moment(value))
    except IomldError as error:
        raise ProblemError(400, "time", error.message) from error


def created(release: Release) -> datetime:
    """When a release was made."""
    return datetime.fromisoformat(release.manifest.created).astimezone(UTC)


def memento_headers(moment: datetime) -> dict[str, str]:
    """The headers of an answer with the data of a time (RFC 7089, section 2.1.1)."""
    return {"Memento-Datetime": http_date(moment.astimezone(UTC))}


def _found(find: Callable[[], _T]) -> _T:
    """What is found, with errors as problems."""
    try:
        return find()
    except StoreError:
        raise
    except RemovedReleaseError as error:
        detail = message(
            "The release {name} was removed from this server. Choose another one, or take the whole dataset of "
            "today at {downloads}.",
            name=error.name,
            downloads="/downloads",
        )
        raise ProblemError(410, "release-removed", error.message if error.can_be_restored else detail) from error
    except NotFoundError as error:
        raise ProblemError(404, "unknown-release", error.message) from error
