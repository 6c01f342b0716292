"""Projects as JSON Lines: record JSON, one project a line."""

import json
from typing import BinaryIO

from iomld.export.records import record_json
from iomld.export.source import TableSource


def write_json_lines(source: TableSource, output: BinaryIO) -> None:
    """Write every project, streamed, in the order of the source."""
    records = (record_json(project) for project in source.projects())
    output.writelines(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)
