"""Faults of JSON texts in our own words: what is wrong at a place, recognized from the text around it.

The parser's own message names the rule of the grammar that failed, in words that change with the version of Python.
"""

import re
import sys
from json import JSONDecodeError

from iomld.errors import SourceError
from iomld.messages import ForeignText, Message, message

_LONGEST = 40  # characters of the text that a message quotes
_KEY_BEFORE = re.compile(r'"(?:[^"\\]|\\.){0,200}"\s*:\Z')
_NUMBERS_AND_STRINGS = re.compile(r"""(?P<number>[0-9][0-9_]*)|"(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?""")
_WORD = re.compile(r"[^\s,:\[\]{}\"]+")
# What the parser says about texts and about what follows the JSON, and our sentences.
_SENTENCES = {
    "Unterminated string": message("A quotation mark is missing at the end of {text}."),
    "Invalid control": message("A line break or a tab stands between quotation marks. Write it as \\n or \\t."),
    "Invalid \\": message("A backslash stands alone. Write it twice."),
    "Extra data": message("The JSON ends before {text}. Remove the rest, or put several records between [ and ]."),
}
_BEFORE = 400  # characters before the fault in which its key is searched


def not_json(file: str, error: JSONDecodeError) -> SourceError:
    """The error for a file that is not JSON."""
    return SourceError(
        message(
            "{file}, line {line}, column {column}: this is not valid JSON. {reason}",
            file=file,
            line=error.lineno,
            column=error.colno,
            reason=json_reason(error),
        )
    )


def number_too_long(file: str, text: str) -> SourceError:
    """The error for JSON or TOML with an integer of more digits than Python converts."""
    most = sys.get_int_max_str_digits()
    numbers = (token for token in _NUMBERS_AND_STRINGS.finditer(text) if token["number"])
    at = next((token.start() for token in numbers if len(token["number"].replace("_", "")) > most), 0)
    return SourceError(
        message(
            "{file}, line {line}: a number has more than {limit} digits. Write a shorter one.",
            file=file,
            line=text.count("\n", 0, at) + 1,
            limit=most,
        )
    )


def json_reason(error: JSONDecodeError) -> Message:
    """What is wrong at the place of an error, and what to write instead.

    >>> broken = JSONDecodeError("Expecting value", '{"title": }', 10)
    >>> str(json_reason(broken))
    'A value is missing after "title":.'
    """
    text, at = error.doc, error.pos
    before, rest = text[max(0, at - _BEFORE) : at].rstrip(), text[at : at + _LONGEST]
    here, wrong = rest[:1], error.msg
    for start, reason in _SENTENCES.items():
        if wrong.startswith(start):
            return Message(reason.id, {"text": _line(rest)})
    if not rest.strip():
        return message("The text ends too early. Close what is open: a quotation mark, a bracket or a brace.")
    if "trailing comma" in wrong or (here in ("}", "]") and before.endswith(",")):
        return message("There is a comma before the closing bracket. Remove it.")
    if here == "'":
        return message("There is a single quotation mark. Use double quotation marks.")
    return _missing(wrong, before, rest)


def _missing(wrong: str, before: str, rest: str) -> Message:
    """What the grammar wants before the rest of the text."""
    if wrong.startswith("Expecting ':'"):
        return message("A colon is missing before {text}.", text=_line(rest))
    if wrong.startswith("Expecting ','"):
        return message("A comma or a closing bracket is missing before {text}.", text=_line(rest))
    if wrong.startswith(("Expecting value", "Expecting property")):
        return _missing_string(wrong, before, rest)
    return message("The parser says: {reason}.", reason=ForeignText(wrong))


def _missing_string(wrong: str, before: str, rest: str) -> Message:
    """What to write where a value or a key is missing or has no quotation marks."""
    if word := _WORD.match(rest):
        return message("Put {text} between double quotation marks.", text=word[0])
    if "property" in wrong:
        return message("A key between double quotation marks is missing before {text}.", text=rest[:1])
    if key := _KEY_BEFORE.search(before):
        return message("A value is missing after {text}.", text=key[0])
    return message("A value is missing before {text}.", text=rest[:1])


def _line(text: str) -> str:
    """The beginning of a text, up to the end of its line."""
    return text.splitlines()[0] if text else text
