"""A shard and what is known of its graphs together: statistics, texts, and subjects that other graphs may have too."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from iomld.release.pieces import Piece
from iomld.release.statistics import Statistics

Text = tuple[str, str]


class SharedSubject(NamedTuple):
    """A subject that several graphs may have.

    Attributes:
        iri: Its IRI.
        description: The hash of what one graph says of it (`description_hash`).
    """

    iri: str
    description: int


@dataclass(frozen=True, slots=True)
class ShardSums:
    """What is known of all graphs of a shard together.

    Attributes:
        statistics: Their statistics.
        texts: The fields and languages of their texts.
        shared: Subjects that other graphs may have too; one that several of the graphs have is there several times.
    """

    statistics: Statistics
    texts: frozenset[Text]
    shared: tuple[SharedSubject, ...] = ()

    def to_line(self) -> bytes:
        """As a line of JSON."""
        return json_line({"statistics": self.statistics.to_json(), "texts": sorted(self.texts), "shared": self.shared})

    @staticmethod
    def from_line(line: bytes) -> "ShardSums":
        """Read what `to_line` wrote."""
        values = json.loads(line)
        texts = frozenset((name, language) for name, language in values["texts"])
        shared = tuple(SharedSubject(iri, description) for iri, description in values["shared"])
        return ShardSums(Statistics.from_json(values["statistics"]), texts, shared)


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard of a release.

    Attributes:
        fingerprint: Hash of its graphs and their hashes; equal shards have equal pieces.
        pieces: Its piece of each file in which it has one, by the name of the file.
        sums: What is known of its graphs together.
    """

    fingerprint: str
    pieces: Mapping[str, Piece]
    sums: ShardSums


def subject_hash(subject: str) -> int:
    """A hash of a subject in eight bytes, by which the table knows it."""
    return _short_hash(subject.encode())


def description_hash(triples: Iterable[bytes]) -> int:
    """A hash in eight bytes of what is said of one subject, from its N-Triples lines."""
    return _short_hash(b"".join(sorted(set(triples))))


def _short_hash(content: bytes) -> int:
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "little")


def json_line(value: object) -> bytes:
    """A value as a line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
