"""From the bytes of a table to its text: a byte order mark decides, then UTF-8, then Windows-1252 with a remark."""

import codecs

from iomld.errors import SourceError
from iomld.model import Finding, Place, Severity, message

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decoded(data: bytes, file: str) -> tuple[str, tuple[Finding, ...]]:
    """Decode a table.

    Args:
        data: The bytes.
        file: The file's name, for messages.

    Returns:
        The text, and a Warning `encodingGuessed` where it is neither UTF-8 nor says what it is.

    Raises:
        SourceError: The bytes are no text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), ()
            except UnicodeDecodeError as error:
                raise SourceError(
                    message(
                        "{file}: broken {encoding} text. Save it anew.",
                        file=file,
                        encoding=encoding.removesuffix("-sig").upper(),
                    )
                ) from error
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise SourceError(
            message(
                "{file}, line {line}: neither UTF-8 nor Windows-1252 text. Save the file as UTF-8.",
                file=file,
                line=line,
            )
        ) from error
    problem = message("The file is not UTF-8 (see line {line}); it was read as Windows-1252.", line=line)
    fix = message("See whether the accents are right, and save the file as UTF-8.")
    return text, (Finding("encodingGuessed", Severity.WARNING, problem, fix, place=Place(file, line=line)),)
