"""The parameters of a saved query: variables that begin with an underscore, and comments with defaults and choices."""

from collections.abc import Mapping, Sequence

from iomld.messages import message
from iomld.saved.decorators import DEFAULTS, ENUMERATE, MARK, Decorator, LineFaultError
from iomld.saved.parameters import (
    Parameter,
    ParameterName,
    ParameterType,
    Value,
    expected,
    parameter_name,
    typed_value,
)
from iomld.saved.structure import is_count, is_parameter, line_of
from iomld.store.sparql_tokens import Token

# Names of parameters that addresses have for other purposes.
RESERVED = frozenset({"asof", "download", "explain", "format", "lang", "query", "release", "revision", "timeout"})


def declared_parameters(
    body: str, tokens: Sequence[Token], decorators: Mapping[str, Decorator]
) -> tuple[Parameter, ...]:
    """The parameters of a query, in the order in which its text mentions them.

    Args:
        body: The query.
        tokens: Its tokens.
        decorators: The comments that describe it.

    Raises:
        LineFaultError: A default is missing or of another type, or the name of a parameter cannot be used.
    """
    mentioned: dict[str, tuple[int, ParameterName]] = {}
    counts: set[str] = set()
    for index, token in enumerate(tokens):
        named = parameter_name(token.text[1:]) if is_parameter(token) else None
        if named is None:
            continue
        line, known = mentioned.setdefault(named.name, (line_of(body, token.start), named))
        _check_parameter_name(line_of(body, token.start), named, known)
        if is_count(tokens, index):
            _check_count(line, named)
            counts.add(named.name)
    defaults, choices = _defaults(decorators, mentioned), _choices(decorators, mentioned)
    found = []
    for name, (line, named) in mentioned.items():
        if name not in defaults:
            fault = message(
                "The parameter “{name}” has no default. Add it below {place}.", name=name, place=f"{MARK} {DEFAULTS}:"
            )
            raise LineFaultError(line, fault)
        default_line, default = defaults[name]
        options = choices.get(name, ())
        if options and default not in options:
            raise LineFaultError(default_line, message("The default of “{name}” is none of its choices.", name=name))
        found.append(Parameter(name, named.type, named.language, default, options, is_count=name in counts))
    return tuple(found)


def _check_parameter_name(line: int, named: ParameterName, known: ParameterName) -> None:
    if named != known:
        fault = message("The parameter “{name}” has two types. Write its variable in one way.", name=named.name)
        raise LineFaultError(line, fault)
    if not named.name.isascii() or not named.name or named.name.lower() in RESERVED:
        fault = message("A parameter cannot be called “{name}”. Choose another name.", name=named.name[:40])
        raise LineFaultError(line, fault)


def _check_count(line: int, named: ParameterName) -> None:
    if named.type is not ParameterType.INTEGER:
        fault = message(
            "After LIMIT and OFFSET stands a whole number. Call the variable {variable}.",
            variable=f"?_{named.name}_integer",
        )
        raise LineFaultError(line, fault)


def _defaults(
    decorators: Mapping[str, Decorator], mentioned: Mapping[str, tuple[int, ParameterName]]
) -> dict[str, tuple[int, Value]]:
    found: dict[str, tuple[int, Value]] = {}
    for entry in decorators[DEFAULTS].entries if DEFAULTS in decorators else ():
        named = _named(entry.line, entry.key, mentioned)
        found[named.name] = entry.line, _given_value(entry.line, named, entry.text)
    return found


def _choices(
    decorators: Mapping[str, Decorator], mentioned: Mapping[str, tuple[int, ParameterName]]
) -> dict[str, tuple[Value, ...]]:
    """The choices of each parameter that lists any; grlc computes those of a name alone, which is ignored."""
    entries = decorators[ENUMERATE].entries if ENUMERATE in decorators else ()
    listed = [(entry, _named(entry.line, entry.key or entry.text, mentioned)) for entry in entries]
    return {named.name: tuple(_given_value(entry.line, named, text) for text in entry.texts) for entry, named in listed}


def _named(line: int, written: str, mentioned: Mapping[str, tuple[int, ParameterName]]) -> ParameterName:
    """The parameter that a comment names: as in addresses, or as its variable without `?`."""
    name = written.removeprefix("?")
    parsed = parameter_name(name) if name.startswith("_") else None
    key = parsed.name if parsed else name
    if key not in mentioned:
        fault = message("The query has no variable for the parameter “{name}”. Remove the line.", name=written[:40])
        raise LineFaultError(line, fault)
    return mentioned[key][1]


def _given_value(line: int, named: ParameterName, text: str) -> Value:
    value = typed_value(named.type, text, named.language)
    if value is None:
        fault = message(
            "“{text}” is no value of the parameter “{name}”, which must be {expected}.",
            text=text[:60],
            name=named.name,
            expected=expected(named.type),
        )
        raise LineFaultError(line, fault)
    return value
