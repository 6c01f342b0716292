"""The projects of a release as IATI 2.03 activities; those that lack what the standard requires are left out, by name.

Source: IATI Standard 2.03, activity standard (http://iatistandard.org/).
"""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from iomld.errors import IomldError
from iomld.export.iati_activity import LeftOutError, activity_xml
from iomld.export.tables import ProjectSource
from iomld.formats.xml_output import XmlOutput
from iomld.fund_folder import FundFolder, folder_in_use
from iomld.iris import IATI_EXTENSION
from iomld.messages import Message, Quantity, message

_HEAD = f'<?xml version="1.0" encoding="UTF-8"?>\n<iati-activities version="2.03" xmlns:ext="{IATI_EXTENSION}">\n'
_END = "</iati-activities>\n"
_SHOWN = 5  # projects that a sentence names


def write_iati(source: ProjectSource, output: BinaryIO) -> tuple[Message, ...]:
    """Write projects as activities, streamed; equal projects result in equal bytes.

    A comment at the end of the file names what was left out.

    Returns:
        A sentence for each reason why projects were left out.

    Raises:
        IomldError: The publisher does not say who reports, or no project can be an activity.
    """
    fund = _reporting(folder_in_use())
    xml = XmlOutput(output)
    reasons: dict[Message, list[str]] = {}
    count = 0
    for project in source.projects():
        try:
            activity = activity_xml(project, fund, source.base)
        except LeftOutError as error:
            reasons.setdefault(error.message, []).append(project.key)
            continue
        if not count:
            xml.write(_HEAD.encode())
        count += 1
        xml.write(f"{activity}\n".encode())
    remarks = tuple(_remarks(reasons))
    if not count:
        raise _nothing(remarks)
    for remark in remarks:
        xml.write(f"<!-- {str(remark).replace('--', '- -')} -->\n".encode())
    xml.write(_END.encode())
    return remarks


def _reporting(fund: FundFolder) -> FundFolder:
    """The folder, if it says all that the standard wants to know about who reports."""
    values = {
        "iati_prefix": fund.iati_prefix,
        "iati_type": fund.iati_type,
        "iati_name": fund.iati_name or fund.publisher,
    }
    missing = ", ".join(key for key, value in values.items() if not value)
    if missing:
        raise IomldError(
            message(
                "The fund folder does not say who reports to IATI. Set {keys} in its iomld.toml (docs/FUNDS.md).",
                keys=missing,
            )
        )
    return fund


def _remarks(reasons: Mapping[Message, list[str]]) -> Iterator[Message]:
    for reason, keys in reasons.items():
        yield message(
            "Left out of the IATI file, since the release states {reason}: {count} of the projects ({keys}).",
            reason=reason,
            count=Quantity(len(keys)),
            keys=", ".join(keys[:_SHOWN]) + (", …" if len(keys) > _SHOWN else ""),
        )


def _nothing(remarks: tuple[Message, ...]) -> IomldError:
    detail = message("No project can be an activity of IATI.")
    for remark in remarks:
        detail = message("{one} {other}", one=detail, other=remark)
    return IomldError(detail)
