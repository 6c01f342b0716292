"""A source read unit by unit gives the same records, with the same places, as read at once."""

import gzip
import json
from pathlib import Path

import pytest

from iomld.errors import SourceError
from iomld.model import Record
from iomld.read import ReadOptions, SourceUnit, expand_sources, read_source, read_unit, source_units, units
from iomld.read.record import json_files

LINES = (
    b"\xef\xbb\xbf" + json.dumps({"projectCode": "PO.0001", "title": {"en": "Señales"}}, ensure_ascii=False).encode(),
    b"",
    b'{"projectCode": "PO.0002", "status": ["Active", 7]}\r',
    b"{broken",
    b'{"projectCode": "\xff"}',
    b" \t",
    b'{"projectCode": "PO.0003", "title": "' + b"x" * 300 + b'"}',
    b'["no record"]',
    b'{"projectCode": "PO.0004"}',
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """JSON Lines with a byte order mark, blank lines, a broken line, one that is not UTF-8, and one that is long."""
    path = tmp_path / "records.jsonl"
    path.write_bytes(b"\n".join(LINES))
    return path


def units_of(path: Path) -> list[SourceUnit]:
    """The units of one file."""
    return [unit for file in expand_sources([path]) for unit in source_units(file)]


def records_of(path: Path) -> list[Record]:
    """The records of one file."""
    return [record for file in expand_sources([path]) for record in read_source(file)]


@pytest.mark.parametrize("most", [1, 60, 100, 900])
@pytest.mark.parametrize("longest", [200, 8 << 20])
def test_units_are_the_lines(source: Path, monkeypatch: pytest.MonkeyPatch, most: int, longest: int) -> None:
    """Wherever the lines are cut, records, places and faults are those of the whole file."""
    for module in (units, json_files):
        monkeypatch.setattr(module, "LONGEST_LINE_BYTES", longest)
    monkeypatch.setattr(units, "HEAD_BYTES", 90)  # the first line ends in it, and the others are read from the stream
    whole = records_of(source)
    assert [record.place.line for record in whole] == [1, 3, 4, 5, 7, 8, 9]
    monkeypatch.setattr(units, "_UNIT_BYTES", most)
    cut = units_of(source)
    assert (len(cut) > 1) == (most < 900)
    assert [record for unit in cut for record in read_unit(unit, ReadOptions())] == whole
    assert [record for unit in reversed(cut) for record in reversed([*read_unit(unit, ReadOptions())])] == whole[::-1]


def test_units_before_a_fault_are_complete(tmp_path: Path) -> None:
    """A compressed file that ends too early gives the lines before its end, and then the fault."""
    many = b"\n".join(b'{"projectCode": "PO.%04d"}' % number for number in range(20_000))
    damaged = tmp_path / "damaged.jsonl.gz"
    damaged.write_bytes(gzip.compress(many)[:-2000])
    read: list[SourceUnit] = []
    with pytest.raises(SourceError, match="cannot be unpacked"):
        read.extend(unit for file in expand_sources([damaged]) for unit in source_units(file))
    found: list[Record] = []
    with pytest.raises(SourceError, match="cannot be unpacked"):
        found.extend(record for file in expand_sources([damaged]) for record in read_source(file))
    assert len(found) == sum(len(unit.lines) for unit in read) > 1000


def test_other_sources_are_one_unit(tmp_path: Path) -> None:
    """A table or a page is read at once."""
    (tmp_path / "a.csv").write_text("Project code,Title\nPO.0001,One\nPO.0002,Two\n", encoding="utf-8")
    (unit,) = units_of(tmp_path / "a.csv")
    assert len([*read_unit(unit, ReadOptions())]) == 2
