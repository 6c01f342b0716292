"""The file of all reviews, `reviews.jsonl` beside the releases: one JSON object in each line, the oldest first.

    {"project": "PO.0105", "framework": "gcm", "field": "narrative", "language": "en", "exact": "GCM",
     "prefix": "the ", "suffix": " and", "review": "rejected", "reviewed": "2026-11-30T12:00:00Z"}

Lines are only added. Every release has a copy in its manifest. The file can be kept under version control and merged
with that of another folder: the order of lines about different mentions has no meaning.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from iomld.errors import StoreError
from iomld.read.text import has_forbidden_character, is_language_tag, utc_moment
from iomld.release import FILES
from iomld.release.served import sync
from iomld.review.reviews import DECISIONS, NO_REVIEWS, MentionKey, Review, Reviews, review_json

_FIELDS = ("narrative", "abstract", "title")
_KEYS = (*MentionKey._fields, "review", "reviewed")
_NO_OBJECT = "it is not a JSON object"
_NEEDED = ("project", "framework", "exact")  # not empty


def read_reviews(folder: Path) -> Reviews:
    """The reviews in a folder of releases, or in a release; none if there is no file.

    Raises:
        StoreError: The file cannot be read, or one of its lines is no review.
    """
    path = folder / FILES.reviews
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return NO_REVIEWS
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error}).") from error
    lines = content.split(b"\n")
    return Reviews(tuple(_review(line, path, number) for number, line in enumerate(lines, start=1) if line.strip()))


def write_reviews(reviews: Reviews, folder: Path) -> None:
    """Write all reviews to a folder; after a crash the file is the old one or the new one, never a part of it.

    Args:
        reviews: All reviews, those that the file has already first.
        folder: A release that is being built, or under `publisher_lock` the folder of the releases.
    """
    path = folder / FILES.reviews
    draft = path.with_name(f".{path.name}")  # of a killed run, it is overwritten by the next
    try:
        draft.write_bytes(b"".join(map(_line, reviews.everything)))
        sync(draft)
        draft.replace(path)
        sync(folder)
    finally:
        draft.unlink(missing_ok=True)


def _line(review: Review) -> bytes:
    return json.dumps(review_json(review), ensure_ascii=False).encode() + b"\n"


def _review(line: bytes, path: Path, number: int) -> Review:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _fault(path, number, _NO_OBJECT) from error
    fault = _value_fault(values)
    if fault:
        raise _fault(path, number, fault)
    return Review(
        MentionKey(**{name: values[name] for name in MentionKey._fields}), values["review"], values["reviewed"]
    )


def _value_fault(values: object) -> str:
    """What is wrong with the values of a line; empty if nothing is."""
    if not isinstance(values, dict):
        return _NO_OBJECT
    if values.keys() != set(_KEYS):
        odd = sorted(values.keys() ^ set(_KEYS))
        return f"its keys are not {', '.join(_KEYS)}: see '{odd[0][:40]}'"
    for name, value in values.items():
        if not isinstance(value, str) or has_forbidden_character(value):
            return f"'{name}' is not a text, or has a control character"
    wrong = next((name for name, is_right in _CHECKS.items() if not is_right(values[name])), None)
    return f"'{wrong}' cannot be '{values[wrong][:40]}'" if wrong else ""


_CHECKS: Mapping[str, Callable[[str], object]] = {
    **dict.fromkeys(_NEEDED, bool),
    "field": _FIELDS.__contains__,
    "language": is_language_tag,
    "review": DECISIONS.__contains__,
    "reviewed": lambda text: utc_moment(text) == text,
}


def _fault(path: Path, number: int, fault: str) -> StoreError:
    return StoreError(
        f"{path}, line {number}: this is no review of a mention: {fault}. Correct the line, or copy the file back from "
        "the newest release or a backup."
    )
