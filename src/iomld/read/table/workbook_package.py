"""Open the package of a workbook (Office Open XML, ECMA-376 parts 1 and 2) within limits, and read its XML as a stream.

Sizes are checked before anything is decompressed, and only the parts needed for cells are: the list of sheets, the
shared strings, the styles, and the sheets.
"""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import BinaryIO, cast

from lxml import etree

from iomld.errors import SourceError
from iomld.messages import ForeignText, message
from iomld.read.table.csv_rows import LONGEST_CELL
from iomld.read.table.money import format_currency
from iomld.read.xml import read_prolog, safe_events

_MOST_ENTRIES = 2000
_MOST_UNCOMPRESSED_BYTES = 200 * 1024 * 1024
_MOST_RATIO = 200
_RATIO_COUNTS_FROM_BYTES = 1024 * 1024
_PROLOG_BYTES = 64 * 1024
_MOST_ELEMENTS = 200_000  # of a part that are in memory at once; a row has at most 16 384 cells
# ECMA-376 part 1, section 22.9.2.19: characters that XML cannot hold are written _xHHHH_.
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet: its name, its part of the package, and whether it is hidden."""

    name: str
    part: str
    hidden: bool


@dataclass(slots=True)
class Package:
    """An open workbook.

    Attributes:
        file: Name of the file, for messages.
        archive: The zip archive.
        sheets: The worksheets, in the order of their tabs.
        from_1904: Whether days are counted from 1904, as in old Macintosh workbooks.
        strings: The texts that cells share.
        date_styles: Numbers of the cell styles that show a date.
        currencies: Code or sign of the currency that a cell style shows, by number of the style.
    """

    file: str
    archive: zipfile.ZipFile
    sheets: tuple[Sheet, ...] = ()
    from_1904: bool = False
    strings: list[str] = field(default_factory=list)
    date_styles: frozenset[int] = frozenset()
    currencies: Mapping[int, str] = field(default_factory=dict)

    def elements(self, part: str, *names: str, forget: str = "") -> Iterator[etree._Element]:
        """Each element of a part with one of the names, when it ends.

        Args:
            part: Name of the part.
            names: Names of the elements, without namespaces.
            forget: Name of the element that is removed from memory after use, with everything before it.

        Raises:
            SourceError: The part is missing, damaged, not XML, has a document type declaration, or too many elements.
        """
        with _faults(self.file, part):
            with cast("BinaryIO", self.archive.open(part)) as stream:
                prolog = read_prolog(stream.read(_PROLOG_BYTES))
            if prolog.doctype is not None or not prolog.root:
                raise SourceError(
                    message(
                        "{file}: the part {part} of the workbook is not plain XML. Save the workbook again.",
                        file=self.file,
                        part=part,
                    )
                )
            with cast("BinaryIO", self.archive.open(part)) as stream:
                held = 0
                for _, element in safe_events(stream, ("end",)):
                    held += 1
                    name = local_name(element)
                    if name in names:
                        yield element
                        if name == forget:
                            _free(element)
                            held = 0
                    if held > _MOST_ELEMENTS:
                        raise SourceError(
                            message(
                                "{file}: the part {part} of the workbook has too many elements. Save the workbook "
                                "again.",
                                file=self.file,
                                part=part,
                            )
                        )


def open_package(data: bytes, file: str) -> Package:
    """Open a workbook held in memory.

    Raises:
        SourceError: It is damaged, encrypted, or its uncompressed size is too large for a table of records.
    """
    with _faults(file, "workbook"):
        archive = zipfile.ZipFile(io.BytesIO(data))
    _check_sizes(archive.infolist(), file)
    package = Package(file, archive)
    relations = _relations(package, "_rels/.rels")
    main = next((target for kind, target in relations.values() if kind == "officeDocument"), "xl/workbook.xml")
    folder, name = posixpath.split(main)
    parts = _relations(package, f"{folder}/_rels/{name}.rels")
    package.sheets, package.from_1904 = _sheets(package, main, parts)
    kinds = dict(parts.values())
    if "styles" in kinds:
        formats = _formats(package, kinds["styles"])
        from openpyxl.styles.numbers import is_date_format  # noqa: PLC0415  # takes 0.2 s

        package.date_styles = frozenset(number for number, code in enumerate(formats) if code and is_date_format(code))
        package.currencies = {
            number: currency for number, code in enumerate(formats) if code and (currency := format_currency(code))
        }
    if "sharedStrings" in kinds:
        package.strings = _shared_strings(package, kinds["sharedStrings"])
    return package


def text_of(element: etree._Element, file: str) -> str:
    """The text of a shared or inline string, plain or in runs, without phonetic readings.

    Raises:
        SourceError: It is longer than a cell may be.
    """
    texts: list[str] = []
    for child in element:
        name = local_name(child)
        if name == "t":
            texts.append(child.text or "")
        elif name == "r":
            texts += [inner.text or "" for inner in child if local_name(inner) == "t"]
    return cell_string("".join(texts), file)


def cell_string(text: str, file: str) -> str:
    """The text of a cell, unescaped.

    Raises:
        SourceError: It is longer than a cell may be.
    """
    if len(text) > LONGEST_CELL:
        raise SourceError(
            message("{file}: a cell is longer than {limit} characters. Shorten it.", file=file, limit=LONGEST_CELL)
        )
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return _local(str(element.tag))


@lru_cache(maxsize=256)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _check_sizes(entries: list[zipfile.ZipInfo], file: str) -> None:
    """Check the declared sizes before decompression; zipfile never returns more bytes than an entry declares."""
    if len(entries) > _MOST_ENTRIES:
        raise SourceError(
            message(
                "{file}: the workbook has {count} parts, more than the limit of {limit}. Save it again.",
                file=file,
                count=len(entries),
                limit=_MOST_ENTRIES,
            )
        )
    total = sum(entry.file_size for entry in entries)
    swollen = next((entry for entry in entries if entry.file_size > _RATIO_COUNTS_FROM_BYTES
                    and entry.file_size > _MOST_RATIO * max(entry.compress_size, 1)), None)  # fmt: skip
    if total > _MOST_UNCOMPRESSED_BYTES or swollen is not None:
        size = total if total > _MOST_UNCOMPRESSED_BYTES else (swollen.file_size if swollen else 0)
        raise SourceError(
            message(
                "{file}: the workbook unpacks to {size} bytes, too much for a table of records. Remove empty "
                "formatted rows, or split it into several files.",
                file=file,
                size=size,
            )
        )


def _relations(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """The kind and the target part of each relation of a part."""
    relations: dict[str, tuple[str, str]] = {}
    if part not in package.archive.namelist():
        return relations
    folder = posixpath.dirname(posixpath.dirname(part))
    for element in package.elements(part, "Relationship"):
        target = element.get("Target", "")
        if element.get("TargetMode") != "External" and target:
            path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            relations[element.get("Id", "")] = element.get("Type", "").rpartition("/")[2], path
    return relations


def _sheets(package: Package, part: str, relations: dict[str, tuple[str, str]]) -> tuple[tuple[Sheet, ...], bool]:
    sheets: list[Sheet] = []
    from_1904 = False
    for element in package.elements(part, "sheet", "workbookPr"):
        if local_name(element) == "workbookPr":
            from_1904 = element.get("date1904") in ("1", "true")
            continue
        key = next((value for name, value in element.items() if name.endswith("}id")), "")
        kind, target = relations.get(key, ("", ""))
        if kind == "worksheet":
            hidden = element.get("state", "visible") != "visible"
            sheets.append(Sheet(element.get("name", ""), target, hidden))
    return tuple(sheets), from_1904


def _formats(package: Package, part: str) -> list[str]:
    """The number format of each cell style; empty for formats that programs show in the currency of their user."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS  # noqa: PLC0415  # takes 0.2 s

    formats: dict[str, str] = {str(number): code for number, code in BUILTIN_FORMATS.items() if "$" not in code}
    styles: list[str] = []
    for element in package.elements(part, "numFmt", "cellXfs"):
        if local_name(element) == "numFmt":
            formats[element.get("numFmtId", "")] = element.get("formatCode", "")
        else:
            styles = [child.get("numFmtId", "0") for child in element]
    return [formats.get(style, "") for style in styles]


def _shared_strings(package: Package, part: str) -> list[str]:
    return [text_of(element, package.file) for element in package.elements(part, "si", forget="si")]


def _free(element: etree._Element) -> None:
    """Remove an element's content and everything before it, so that memory does not grow with the part."""
    element.clear()
    node = element
    while (parent := node.getparent()) is not None:
        while parent[0] is not node:
            del parent[0]
        node = parent


@contextmanager
def _faults(file: str, part: str) -> Iterator[None]:
    """Turn the exceptions for a damaged archive or part into a `SourceError`."""
    try:
        yield
    except KeyError as error:
        raise SourceError(
            message(
                "{file}: the part {part} of the workbook is missing. Save the workbook again.", file=file, part=part
            )
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise SourceError(
            message(
                "{file}: the workbook is damaged or locked ({detail}). Save it again without a password.",
                file=file,
                detail=ForeignText(error),
            )
        ) from error
    except etree.XMLSyntaxError as error:
        raise SourceError(
            message(
                "{file}: the part {part} of the workbook is not XML ({detail}). Save the workbook again.",
                file=file,
                part=part,
                detail=ForeignText(error),
            )
        ) from error
