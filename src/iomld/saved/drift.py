"""Drift: what differs between the answer of a saved query now and the one that it had before."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from iomld.errors import IomldError
from iomld.release import Release
from iomld.saved.answers import AnswerFacts, SavedAnswer, answer_facts, answers_of
from iomld.saved.folder import SavedQueries, version_in
from iomld.saved.query import SavedQuery
from iomld.store.query_request import QueryRequest


class DriftKind(StrEnum):
    """The kinds of drift."""

    SAME = "same"
    NEW = "new"
    ROWS = "rows"
    VALUES = "values"
    EMPTY = "empty"
    UNSTABLE = "unstable"
    ERROR = "error"


_QUIET = frozenset({DriftKind.SAME, DriftKind.NEW})


@dataclass(frozen=True, slots=True)
class QueryDrift:
    """The drift of a saved query.

    Attributes:
        name: Name of the query, or of its file if that cannot be used.
        kind: The kind.
        was: The answer before; None if there was none.
        now: The answer now; None if there is none.
        since: Name of the release of the answer before; empty if there is none.
        is_new_text: Whether the text is another one than before.
        failure: Why there is no answer now.
    """

    name: str
    kind: DriftKind
    was: AnswerFacts | None = None
    now: AnswerFacts | None = None
    since: str = ""
    is_new_text: bool = False
    failure: str = ""

    @property
    def is_quiet(self) -> bool:
        """Whether nobody need look at it."""
        return self.kind in _QUIET

    @property
    def sentence(self) -> str:
        """What is to be said of it, without its name."""
        was, now = (_rows(facts) for facts in (self.was, self.now))
        sentence = {
            DriftKind.SAME: f"{now}, as before",
            DriftKind.NEW: f"{now}; no earlier answer to compare with",
            DriftKind.ROWS: f"was {was}, is {self.now.rows if self.now else 0}",
            DriftKind.VALUES: f"{now} as before, with other values",
            DriftKind.EMPTY: f"was {was}, is empty" if self.was else "is empty",
            DriftKind.UNSTABLE: f"gave {was} when this release was published, and gives {now} of other values now",
            DriftKind.ERROR: self.failure,
        }[self.kind]
        return (
            f"{sentence} (its text has changed)" if self.is_new_text and self.kind is not DriftKind.ERROR else sentence
        )


def _rows(facts: AnswerFacts | None) -> str:
    rows = facts.rows if facts else 0
    return f"{rows:,} row{'' if rows == 1 else 's'}"


def recorded_drift(answer: SavedAnswer) -> QueryDrift:
    """The drift of a query from the release before to the one that it is recorded in."""
    kind = _kind(answer.before, answer.facts)
    return QueryDrift(answer.name, kind, answer.before, answer.facts, answer.before_release, failure=answer.failure)


def current_drift(
    datadir: Path, saved: SavedQueries, served: Release, since: Release | None, ask: Callable[[QueryRequest], bytes]
) -> Iterator[QueryDrift]:
    """The drift of all queries of a folder, whose answers now are asked for.

    Args:
        datadir: The folder.
        saved: Its queries.
        served: The release that is served.
        since: The release to compare with; by default the one before, as it was recorded with the one that is served.
        ask: Answers queries from the release that is served.
    """
    recorded = answers_of(served)
    for query in saved.queries:
        try:
            now, failure = answer_facts(query, ask), ""
        except IomldError as error:
            now, failure = None, str(error)
        then = version_in(datadir, since, query.name) if since else recorded.get(query.name)
        yield _drift(query, then, since, served, now, failure)
    for fault in saved.faults:
        yield QueryDrift(fault.file, DriftKind.ERROR, failure=str(fault).removeprefix(f"{fault.file}, "))


def _drift(
    query: SavedQuery,
    then: SavedAnswer | None,
    since: Release | None,
    served: Release,
    now: AnswerFacts | None,
    failure: str,
) -> QueryDrift:
    is_same_text = then is None or then.text == query.text
    if then is None or since or not is_same_text:
        was = then.facts if then else None
        name = (since or served).manifest.name if then else ""
        return QueryDrift(query.name, _kind(was, now), was, now, name, not is_same_text, failure)
    name = served.manifest.name
    if now and then.facts and now != then.facts:
        return QueryDrift(query.name, DriftKind.UNSTABLE, then.facts, now, name)
    return QueryDrift(query.name, _kind(then.before, now), then.before, now, then.before_release, failure=failure)


def _kind(was: AnswerFacts | None, now: AnswerFacts | None) -> DriftKind:
    if now is None:
        return DriftKind.ERROR
    if was == now:
        return DriftKind.SAME
    if not now.rows:
        return DriftKind.EMPTY
    if was is None:
        return DriftKind.NEW
    return DriftKind.VALUES if was.rows == now.rows else DriftKind.ROWS
