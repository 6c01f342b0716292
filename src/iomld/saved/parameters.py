"""Parameters of a saved query: their types, and how a value from outside becomes a term of RDF.

A parameter is a variable whose name begins with an underscore, as grlc has it. Its end may say the type:
`?_region_iri`, `?_year_gYear`, `?_from_date`, `?_title_fr`, `?_words`. Without a type it is a plain text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pyoxigraph import Literal, NamedNode

from iomld.errors import QueryError
from iomld.iris import XSD
from iomld.messages import Message, message
from iomld.model import TEXT_LANGUAGES

Value = NamedNode | Literal
_MOST_CHARACTERS = 2000  # of a value
_SHOWN = 60  # characters of a value in a message
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]*")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class ParameterType(StrEnum):
    """The types of parameters, by the end of the variable's name."""

    IRI = "iri"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    YEAR = "gYear"
    DATE = "date"
    DATE_TIME = "dateTime"
    STRING = "string"


_TYPES = {type_.lower(): type_ for type_ in ParameterType} | {
    "number": ParameterType.DECIMAL,
    "literal": ParameterType.STRING,
}
_DATATYPES = {type_: NamedNode(f"{XSD}{type_}") for type_ in ParameterType}
_PATTERNS: Mapping[ParameterType, re.Pattern[str]] = {
    ParameterType.INTEGER: re.compile(r"[+-]?[0-9]{1,18}"),
    ParameterType.DECIMAL: re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?"),
    ParameterType.BOOLEAN: re.compile(r"true|false"),
    ParameterType.YEAR: re.compile(r"[0-9]{4}"),
    ParameterType.DATE: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    ParameterType.DATE_TIME: re.compile(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
    ),
}
_CALENDARS: Mapping[ParameterType, Callable[[str], object]] = {
    ParameterType.DATE: date.fromisoformat,
    ParameterType.DATE_TIME: datetime.fromisoformat,
}
# What a value must be, in the sentence “… but must be …”.
_EXPECTED: Mapping[ParameterType, Message] = {
    ParameterType.IRI: message("an IRI"),
    ParameterType.INTEGER: message("a whole number of at most 18 digits"),
    ParameterType.DECIMAL: message("a number of at most 18 digits before and after the point"),
    ParameterType.BOOLEAN: message("true or false"),
    ParameterType.YEAR: message("a year of four digits"),
    ParameterType.DATE: message("a date like 2024-12-31"),
    ParameterType.DATE_TIME: message("a time like 2024-12-31T12:00:00Z"),
    ParameterType.STRING: message("a text of at most 2,000 characters, without control characters"),
}
_COUNT = message("a whole number of at most 18 digits, from 0 upwards")


class ParameterError(QueryError):
    """The value of a parameter cannot be used.

    Attributes:
        parameter: Name of the parameter.
    """

    def __init__(self, parameter: str, message: Message) -> None:
        """Take the name and the sentence."""
        super().__init__(message)
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class ParameterName:
    """What the name of a variable says of a parameter.

    Attributes:
        name: Name of the parameter, as it stands in addresses.
        type: Its type.
        language: Language of its texts; empty for none.
    """

    name: str
    type: ParameterType
    language: str = ""


