"""The progress of long-running work: an interface that is called as its phases begin and advance; callers show it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

_Item = TypeVar("_Item")


class Phase(NamedTuple):
    """A part of long work.

    Attributes:
        number: Its number, from 1.
        phases: How many phases the work has.
        name: What is done in it, such as `checking`.
        unit: What is counted in it, such as `projects`; empty if nothing is.
    """

    number: int
    phases: int
    name: str
    unit: str


def phases_of(*named: tuple[str, str]) -> tuple[Phase, ...]:
    """The phases with these names and units, in their order.

    >>> phases_of(("reading", "records"), ("sorting", ""))[1]
    Phase(number=2, phases=2, name='sorting', unit='')
    """
    return tuple(Phase(number, len(named), *one) for number, one in enumerate(named, 1))


class Progress:
    """What long work calls while it goes on. This one shows nothing."""

    def begin(self, phase: Phase, total: int | None = None) -> None:
        """Begin a phase, and so end the one before.

        Args:
            phase: The phase.
            total: How many of its units there are, if that is known.
        """

    def advance(self) -> None:
        """Count one more unit of the phase."""

    def pause(self) -> None:
        """Make room for other lines on the terminal."""

    def counted(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """The same items, each counted when the next one is taken."""
        for item in items:
            yield item
            self.advance()


NO_PROGRESS = Progress()
