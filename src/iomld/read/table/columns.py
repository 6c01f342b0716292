"""The columns of our tables, with their other headings in English, French and Spanish."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from iomld.assets import load_fields
from iomld.fields.declared import Field
from iomld.folding import fold
from iomld.fund_folder import cached
from iomld.messages import gettext_noop
from iomld.read.table.money import split_heading

PROJECTS, MENTIONS, SOURCES = "projects", "mentions", "sources"  # the names of the tables
_NUMBERED = re.compile(
    r"\(?(?:[0-9]{1,2}(?:\.[0-9]{1,2})*|[A-Za-z])[.)] ?(?=\S)|[0-9]{1,2} (?=[A-Za-z])|(?:No|N°|#) ?[0-9]{1,2}[.:] ?"
)


def heading_key(text: str) -> str:
    """The folded heading, without the marks of forms."""
    return fold(bare_heading(text).replace("_", " "))


def bare_heading(text: str) -> str:
    """A heading without the number that forms put before it and the marks that they put after it.

    >>> bare_heading("3. Title (en) *"), bare_heading("(b) Coverage:")
    ('Title (en)', 'Coverage')
    """
    return _NUMBERED.sub("", text.strip().strip("*").strip()).rstrip("*: ").strip()


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        name: Its heading in our own tables; texts add their language: `title_en`.
        meaning: Its content, in one sentence; that of a column that no shape declares has translations.
        example: A value.
        other_headings: Other headings of the column, separated by semicolons.
    """

    name: str
    meaning: str
    example: str
    other_headings: str = ""

    @property
    def headings(self) -> tuple[str, ...]:
        """All headings of the column, its name first."""
        return (self.name, *(heading.strip() for heading in self.other_headings.split(";") if heading.strip()))


@cached
def project_columns() -> tuple[Column, ...]:
    """The columns of a table of projects: one for each field that records state, then those of its sources."""
    fields = load_fields()
    return (*map(_column, fields.given.values()), *map(_column, fields.source_columns.values()))


def _column(field: Field) -> Column:
    """The column of a field; its names, labels and further headings, unless they are the name of another field."""
    others = {fold(name) for other in load_fields() if other is not field for name in other.names.values()}
    headings = {fold(text): text for text, _ in headings_of(field)}
    own = (text for key, text in headings.items() if key not in others)
    return Column(field.key, field.meaning(), field.example, "; ".join(own))


def headings_of(field: Field) -> Iterator[tuple[str, str]]:
    """The headings of a field with their languages, its own name in each language first.

    A label with a currency in it, such as "Budget Amount (USD)", is a heading of `budget` with that currency.
    """
    yield from ((name, language) for language, name in field.names.items())
    yield from (label for label in field.labels if split_heading(label[0])[1] is None)
    yield from field.headings


@cached
def mention_columns() -> tuple[Column, ...]:
    """The columns of a table of mentions: the code of the project, then one for each key of a mention."""
    code = next(column for column in project_columns() if column.name == "projectCode")
    meaning = gettext_noop("Code of the project, as in the table of projects.")
    return (replace(code, meaning=meaning), *map(_column, load_fields().mention_keys.values()))


@cached
def source_table_columns() -> tuple[Column, ...]:
    """The columns of a table of sources: the code of the project, then one for each key of a source."""
    return (mention_columns()[0], *map(_column, load_fields().source_keys.values()))


def column_field(name: str) -> Field | None:
    """The field or the key of a mention or a source that a column holds, by its name; None for any other name."""
    fields = load_fields()
    return fields.given.get(name) or fields.mention_keys.get(name) or fields.source_columns.get(name)
