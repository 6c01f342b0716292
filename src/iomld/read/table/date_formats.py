"""Forms of dates, as CSV on the Web writes them: `dd/MM/yyyy`.

Source: Unicode Technical Standard 35, part 4 (date field symbols), as far as
https://www.w3.org/TR/tabular-data-model/#formats-for-dates-and-times takes it, and names of months.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from iomld.folding import fold
from iomld.messages import Message, message

# Each kind of letters that a format may have, with what it matches in a date.
_DIGITS = {
    "d": "[0-9]{1,2}",
    "dd": "[0-9]{2}",
    "M": "[0-9]{1,2}",
    "MM": "[0-9]{2}",
    "y": "[0-9]{4}",
    "yyyy": "[0-9]{4}",
}
_NAMES = {"MMM": r"[^\W\d_]+\.?", "MMMM": r"[^\W\d_]+"}
_TIMES = {"H": "[0-9]{1,2}", "HH": "[0-9]{2}", "mm": "[0-9]{2}", "ss": r"[0-9]{2}(?:\.[0-9]+)?"}
_SYMBOLS = _DIGITS | _NAMES | _TIMES
_PARTS = re.compile(r"'(?P<quoted>[^']*)'|(?P<letters>(?P<letter>[A-Za-z])(?P=letter)*)|(?P<other>[^A-Za-z']+)")
_MONTHS = (
    "january february march april may june july august september october november december",
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
)
_FEWEST_LETTERS = 3  # of the short name of a month
_LONGEST = 60  # characters of a format


class FormatError(ValueError):
    """A text is no form of dates.

    Attributes:
        message: What is wrong with it and what to do.
    """

    def __init__(self, message: Message) -> None:
        """Create an error."""
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True, slots=True)
class DateFormat:
    """A form of dates.

    Attributes:
        text: The form as written, such as `dd/MM/yyyy`.
        pattern: What matches a date of this form, with groups `d`, `M` and `y`.
    """

    text: str
    pattern: re.Pattern[str] = field(compare=False)

    @property
    def has_day(self) -> bool:
        """Whether it has day and month; otherwise it has a year alone."""
        return "d" in self.pattern.groupindex

    def read(self, text: str) -> str | None:
        """A date in this form as year, month and day, or the year alone; None if it has another form.

        >>> date_format("dd/MM/yyyy").read("02/09/2013"), date_format("d MMM y").read("2 sept. 2013")
        ('2013-09-02', '2013-09-02')
        """
        match = self.pattern.fullmatch(text.strip())
        if match is None:
            return None
        if not self.has_day:
            return match["y"]
        month = int(match["M"]) if match["M"].isdigit() else _month(match["M"])
        try:
            return date(int(match["y"]), month or 0, int(match["d"])).isoformat()
        except ValueError:  # not in the calendar
            return None


@cache
def date_format(text: str) -> DateFormat:
    """The form of dates that a text describes.

    Raises:
        FormatError: It has letters that are not known, or no year, or a day without a month.
    """
    if len(text) > _LONGEST:
        raise FormatError(message("The date format is longer than {limit} characters.", limit=_LONGEST))
    pattern = "".join(_patterns(text))
    names = set(re.findall(r"\(\?P<([dMy])>", pattern))
    if "y" not in names:
        raise FormatError(message("The date format “{format}” has no year. Write it as yyyy.", format=text))
    if "d" in names and "M" not in names:
        raise FormatError(
            message("The date format “{format}” has no month. Write it as MM; mm means minutes.", format=text)
        )
    if "M" in names and "d" not in names:
        raise FormatError(message("The date format “{format}” has no day. Write it as dd.", format=text))
    return DateFormat(text, re.compile(pattern))


def _patterns(text: str) -> Iterator[str]:
    """The pattern of each part of a form."""
    seen: set[str] = set()
    at = 0
    for part in _PARTS.finditer(text):
        if part.start() != at:
            break
        at = part.end()
        letters = part["letters"]
        if letters is None:
            yield re.escape(part["quoted"] if part["quoted"] is not None else part["other"])
            continue
        if letters not in _SYMBOLS or letters[0] in seen:
            raise FormatError(_unknown(text, letters))
        seen.add(letters[0])
        yield _SYMBOLS[letters] if letters in _TIMES else f"(?P<{letters[0]}>{_SYMBOLS[letters]})"
    if at != len(text):
        raise FormatError(message("A quotation mark in “{format}” is never closed.", format=text))


def _unknown(text: str, letters: str) -> Message:
    return message(
        "“{letters}” in “{format}” is not a part of a date. Write dd or d for the day, MM or M for the "
        "month in digits, MMM or MMMM for its name and yyyy for the year, each once, and put other words "
        "in single quotation marks.",
        letters=letters,
        format=text,
    )


@cache
def _month(name: str) -> int | None:
    """The number of a month by its name, or by its first letters if they name one month in all three languages."""
    key = fold(name.rstrip("."))
    if len(key) < _FEWEST_LETTERS:
        return None
    numbers = {
        number for names in _MONTHS for number, full in enumerate(names.split(), start=1) if full.startswith(key)
    }
    return numbers.pop() if len(numbers) == 1 else None
