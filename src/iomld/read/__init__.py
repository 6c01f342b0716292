"""Readers of sources: each yields `Record` values, with the place of every raw string."""

from iomld.read.archives import SourceFile, expand_sources
from iomld.read.options import ReadOptions
from iomld.read.record.locate import located
from iomld.read.sources import read_bytes, read_file, read_source
from iomld.read.spool import RecordSpool

__all__ = [
    "ReadOptions",
    "RecordSpool",
    "SourceFile",
    "expand_sources",
    "located",
    "read_bytes",
    "read_file",
    "read_source",
]
