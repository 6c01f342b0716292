"""Readers: one job each, all giving the same `Record` values with the place of every raw string."""

from iomld.read.archives import Part, expand_sources
from iomld.read.options import ReadOptions
from iomld.read.record.locate import located
from iomld.read.sources import read_bytes, read_file, read_part
from iomld.read.spool import RecordSpool

__all__ = [
    "Part",
    "ReadOptions",
    "RecordSpool",
    "expand_sources",
    "located",
    "read_bytes",
    "read_file",
    "read_part",
]
