"""The file name under which a report is kept."""

import re

_ENDS = {"text": "txt", "turtle": "ttl", "junit": "xml"}
_ODD = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST = 60


def attachment(name: str, format_name: str) -> dict[str, str]:
    """The header that makes an answer a file (RFC 6266), named after what was checked.

    Args:
        name: Name of what was checked, as the client gave it.
        format_name: Form of the report.

    >>> attachment("../my records.csv", "turtle")
    {'Content-Disposition': 'attachment; filename="my-records-report.ttl"'}
    """
    last = re.split(r"[/\\!]", name)[-1]
    stem = last.rpartition(".")[0] or last
    safe = _ODD.sub("-", stem)[:_LONGEST].strip("-") or "records"
    return {"Content-Disposition": f'attachment; filename="{safe}-report.{_ENDS.get(format_name, format_name)}"'}
