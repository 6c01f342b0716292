"""Make a mapping from a document in TOML, and refuse mistakes with one sentence that names file and line."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from iomld.assets import load_fields
from iomld.errors import SourceError
from iomld.folding import fold
from iomld.lexicon.currencies import CURRENCIES
from iomld.messages import Message, message
from iomld.model import AMOUNT_FIELDS, DOLLARS
from iomld.read.mapping.toml import KeyPath, TomlDocument, named_twice
from iomld.read.table.columns import heading_key, project_columns
from iomld.read.table.csv_rows import MOST_COLUMNS
from iomld.read.table.date_formats import DateFormat, FormatError, date_format
from iomld.read.table.headings import Heading, closest_columns, heading_of, is_our_column
from iomld.read.table.mapped_cells import states_dates
from iomld.read.table.mapping import IGNORED, ColumnRule, Constant, TableMapping
from iomld.read.table.money import split_heading

_COLUMNS, _CONSTANTS, _DEFAULTS = "columns", "constants", "defaults"
_SHARED_KEYS = ("separator", "format", "decimalChar", "groupChar", "null")  # of a column, and of all
_COLUMN_KEYS = ("column", *_SHARED_KEYS, "values", "default", "currency")

_MOST_SEPARATORS = 20


def mapping_of_document(document: TomlDocument) -> TableMapping:
    """The mapping that a document describes.

    Raises:
        SourceError: It has a key that is not known, a value of another kind, or says what cannot be meant.
    """
    _check_keys(document, document.content, (), (_COLUMNS, _CONSTANTS, _DEFAULTS))
    defaults = _table(document, _DEFAULTS)
    _check_keys(document, defaults, (_DEFAULTS,), _SHARED_KEYS)
    others = _shared_rule(document, (_DEFAULTS,), defaults, ColumnRule())
    columns: dict[str, ColumnRule] = {}
    keys: set[str] = set()
    targets: dict[Heading, str] = {}
    if len(_table(document, _COLUMNS)) > MOST_COLUMNS:
        raise SourceError(
            message("{where}: more than {limit} columns.", where=document.where(_COLUMNS), limit=MOST_COLUMNS)
        )
    for theirs, given in _table(document, _COLUMNS).items():
        where = document.where(_COLUMNS, theirs)
        if heading_key(theirs) in keys:
            raise named_twice(where, theirs)
        keys.add(heading_key(theirs))
        rule = columns[theirs] = _column_rule(document, theirs, given, others)
        heading = heading_of(theirs, TableMapping({theirs: rule}))
        heading = replace(heading, currency=None) if heading else None
        if heading and targets.setdefault(heading, theirs) != theirs:
            raise _same_column(document, theirs, targets[heading], rule.column)
    if not document.content:
        raise SourceError(
            message("{file}: the mapping is empty. List their headings under [columns].", file=document.file)
        )
    return TableMapping(columns, others, tuple(_constants(document)))


def check_column(ours: str, where: Message) -> None:
    """See that a name is one of our columns.

    Raises:
        SourceError: It is not.
    """
    if is_our_column(ours):
        return
    near = closest_columns(ours, project_columns())
    raise SourceError(
        message(
            "{where}: “{name}” is not one of our columns. Did you mean “{near}”?", where=where, name=ours, near=near[0]
        )
        if near
        else message(
            "{where}: “{name}” is not one of our columns. 'iomld template --format csv' lists them.",
            where=where,
            name=ours,
        )
    )


def _same_column(document: TomlDocument, theirs: str, first: str, ours: str) -> SourceError:
    return SourceError(
        message(
            "{where}: “{name}” and “{first}” both stand for the column “{column}”. Keep one.",
            where=document.where(_COLUMNS, theirs),
            name=theirs,
            first=first,
            column=ours,
        )
    )


def _column_rule(document: TomlDocument, theirs: str, given: object, others: ColumnRule) -> ColumnRule:
    """The rule of a heading; a text alone is our column."""
    path = (_COLUMNS, theirs)
    if isinstance(given, str):
        given = {"column": given}
    if not isinstance(given, dict):
        raise _wrong_kind(document, path, message("the name of our column, or a table"))
    _check_keys(document, given, path, _COLUMN_KEYS)
    ours = _text(document, (*path, "column"), given) or (theirs if heading_of(theirs) else "")
    check_column(ours, document.where(*path, "column"))
    heading = heading_of(ours)
    if ours == IGNORED or heading is None:  # of a table of mentions
        return ColumnRule(ours)
    _check_kinds(document, path, heading, given)
    rule = replace(
        _shared_rule(document, path, given, others),
        column=ours,
        values=_values(document, path, heading, given),
        default=_text(document, (*path, "default"), given),
        currency=_currency(document, (*path, "currency"), given),
    )
    _check_format(document, path, heading, rule)
    _check_currencies(document, path, heading, rule)
    return rule


def _shared_rule(document: TomlDocument, path: KeyPath, given: Mapping[str, Any], others: ColumnRule) -> ColumnRule:
    """What a column or all columns say of separators, dates, numbers, and words for nothing."""
    rule = others
    if "separator" in given:
        separators = _separators(_texts(document, (*path, "separator"), given), given["separator"])
        if len(separators) > _MOST_SEPARATORS:
            raise _wrong_kind(document, (*path, "separator"), message("text, or a short list of texts"))
        rule = replace(rule, separators=separators)
    if "format" in given:
        rule = replace(rule, format=_format(document, (*path, "format"), given))
    if "null" in given:
        rule = replace(rule, nulls=frozenset(map(fold, _texts(document, (*path, "null"), given))))
    decimals = _character(document, (*path, "decimalChar"), given) or rule.decimal_char
    groups = _character(document, (*path, "groupChar"), given) if "groupChar" in given else rule.group_char
    if groups and not decimals:
        decimals = "," if groups == "." else "."
    if decimals and decimals == groups:
        raise SourceError(
            message(
                "{where}: decimalChar and groupChar are both “{character}”.",
                where=document.where(*path, "groupChar"),
                character=groups,
            )
        )
    return replace(rule, decimal_char=decimals, group_char=groups)


def _separators(texts: tuple[str, ...], given: object) -> tuple[str, ...]:
    """The separators, the longest first; a text of several different signs is a separator for each of them."""
    if isinstance(given, str):
        signs = given.strip() or given
        is_set = len(set(signs)) == len(signs) and not any(sign.isalnum() or sign.isspace() for sign in signs)
        texts = tuple(signs) if is_set else (given,)
    return tuple(sorted(filter(None, dict.fromkeys(texts)), key=len, reverse=True))


def _format(document: TomlDocument, path: KeyPath, given: Mapping[str, Any]) -> DateFormat:
    try:
        return date_format(_text(document, path, given))
    except FormatError as error:
        fault = error.message
        raise SourceError(message("{where}: {fault}", where=document.where(*path), fault=fault)) from error


def _check_format(document: TomlDocument, path: KeyPath, heading: Heading, rule: ColumnRule) -> None:
    """See that a column of days has a form with days."""
    if rule.format and not rule.format.has_day and heading.column in load_fields().days:
        raise SourceError(
            message(
                "{where}: “{column}” needs a day and a month, and “{format}” has none.",
                where=document.where(*path, "format"),
                format=rule.format.text,
                column=rule.column,
            )
        )


def _values(
    document: TomlDocument, path: KeyPath, heading: Heading, given: Mapping[str, Any]
) -> Mapping[str, tuple[str, ...]]:
    """The words for each folded word; none for a word to leave out. An empty text leaves the word as it is."""
    words = given.get("values", {})
    if not isinstance(words, dict):
        raise _wrong_kind(document, (*path, "values"), message("a table from their words to ours"))
    found: dict[str, tuple[str, ...]] = {}
    for theirs in words:
        here = (*path, "values", theirs)
        ours = _texts(document, here, words)
        if len(ours) > 1 and heading.column not in load_fields().lists:
            raise SourceError(
                message(
                    "{where}: “{column}” can have only one value.", where=document.where(*here), column=heading.column
                )
            )
        if ours != ("",):
            meant = tuple(word for word in ours if word not in ("", IGNORED))
            if found.setdefault(fold(theirs), meant) != meant:
                raise named_twice(document.where(*here), theirs)
    return found


def _currency(document: TomlDocument, path: KeyPath, given: Mapping[str, Any]) -> str:
    """A currency by its code."""
    code = _text(document, path, given)
    if path[-1] in given and code not in CURRENCIES:
        raise SourceError(
            message(
                "{where}: “{code}” is not a currency code of ISO 4217. Write one such as EUR or USD.",
                where=document.where(*path),
                code=code[:80],
            )
        )
    return code


def _check_currencies(document: TomlDocument, path: KeyPath, heading: Heading, rule: ColumnRule) -> None:
    """See that a column has one currency: that of the rule, of the heading, and of our column."""
    if heading.column not in AMOUNT_FIELDS:
        return
    stated = [rule.currency, heading.currency, split_heading(path[-1])[1]]
    stated += [DOLLARS] if heading.column == "budgetUSD" else []
    different = list(dict.fromkeys(filter(None, stated)))
    if len(different) > 1 or any("/" in one for one in different):
        names = ", ".join(different)
        raise SourceError(
            message(
                "{where}: “{name}” has two currencies, {currencies}. Keep one.",
                where=document.where(*path, "currency"),
                name=path[-1],
                currencies=names,
            )
        )


def _check_kinds(document: TomlDocument, path: KeyPath, heading: Heading, given: Mapping[str, Any]) -> None:
    """See that a rule says of its column only what a column of its kind has."""
    fields = load_fields()
    is_sum = heading.column in fields.sums
    belongs = {
        "separator": heading.column in fields.lists,
        "format": states_dates(heading.column),
        "decimalChar": is_sum,
        "groupChar": is_sum,
        "currency": heading.column in AMOUNT_FIELDS,
    }
    for key, fits in belongs.items():
        if key in given and not fits:
            where = document.where(*path, key)
            raise SourceError(
                message("{where}: “{key}” cannot be set for “{column}”.", where=where, key=key, column=heading.column)
            )


def _constants(document: TomlDocument) -> Iterable[Constant]:
    given = _table(document, _CONSTANTS)
    for ours in given:
        path = (_CONSTANTS, ours)
        where = document.where(*path)
        if heading_of(ours) is None:
            check_column("" if ours == IGNORED else ours, where)
        text = _text(document, path, given)
        if not text.strip():
            raise _wrong_kind(document, path, message("text that is not empty"))
        if ours == "budgetCurrency":
            _currency(document, path, given)
        yield Constant(ours, text, document.place(*path))


def _table(document: TomlDocument, name: str) -> Mapping[str, Any]:
    table = document.content.get(name, {})
    if not isinstance(table, dict):
        raise _wrong_kind(document, (name,), message("a table"))
    return table


def _check_keys(document: TomlDocument, given: Mapping[str, Any], path: KeyPath, known: tuple[str, ...]) -> None:
    for key in given:
        if key not in known:
            near = get_close_matches(key[:100], known, n=1) or [", ".join(known)]
            raise SourceError(
                message(
                    "{where}: “{key}” is not a key of mappings. The keys are {names}.",
                    where=document.where(*path, key),
                    key=key[:80],
                    names=near[0],
                )
            )


def _text(document: TomlDocument, path: KeyPath, given: Mapping[str, Any]) -> str:
    """A text, or a whole number as its digits; empty if it is not given."""
    value = given.get(path[-1], "")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise _wrong_kind(document, path, message("a text"))
    return value


def _texts(document: TomlDocument, path: KeyPath, given: Mapping[str, Any]) -> tuple[str, ...]:
    """A text, or the texts of a list."""
    value = given[path[-1]]
    if not isinstance(value, list):
        return (_text(document, path, given),)
    if not all(isinstance(one, str) for one in value):
        raise _wrong_kind(document, path, message("text, or a list of texts"))
    return tuple(value)


def _character(document: TomlDocument, path: KeyPath, given: Mapping[str, Any]) -> str:
    text = _text(document, path, given)
    if len(text) > 1 or text.isalnum():
        raise _wrong_kind(document, path, message("one character that is neither a digit nor a letter"))
    return text


def _wrong_kind(document: TomlDocument, path: KeyPath, wanted: Message) -> SourceError:
    return SourceError(
        message("{where}: “{key}” must be {wanted}.", where=document.where(*path), key=path[-1][:80], wanted=wanted)
    )
