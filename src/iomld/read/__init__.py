"""Readers: one job each, all giving the same `Record` values with the place of every raw string."""

from iomld.read.locate import located
from iomld.read.options import ReadOptions
from iomld.read.sources import expand_sources, read_bytes, read_file
from iomld.read.spool import RecordSpool

__all__ = ["ReadOptions", "RecordSpool", "expand_sources", "located", "read_bytes", "read_file"]
