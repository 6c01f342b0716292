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
        values = entry.values()
        if hashlib.sha256(entry.content.encode()).hexdigest() != entry.sha256:
            yield f"entry {entry.number}: the content does not have its SHA-256."
        if (
            values.get("previous") != (last.sha256 if last else None)
            or entry.number != (last.number if last else 0) + 1
        ):
            yield f"entry {entry.number}: it does not follow the entry before."
        last = entry


def receipt_json(iri: str, state: str, entries: Iterable[ReceiptEntry]) -> dict[str, object]:
    """A receipt as a JSON object.

    Args:
        iri: Its IRI.
        state: The state of the submission.
        entries: Its entries, oldest first.
    """
    shown = [entry.values() | {"sha256": entry.sha256} for entry in entries]
    return {"id": iri, "state": state, "entries": shown}
