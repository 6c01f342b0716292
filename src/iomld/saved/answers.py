"""The answers that saved queries have in a release: recorded when it is made, with the text of each as it was then."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path

from iomld.errors import IomldError, StoreError
from iomld.formats import rdf, results
from iomld.release import FILES, Release
from iomld.saved.query import SavedQuery
from iomld.store.query_request import QueryRequest, QueryWorker
from iomld.store.query_worker import run_query

TIMEOUT_S = 30.0
_MOST_BYTES = 256 << 20
_TYPES = (results.TSV.media_type, results.JSON.media_type, rdf.NTRIPLES.media_type)


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What is kept of an answer.

    Attributes:
        rows: Number of rows; of a graph its triples, and of ASK 1 for yes.
        sha256: SHA-256 of the rows, sorted; so it does not depend on their order.
    """

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """A saved query as it was when a release was made, and the answer that it had with its defaults.

    Attributes:
        name: Name of the query.
        text: Its text.
        facts: The answer; None if there was none.
        failure: Why there was none; empty if there was one.
        before: The answer in the release before; None if it had none.
        before_release: Name of that release; empty if there was none, or the query was not in it.
    """

    name: str
    text: str
    facts: AnswerFacts | None
    failure: str = ""
    before: AnswerFacts | None = None
    before_release: str = ""

    @property
    def text_sha256(self) -> str:
        """SHA-256 of the text in UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def answer_facts(query: SavedQuery, ask: Callable[[QueryRequest], bytes]) -> AnswerFacts:
    """Ask a query with its defaults.

    Args:
        query: The query.
        ask: Answers it; see `release_asker`.

    Raises:
        IomldError: It has no answer.
    """
    answer = ask(QueryRequest(query.bound(query.values({})), *_TYPES))
    match query.form:
        case "ASK":
            verdict = bool(json.loads(answer)["boolean"])
            return _facts(int(verdict), [str(verdict).lower().encode()])
        case "SELECT":
            head, *rows = answer.splitlines()
            return _facts(len(rows), [head, *sorted(rows)])
        case _:
            triples = sorted(set(answer.splitlines()))
            return _facts(len(triples), triples)


def _facts(rows: int, lines: Iterable[bytes]) -> AnswerFacts:
    return AnswerFacts(rows, hashlib.sha256(b"".join(line + b"\n" for line in lines)).hexdigest())


def release_asker(store: Path, base: str) -> Callable[[QueryRequest], bytes]:
    """A function that has a query answered from a store, each in a worker process of its own, with a time limit.

    Args:
        store: Folder of the store that answers queries.
        base: The base IRI, ending in a slash.
    """
    worker = QueryWorker(str(store), base)

    def ask(request: QueryRequest) -> bytes:
        return run_query(worker, request, timeout_s=TIMEOUT_S, max_answer_bytes=_MOST_BYTES)

    return ask


def recorded_answers(
    queries: Sequence[SavedQuery], ask: Callable[[QueryRequest], bytes], previous: Release | None
) -> tuple[SavedAnswer, ...]:
    """The answers of all queries in a new release; a query that has none does not stop the others.

    Args:
        queries: The queries.
        ask: Answers queries from the new store.
        previous: The release before.
    """
    before = answers_of(previous) if previous and queries else {}
    return tuple(_recorded(query, ask, before.get(query.name), previous) for query in queries)


def _recorded(
    query: SavedQuery, ask: Callable[[QueryRequest], bytes], before: SavedAnswer | None, previous: Release | None
) -> SavedAnswer:
    facts, failure = None, ""
    try:
        facts = answer_facts(query, ask)
    except IomldError as error:
        failure = str(error)
    name = previous.manifest.name if previous and before else ""
    return SavedAnswer(query.name, query.text, facts, failure, before.facts if before else None, name)


def answers_to_json(answers: Iterable[SavedAnswer]) -> bytes:
    """Answers as a file of a release."""
    listed = [asdict(answer) | {"text_sha256": answer.text_sha256} for answer in answers]
    return json.dumps({"queries": listed}, indent=2, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def answers_from_json(content: bytes) -> tuple[SavedAnswer, ...]:
    """The answers that `answers_to_json` wrote.

    Raises:
        ValueError: It did not write this.
    """
    try:
        return tuple(map(_answer, json.loads(content)["queries"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error


def _answer(written: Mapping[str, object]) -> SavedAnswer:
    values = {field.name: written[field.name] for field in fields(SavedAnswer)}
    for name in ("facts", "before"):
        if isinstance(found := values[name], dict):
            values[name] = AnswerFacts(found["rows"], found["sha256"])
    return SavedAnswer(**values)  # type: ignore[arg-type]  # another type is another file


def answers_of(release: Release) -> Mapping[str, SavedAnswer]:
    """The saved queries of a release, by name; none in one that was made without any.

    Raises:
        StoreError: The file cannot be read.
    """
    path = release.file(FILES.saved_queries)
    return _read(path) if FILES.saved_queries in release.manifest.files else {}


@lru_cache(maxsize=32)
def _read(path: Path) -> Mapping[str, SavedAnswer]:
    """The answers in the file of a release; cached, since releases do not change."""
    try:
        return {answer.name: answer for answer in answers_from_json(path.read_bytes())}
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read ({error}). Copy the file back from a backup.") from error
