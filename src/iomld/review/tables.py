"""Mentions to review as a table, and the decisions that people write into it.

The table is the CSV that `iomld mentions list` writes; of what comes back only the columns `key` and `review` count.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from iomld.errors import SourceError
from iomld.messages import Message, message
from iomld.model import UNREVIEWED, Mention, Project, canonical_decimal
from iomld.read.table.csv_rows import DELIMITERS, CsvRow, decoded, delimiters_of, read_rows
from iomld.read.table.rows import plain
from iomld.review.matching import reviewed_mentions
from iomld.review.reviews import DECISIONS, MentionKey, Review, Reviews

COLUMNS = (
    "key",
    "review",
    "framework",
    "prefix",
    "quote",
    "suffix",
    "field",
    "language",
    "method",
    "confidence",
    "earlier",
)
_KEY, _REVIEW = COLUMNS[:2]
_MOST_FAULTS = 10
_LONGEST = 80  # characters of a wrong value that are repeated


class Decision(NamedTuple):
    """What was decided about a mention.

    Attributes:
        mention: The name of the mention (`MentionKey.name`).
        decision: `accepted` or `rejected`.
        line: The line of the table that says so; 0 if no table does.
        file: The name of the table.
    """

    mention: str
    decision: str
    line: int = 0
    file: str = ""

    @property
    def unknown(self) -> str:
        """A sentence for a mention that is not published."""
        place = f"{self.file}, line {self.line}: no" if self.line else "No"
        return f"{place} published mention has the key '{self.mention[:_LONGEST]}'."


@dataclass(frozen=True, slots=True)
class MentionRow:
    """A mention to review.

    Attributes:
        key: What it is known by.
        mention: The mention with its review.
        earlier: A review of the same words in another context, which has moved here; None if there is none.
    """

    key: MentionKey
    mention: Mention
    earlier: Review | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """Its cells, in the order of `COLUMNS`."""
        one = self.mention
        earlier = self.earlier.decision if self.earlier else ""
        context = (one.framework, one.prefix, one.quote, one.suffix, one.field, one.language, one.method)
        return (self.key.name, one.review, *context, canonical_decimal(one.confidence), earlier)


@dataclass(frozen=True, slots=True)
class MentionFilter:
    """Which mentions are listed.

    Attributes:
        framework: Code of the framework; also mentions of its parts. Empty for all.
        review: Code in the review scheme; empty for all.
        below: Only those with a smaller confidence; None for all.
        wholes: The framework of each part.
    """

    framework: str = ""
    review: str = ""
    below: Decimal | None = None
    wholes: Mapping[str, str] | None = None

    def has(self, mention: Mention) -> bool:
        """Whether a mention is listed."""
        named = (mention.framework, (self.wholes or {}).get(mention.framework))
        return (
            (not self.framework or self.framework in named)
            and (not self.review or self.review == mention.review)
            and (self.below is None or mention.confidence < self.below)
        )


def mention_rows(projects: Iterable[Project], reviews: Reviews, chosen: MentionFilter) -> Iterator[MentionRow]:
    """The mentions of projects that a filter chooses, in their order."""
    for project in projects:
        outcome = reviewed_mentions(project.key, project.mentions, reviews.by_project.get(project.key, {}))
        moved = {review.mention.words: review for review in outcome.moved}
        for mention in filter(chosen.has, project.mentions):
            key = MentionKey.of(project.key, mention)
            earlier = moved.get(key.words) if mention.review == UNREVIEWED else None
            yield MentionRow(key, mention, earlier)


def read_decisions(data: bytes, file: str) -> tuple[Decision, ...]:
    """Read the decisions of a table; rows whose review is empty or `unreviewed` are left out.

    Args:
        data: The table as CSV, in any encoding and with any delimiter that tables of records can have.
        file: Its name, for messages.

    Raises:
        SourceError: It is no such table, or a row has a fault; all faults are named, up to ten.
    """
    text, _ = decoded(data, file)
    delimiter = next(iter(delimiters_of(text.split("\n", 1)[0])), DELIMITERS[0])
    rows = (row for row in read_rows(text, delimiter, file=file) if any(map(str.strip, row.cells)))
    columns = _columns(next(rows, None), file)
    found: dict[str, Decision] = {}
    faults: list[Message] = []
    for row in rows:
        decision = _decision(row, columns, file)
        if isinstance(decision, Message):
            faults.append(decision)
        elif decision and found.setdefault(decision.mention, decision).decision != decision.decision:
            faults.append(_contradiction(found[decision.mention], decision))
    if faults:
        raise _faults(faults)
    return tuple(found.values())


def _columns(header: CsvRow | None, file: str) -> tuple[int, int]:
    """The places of the columns `key` and `review`."""
    names = [cell.strip().lower() for cell in header.cells] if header else []
    if (names.count(_KEY), names.count(_REVIEW)) != (1, 1):
        raise SourceError(
            message(
                "{file}: the first row must have the columns 'key' and 'review', each once. Fill in a table that "
                "'iomld mentions list --format csv' has written.",
                file=file,
            )
        )
    return names.index(_KEY), names.index(_REVIEW)


def _decision(row: CsvRow, columns: tuple[int, int], file: str) -> Decision | Message | None:
    """The decision of a row, its fault, or None if nothing was decided."""
    key, review = (plain(row.cells[at]).strip() if at < len(row.cells) else "" for at in columns)
    if review.lower() in ("", UNREVIEWED):
        return None
    if review.lower() not in DECISIONS:
        return message(
            "{file}, line {line}: the review is '{value}'. Write accepted or rejected, or leave it as it was.",
            file=file,
            line=row.line,
            value=review[:_LONGEST],
        )
    if not key:
        return message("{file}, line {line}: the key of the mention is missing.", file=file, line=row.line)
    return Decision(key, review.lower(), row.line, file)


def _contradiction(one: Decision, other: Decision) -> Message:
    return message(
        "{file}, line {line}: {key} is {decision}, but {earlier} on line {before}.",
        file=other.file,
        line=other.line,
        key=other.mention[:_LONGEST],
        decision=other.decision,
        earlier=one.decision,
        before=one.line,
    )


def _faults(faults: Sequence[Message]) -> SourceError:
    if len(faults) == 1:
        return SourceError(faults[0])
    return SourceError(
        message(
            "{count} rows have faults, so nothing was recorded. {faults}",
            count=len(faults),
            faults=" ".join(str(fault) for fault in faults[:_MOST_FAULTS]),
        )
    )
