"""Files, folders, patterns and archives: everything readable is read, and nothing unpacks without end."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iomld.errors import SourceError
from iomld.read import ReadOptions, expand_sources, read_bytes, read_file, read_source

RECORD = {"projectCode": "PO.0001", "title": {"en": "Seaports"}}
LINE = json.dumps(RECORD).encode()


def zipped(entries: dict[str, bytes]) -> bytes:
    """A zip archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return packed.getvalue()


def codes(data: bytes) -> list[str]:
    """The project codes of all records."""
    return [record.values["projectCode"][0].text for record in read_bytes(data, file="in")]


def test_a_folder_gives_its_record_files_in_order(tmp_path: Path) -> None:
    """Record files are found below a folder, sorted; other files are ignored."""
    (tmp_path / "b").mkdir()
    for name in ("b/2.json", "a.json", "c.jsonl.gz", "notes.md"):
        (tmp_path / name).write_bytes(gzip.compress(LINE) if name.endswith("gz") else LINE)
    assert [Path(part.name).name for part in expand_sources([tmp_path])] == ["a.json", "2.json", "c.jsonl.gz"]


def test_a_pattern_gives_what_fits_it(tmp_path: Path) -> None:
    """A quoted pattern is a list of files; one that fits nothing is a mistake."""
    for name in ("1.json", "2.json", "3.txt"):
        (tmp_path / name).write_bytes(LINE)
    assert len(list(expand_sources([tmp_path / "*.json"]))) == 2
    with pytest.raises(SourceError, match="no such file"):
        list(expand_sources([tmp_path / "*.xml"]))


def test_packed_sources_read_as_unpacked_ones(tmp_path: Path) -> None:
    """Gzip and zip give the same records; an entry's place names archive and entry."""
    path = tmp_path / "records.zip"
    path.write_bytes(zipped({"x/1.json": LINE, "2.jsonl": LINE + b"\n" + LINE, "readme.md": b"#"}))
    records = list(read_file(path))
    assert [record.values["title"][0].text for record in records] == ["Seaports"] * 3
    assert records[-1].place.file == f"{path}!x/1.json"
    assert codes(gzip.compress(LINE)) == codes(LINE) == ["PO.0001"]
    hashes = {next(read_bytes(data, file="r.json")).origin.sha256 for data in (LINE, gzip.compress(LINE))}
    assert len(hashes) == 1


def test_one_bad_entry_does_not_stop_the_others(tmp_path: Path) -> None:
    """Each entry is read by itself."""
    path = tmp_path / "records.zip"
    path.write_bytes(zipped({"bad.json": b"{", "good.json": LINE}))
    read, failed = [], []
    for part in expand_sources([path]):
        try:
            read += list(read_source(part))
        except SourceError as error:
            failed.append(str(error))
    assert len(read) == 1
    assert "bad.json" in failed[0]


def test_bombs_are_refused_before_they_fill_anything() -> None:
    """A file with an excessive compression ratio is refused by name."""
    for bomb in (gzip.compress(b" " * 200_000_000), zipped({"a.json": b" " * 200_000_000})):
        with pytest.raises(SourceError, match="unpacks to more"):
            list(read_bytes(bomb, file="bomb"))
    with pytest.raises(SourceError, match="too many entries"):
        list(read_bytes(zipped({f"{number}.json": b"" for number in range(10_001)}), file="many.zip"))


def test_damaged_archives_say_so() -> None:
    """A cut archive is refused with its name."""
    whole = gzip.compress(LINE * 100)
    for data in (whole[: len(whole) // 2], zipped({"a.json": LINE * 100})[:60], zipped({"notes.md": b"#"})):
        with pytest.raises(SourceError, match="in"):
            list(read_bytes(data, file="in"))


def test_a_damaged_archive_does_not_stop_the_others(tmp_path: Path) -> None:
    """In a folder it is one file that cannot be read; a damaged workbook is said to be one."""
    (tmp_path / "a.zip").write_bytes(zipped({"a.json": LINE * 100})[:60])
    (tmp_path / "b.xlsx").write_bytes(zipped({"a": b"x" * 100})[:60])
    (tmp_path / "c.xlsx").write_bytes(b"\x00\x01" * 100)
    (tmp_path / "d.json").write_bytes(LINE)
    *damaged, whole = expand_sources([tmp_path])
    options = ReadOptions()
    for part, words in zip(damaged, ("archive is damaged", "not an XLSX", "not an XLSX"), strict=True):
        with pytest.raises(SourceError, match=words):
            list(read_source(part, options))
    assert len(list(read_source(whole, options))) == 1


def test_a_line_of_many_megabytes_is_one_refused_record() -> None:
    """A line that is too long is named with its number, and the rest is read on."""
    records = list(
        read_bytes(LINE + b"\n" + b'{"title": "' + b"x" * 10_000_000 + b'"}\n' + LINE + b"\n", file="long.jsonl")
    )
    assert [bool(record.findings) for record in records] == [False, True, False]
    assert records[1].findings[0].rule == "lineTooLong"
    assert records[2].place.line == 3


def test_a_line_that_is_no_text_is_one_refused_record() -> None:
    """Bytes that are no UTF-8 spoil their own line only."""
    records = list(read_bytes(LINE + b"\n{\xff}\n" + LINE + b"\n", file="mixed.jsonl"))
    assert [bool(record.findings) for record in records] == [False, True, False]


def read_or_refused(data: bytes) -> bool:
    """Read a source; say whether all its records, or the one error, name it."""
    try:
        records = list(read_bytes(data, file="any"))
    except SourceError as error:
        return "any" in str(error)
    return all(record.place.file.startswith("any") for record in records)


@given(
    st.binary(max_size=300)
    | st.binary(max_size=100).map(gzip.compress)
    | st.binary(max_size=100).map(lambda data: zipped({"a.txt": data}))
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Any bytes give records or one clear error."""
    assert read_or_refused(data)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Any text gives records or one clear error."""
    assert read_or_refused(text.encode("utf-8", "surrogatepass"))
