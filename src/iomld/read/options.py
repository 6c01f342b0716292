"""What readers are told besides the bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Recogniser(Protocol):
    """Knows the words of our lists, so that a page without labels can be read by its values.

    The linker fills this role (`iomld.pipeline.recogniser`); readers ask it and decide nothing about codes.
    """

    def fields_of(self, line: str) -> tuple[str, ...]:
        """The fields that a line alone can be the value of, among status, projectType, coverage and region."""
        ...

    def are_states(self, line: str) -> bool:
        """Whether a line is wholly a list of country names, with any separator or none."""
        ...

    def resembles_state(self, line: str) -> bool:
        """Whether a line looks like the mistyped name of a country."""
        ...


class NoRecogniser:
    """Knows no words: pages without labels stay unread."""

    def fields_of(self, line: str) -> tuple[str, ...]:
        """None."""
        del line
        return ()

    def are_states(self, line: str) -> bool:
        """Never."""
        del line
        return False

    def resembles_state(self, line: str) -> bool:
        """Never."""
        del line
        return False


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Options of all readers.

    Attributes:
        url: Address of the page that a source was saved from; only for a source of one record.
        mapping: For foreign tables: our column for each heading of theirs.
        recogniser: Knows the words of our lists.
    """

    url: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    recogniser: Recogniser = field(default_factory=NoRecogniser)
