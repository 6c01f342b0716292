"""A release chosen by its name or by a time, as people and programs name it; what cannot be found is explained."""

import re
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

from iomld.errors import IomldError, NotFoundError
from iomld.messages import message
from iomld.release.folder import Release, open_release
from iomld.release.pruning import pruned_names
from iomld.release.served import release_names, removed_names, served_at

_SHOWN = 60  # characters of a name in a message
_COMPARED = 500  # of the newest names
_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)")  # in a query string, a plus that is not percent-encoded is a space


class RemovedReleaseError(NotFoundError):
    """A release was made, and is not on disk any more.

    Attributes:
        name: Its name.
        can_be_restored: Whether its files can be made again.
    """

    def __init__(self, name: str, *, can_be_restored: bool) -> None:
        """Word the message.

        Args:
            name: The name of the release.
            can_be_restored: Whether its files can be made again.
        """
        super().__init__(
            message(
                "The release {name} was removed. Whoever runs this service can restore it with the command "
                "iomld releases restore {name}.",
                name=name,
            )
            if can_be_restored
            else message("The release {name} was removed. Choose another one, or take the whole dataset.", name=name)
        )
        self.name, self.can_be_restored = name, can_be_restored


def release_by_name(datadir: Path, name: str) -> Release:
    """A release by its name, which is compared with the names of all releases and never becomes part of a path.

    Raises:
        RemovedReleaseError: It was removed.
        NotFoundError: There is no such release; the message has the closest names.
        StoreError: It is damaged.
    """
    names = release_names(datadir)
    if name in names:
        return open_release(datadir, name)
    can_be_restored = name in pruned_names(datadir)
    if can_be_restored or name in removed_names(datadir):
        raise RemovedReleaseError(name, can_be_restored=can_be_restored)
    close = get_close_matches(name[:_SHOWN], names[-_COMPARED:], n=3, cutoff=0.4) or names[-1:]
    raise NotFoundError(
        message(
            "There is no release “{name}”. The closest names are: {names}.",
            name=name[:_SHOWN],
            names=", ".join(close),
        )
    )


def release_at(datadir: Path, moment: datetime) -> Release:
    """The release that was served at a moment.

    Raises:
        RemovedReleaseError: It was removed.
        NotFoundError: None is known to have been served then; the message has the first time.
        StoreError: It is damaged.
    """
    return release_by_name(datadir, served_at(datadir, moment))


def read_moment(text: str) -> datetime:
    """Read a moment as xsd:dateTime with a time zone.

    Raises:
        IomldError: It is no such moment.

    >>> read_moment("2026-11-01T02:00:00+02:00").isoformat()
    '2026-11-01T00:00:00+00:00'
    """
    try:
        moment = datetime.fromisoformat(_LOST_PLUS.sub("+", text))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    else:
        detail = message("The time “{text}” has no time zone. Write it like 2026-11-30T12:00:00Z.", text=text[:_SHOWN])
        raise IomldError(detail)
    raise IomldError(
        message("“{text}” is not a time. Write it like 2026-11-30T12:00:00Z, with a time zone.", text=text[:_SHOWN])
    )
