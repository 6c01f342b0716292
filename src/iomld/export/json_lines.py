"""The records of a release as JSON Lines: record JSON, one project a line."""

import json
from typing import BinaryIO

from iomld.export.records import record_json, released_projects
from iomld.release import Release


def write_json_lines(release: Release, output: BinaryIO) -> None:
    """Write every project, streamed, sorted by code."""
    records = (record_json(project) for project in released_projects(release))
    output.writelines(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)
