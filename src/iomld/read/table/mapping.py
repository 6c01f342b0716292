"""The values of a mapping: how the columns and words of a foreign table correspond to ours.

`iomld.read.mapping` reads mappings from files. The words of a rule are those of CSV on the Web where it has them
(https://www.w3.org/TR/tabular-data-model/#parsing-cells).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from iomld.folding import fold
from iomld.model import Place
from iomld.read.table.columns import heading_key
from iomld.read.table.date_formats import DateFormat

IGNORED = "-"  # in place of our column, or of a word: left out


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """How the cells of a column are read.

    Attributes:
        column: Our column, `-` to ignore theirs; empty for a rule of all columns.
        separators: What stands between several values; empty for the separators of our own tables.
        format: The form of its dates; None for that of our own tables.
        decimal_char: The character before the decimals; empty if no form of numbers is stated.
        group_char: The character between groups of three digits; a space stands for all kinds of spaces.
        values: The words that a word of theirs stands for, by its folded form; none for a word that is left out.
        nulls: The folded words that stand for nothing.
        default: The text of empty cells.
        currency: The code of the currency of its amounts (ISO 4217).
    """

    column: str = ""
    separators: tuple[str, ...] = ()
    format: DateFormat | None = None
    decimal_char: str = ""
    group_char: str = ""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nulls: frozenset[str] = frozenset()
    default: str = ""
    currency: str = ""

    @property
    def converts(self) -> bool:
        """Whether it says more than the column that is meant."""
        numbers = self.decimal_char or self.currency
        return bool(self.separators or self.format or numbers or self.values or self.nulls or self.default)

    def is_null(self, text: str) -> bool:
        """Whether a text means "no value"."""
        return not text or (bool(self.nulls) and fold(text) in self.nulls)


@dataclass(frozen=True, slots=True)
class Constant:
    """A value of every record that has none of its own.

    Attributes:
        column: Our column.
        text: The value.
        place: Where the mapping says it.
    """

    column: str
    text: str
    place: Place


@dataclass(frozen=True)  # without slots, for the cached property
class TableMapping:
    """A mapping.

    Attributes:
        columns: The rule of each foreign heading, as the mapping writes it.
        others: The rule of the columns that it does not name.
        constants: Values of every record.

    >>> mapping = TableMapping({"Réf": ColumnRule("projectCode")})
    >>> mapping.rule_of("REF").column, mapping.rule_of("Status")
    ('projectCode', None)
    """

    columns: Mapping[str, ColumnRule] = field(default_factory=dict)
    others: ColumnRule = ColumnRule()
    constants: tuple[Constant, ...] = ()

    @cached_property
    def _by_key(self) -> Mapping[str, ColumnRule]:
        return {heading_key(theirs): rule for theirs, rule in self.columns.items()}

    def rule_of(self, heading: str) -> ColumnRule | None:
        """The rule of a heading, which is compared folded; None if the mapping does not name it."""
        return self._by_key.get(heading_key(heading)) if self.columns else None

    def conversion_of(self, heading: str) -> ColumnRule | None:
        """The rule by which the cells under a heading are converted; None if they are read as in our own tables."""
        rule = self.rule_of(heading) or self.others
        return rule if rule.converts else None

    def unmet(self, headings: tuple[str, ...]) -> tuple[str, ...]:
        """The headings of the mapping that a table does not have."""
        present = set(map(heading_key, headings))
        return tuple(theirs for theirs in self.columns if heading_key(theirs) not in present)


NO_MAPPING = TableMapping()
