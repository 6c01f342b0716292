"""Readers of sources: each yields `Record` values, with the place of every raw string."""

from iomld.read.archives import SourceFile, expand_sources
from iomld.read.options import ReadOptions
from iomld.read.record.locate import located
from iomld.read.sources import read_bytes, read_file, read_source, read_unit
from iomld.read.spool import PackedRecord, RecordSpool, packed, unpacked
from iomld.read.units import SourceUnit, source_units

__all__ = [
    "PackedRecord",
    "ReadOptions",
    "RecordSpool",
    "SourceFile",
    "SourceUnit",
    "expand_sources",
    "located",
    "packed",
    "read_bytes",
    "read_file",
    "read_source",
    "read_unit",
    "source_units",
    "unpacked",
]
