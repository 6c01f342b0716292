"""Receipts: what happened to each submission, as entries of one chain of hashes, which hold no names and no content.

Each entry has the hash of the entry before, whosever submission that is about. So a copy of the newest hash, such as
the one in the manifest of a release, shows later whether an earlier entry was changed or removed.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ReceiptEntry:
    """An entry of a receipt.

    Attributes:
        number: Its number in the chain, from 1.
        receipt: Name of the receipt, which is that of the submission.
        content: Its JSON object, as it is hashed.
        sha256: The hash of its content.
    """

    number: int
    receipt: str
    content: str
    sha256: str

    def values(self) -> dict[str, Any]:
        """What it says."""
        values: dict[str, Any] = json.loads(self.content)
        return values


def next_entry(
    last: ReceiptEntry | None, receipt: str, event: str, at: str, facts: Mapping[str, object]
) -> ReceiptEntry:
    """The entry that follows another one.

    Args:
        last: The newest entry of the chain; None if this is the first.
        receipt: Name of the receipt.
        event: What happened: the new state.
        at: When (xsd:dateTime, UTC).
        facts: What else it says; values of JSON.
    """
    number = last.number + 1 if last else 1
    values = {"number": number, "receipt": receipt, "event": event, "at": at, **facts}
    values["previous"] = last.sha256 if last else None
    content = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return ReceiptEntry(number, receipt, content, hashlib.sha256(content.encode()).hexdigest())


def chain_faults(entries: Iterable[ReceiptEntry]) -> Iterator[str]:
    """What is wrong with a chain, entry by entry; nothing if it is whole.

    Args:
        entries: All entries, oldest first.
    """
    last: ReceiptEntry | None = None
    for entry in entries:
        if hashlib.sha256(entry.content.encode()).hexdigest() != entry.sha256:
            yield f"entry {entry.number}: the content does not have its SHA-256."
        if (
            _stated(entry, "previous") != (last.sha256 if last else None)
            or entry.number != (last.number if last else 0) + 1
        ):
            yield f"entry {entry.number}: it does not follow the entry before."
        last = entry


def published_faults(entries: Iterable[ReceiptEntry], releases: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """The entries that a release was made from and that the chain does not have, or not with the same content.

    Whoever writes the chain anew would have to change each of these releases too.

    Args:
        entries: All entries.
        releases: The hash of an entry by the name of its receipt, by the name of the release whose manifest has it.
    """
    known = {(entry.receipt, entry.sha256) for entry in entries}
    for release, submissions in releases.items():
        for receipt, sha256 in submissions.items():
            if (receipt, sha256) not in known:
                yield f"receipt {receipt}: the entry that release {release} names is missing or was changed."


def state_faults(entries: Iterable[ReceiptEntry], states: Mapping[str, str]) -> Iterator[str]:
    """The submissions whose state is not the one that their newest entry says.

    Args:
        entries: All entries, oldest first.
        states: The state of each submission, by name.
    """
    newest = {entry.receipt: _stated(entry, "event") for entry in entries}
    for receipt, state in states.items():
        if newest.get(receipt) != state:
            yield f"receipt {receipt}: the submission is {state}, and the newest entry does not say so."
    for receipt in newest.keys() - states.keys():
        yield f"receipt {receipt}: the submission is missing."


def _stated(entry: ReceiptEntry, key: str) -> object:
    """A value of an entry, which can have any content by now; None if it states none."""
    try:
        return entry.values().get(key)
    except (ValueError, AttributeError, RecursionError):
        return None


def receipt_json(iri: str, state: str, entries: Iterable[ReceiptEntry]) -> dict[str, Any]:
    """A receipt as a JSON object, in which an entry is as it is hashed, and `entrySha256` is that hash.

    Args:
        iri: Its IRI.
        state: The state of the submission.
        entries: Its entries, oldest first.
    """
    shown = [entry.values() | {"entrySha256": entry.sha256} for entry in entries]
    return {"id": iri, "state": state, "entries": shown}
