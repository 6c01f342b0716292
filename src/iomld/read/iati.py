"""Read the organization's activities from an IATI 2.0x file.

Accepted are whole files, single activities, and both inside the wrappers of data stores. An activity is joined to its
project by the code in its identifier; activities of other organizations are counted and skipped. The hash of a record's
origin covers the activity alone, serialized again as UTF-8, so that it stays the same when other activities of the file
change.

Source: IATI Standard 2.03, activity standard.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath

from lxml import etree

from iomld.errors import SourceError
from iomld.messages import message
from iomld.model import Finding, Origin, Place, Record, Severity
from iomld.read.iati_activity import read_activity
from iomld.read.options import ReadOptions
from iomld.read.xml import check_xml, not_xml, safe_events

_MEDIA_TYPE = "application/xml"
_SHOWN = 80  # characters of an identifier that a finding quotes


def read_iati(data: bytes | str, *, file: str, options: ReadOptions) -> Iterator[Record]:
    """Read the activities of the organization, one by one, in bounded memory.

    Args:
        data: The whole source.
        file: The file's name for places.
        options: The address of the page, for a source of one record.

    Raises:
        SourceError: The XML is broken or harmful, of IATI 1, or holds no activity of the organization.
    """
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "replace")
    raw = check_xml(raw, file)
    encoding = None if isinstance(data, bytes) else "utf-8"
    skipped = _Skipped(_own_prefix(options, file))
    last: Record | None = None  # delayed, since the last record carries the finding about skipped activities
    try:
        for element, version in _activities(raw, encoding):
            identifier = (element.findtext("iati-identifier") or "").strip()
            if version.startswith("1"):
                place = f"{file}, line {element.sourceline}"
                raise _old_version(place, version)
            if not identifier.startswith(skipped.prefix) or identifier == skipped.prefix:
                skipped.add(identifier, Place(file, line=element.sourceline))
                continue
            if last:
                yield last
            last = _record(element, file, options)
    except etree.XMLSyntaxError as error:
        raise not_xml(file, error) from error
    if last is None:
        raise SourceError(
            message(
                "{file}: none of its activities ({count}) has an identifier that begins with {start}. Give a file "
                "with the organization's own activities.",
                file=file,
                count=skipped.count,
                start=skipped.prefix,
            )
        )
    yield replace(last, findings=(*last.findings, *skipped.findings()))


def _own_prefix(options: ReadOptions, file: str) -> str:
    if not options.iati_prefix:
        raise SourceError(
            message(
                "{file}: the fund folder does not say which IATI activities are the publisher's. Set iati_prefix "
                "in its iomld.toml to the start of their identifiers.",
                file=file,
            )
        )
    return options.iati_prefix


def _old_version(place: str, version: str) -> SourceError:
    return SourceError(
        message(
            "{place}: IATI {version} is not supported. Export the activities as IATI 2.03.",
            place=place,
            version=version,
        )
    )


@dataclass(slots=True)
class _Skipped:
    """The activities of other organizations, whose identifiers do not begin with the prefix."""

    prefix: str
    count: int = 0
    first: str = ""
    place: Place | None = None

    def add(self, identifier: str, place: Place) -> None:
        if not self.count:
            self.first, self.place = identifier[:_SHOWN], place
        self.count += 1

    def findings(self) -> tuple[Finding, ...]:
        if not self.count:
            return ()
        problem = message(
            "Activities whose identifiers do not begin with {prefix} were skipped: {number}. The first is '{first}'.",
            prefix=self.prefix,
            number=self.count,
            first=self.first,
        )
        return (Finding("foreignActivity", Severity.INFO, problem, value=self.first, place=self.place),)


def _activities(data: bytes, encoding: str | None) -> Iterator[tuple[etree._Element, str]]:
    """Each activity with the version of the standard that it or its list names; memory is freed after each."""
    names = ("iati-activities", "iati-activity")
    parser = safe_events(io.BytesIO(data), ("start", "end"), tag=names, encoding=encoding)
    version = ""
    for event, element in parser:
        if element.tag == "iati-activities":
            version = element.get("version", "") if event == "start" else ""
        elif event == "end" and next(element.iterancestors("iati-activity"), None) is None:
            yield element, (element.get("version") or version).strip()
            _free(element)


def _free(element: etree._Element) -> None:
    """Remove an element's content and everything before it from the tree."""
    element.clear()
    node: etree._Element | None = element
    while node is not None:
        parent = node.getparent()
        while parent is not None and parent[0] is not node:
            del parent[0]
        node = parent


def _record(element: etree._Element, file: str, options: ReadOptions) -> Record:
    activity = read_activity(element, file, options=options)
    own_bytes = etree.tostring(element, encoding="unicode", with_tail=False).encode("utf-8")
    return Record(
        values=activity.values,
        origin=Origin(
            file=PurePath(file).name,
            sha256=hashlib.sha256(own_bytes).hexdigest(),
            media_type=_MEDIA_TYPE,
            url=options.url or activity.page,
        ),
        place=Place(file, line=element.sourceline),
        findings=tuple(activity.findings),
    )