def parameter_name(variable: str) -> ParameterName | None:
    """What the name of a variable says; None if it is no parameter.

    Args:
        variable: The name without `?`.

    >>> parameter_name("_year_gYear")
    ParameterName(name='year', type=<ParameterType.YEAR: 'gYear'>, language='')
    >>> parameter_name("_start_year").name, parameter_name("year")
    ('start_year', None)
    """
    if not variable.startswith("_"):
        return None
    words = variable.lstrip("_")  # grlc writes two for a parameter that may be left out, as all may here
    stem, _, end = words.rpartition("_")
    if not stem or not (end.lower() in _TYPES or end in TEXT_LANGUAGES):
        return ParameterName(words, ParameterType.STRING)
    if end in TEXT_LANGUAGES:
        return ParameterName(stem, ParameterType.STRING, end)
    return ParameterName(stem.removesuffix("_xsd") or stem, _TYPES[end.lower()])


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a saved query.

    Attributes:
        name: Its name, as it stands in addresses.
        type: Its type.
        language: Language of its texts; empty for none.
        default: The value that it has where none is given.
        choices: The only values that it may have; empty if any value of its type is allowed.
        is_count: Whether it stands after LIMIT or OFFSET, where only a whole number from 0 upwards may.
    """

    name: str
    type: ParameterType
    language: str
    default: Value
    choices: tuple[Value, ...] = ()
    is_count: bool = False

    @property
    def namespace(self) -> str:
        """What the default IRI begins with, up to its last slash or hash; empty for other types."""
        if self.type is not ParameterType.IRI:
            return ""
        iri = self.default.value
        return iri[: max(iri.rfind("/"), iri.rfind("#")) + 1]

    def value_of(self, text: str) -> Value:
        """The value that a text from outside stands for.

        Of an IRI, the code after its last slash is enough, if it begins like the default.

        Raises:
            ParameterError: The text is no value of the type, or is none of the choices.
        """
        is_code = self.type is ParameterType.IRI and _CODE.fullmatch(text)
        term = typed_value(self.type, f"{self.namespace}{text}" if is_code else text, self.language)
        if term is None or (self.is_count and term.value.startswith("-")):
            raise self._wrong(text, _COUNT if self.is_count else _EXPECTED[self.type])
        if self.choices and term not in self.choices:
            listed = ", ".join(map(self.text_of, self.choices[:20]))
            raise self._wrong(text, message("one of {names}", names=listed))
        return term

    def text_of(self, value: Value) -> str:
        """How a value is written in an address; `value_of` reads it."""
        code = value.value.removeprefix(self.namespace) if self.namespace else ""
        return code if code != value.value and _CODE.fullmatch(code) else value.value

    def _wrong(self, text: str, expected: Message) -> ParameterError:
        return ParameterError(
            self.name,
            message(
                "The parameter “{name}” is “{text}”, but must be {expected}. The default is {name}={default}.",
                name=self.name,
                text=text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…",
                expected=expected,
                default=self.text_of(self.default),
            ),
        )


def typed_value(type_: ParameterType, text: str, language: str = "") -> Value | None:
    """The term of a type that a text stands for; None if it is no value of the type.

    >>> typed_value(ParameterType.INTEGER, "+007"), typed_value(ParameterType.YEAR, "17")
    (<Literal value=7 datatype=<NamedNode value=http://www.w3.org/2001/XMLSchema#integer>>, None)
    """
    if len(text) > _MOST_CHARACTERS:
        return None
    if type_ is ParameterType.IRI:
        try:
            return NamedNode(text)
        except ValueError:
            return None
    if type_ is ParameterType.STRING:
        return None if _CONTROL.search(text) else Literal(text, language=language) if language else Literal(text)
    if not _PATTERNS[type_].fullmatch(text) or not _is_in_calendar(type_, text):
        return None
    return Literal(str(int(text)) if type_ is ParameterType.INTEGER else text, datatype=_DATATYPES[type_])


def _is_in_calendar(type_: ParameterType, text: str) -> bool:
    try:
        _CALENDARS.get(type_, str)(text)
    except ValueError:
        return False
    return True


def expected(type_: ParameterType) -> Message:
    """What a value of a type is, as in “must be a whole number”."""
    return _EXPECTED[type_]


def sparql_text(value: Value) -> str:
    r"""A value as a token of SPARQL: whole numbers as digits, which LIMIT needs; others as terms, escaped.

    >>> sparql_text(Literal('a" }')), sparql_text(typed_value(ParameterType.INTEGER, "5"))
    ('"a\\" }"', '5')
    """
    if isinstance(value, Literal) and value.datatype == _DATATYPES[ParameterType.INTEGER]:
        return value.value
    return str(value)
