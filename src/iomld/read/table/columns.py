"""The columns of our tables, with their other headings in English, French and Spanish."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from iomld.assets import load_fields
from iomld.fields.declared import Field
from iomld.folding import fold
from iomld.fund_folder import cached
from iomld.messages import gettext_noop
from iomld.read.table.money import split_heading

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
        meaning: Its content, in one sentence; of a column that is no field it has translations.
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


# Columns of the sources of a project, after those of its fields.
_SOURCE_COLUMNS = (
    Column(
        "sourceUrl",
        gettext_noop("Address of the page."),
        "https://www.iom.int/project/example",
        "url; source; link; page; lien; enlace; adresse; dirección; website",
    ),
    Column(
        "retrievedAt",
        gettext_noop("When the page was fetched, with a time zone."),
        "2026-11-23T19:00:00Z",
        "retrieved; date retrieved; consulté le; consultado el",
    ),
    Column(
        "sources",
        gettext_noop("The original sources, in tables that iomld exported. Leave it unchanged, or empty."),
        '[{"file": "a.txt", "sha256": "…", "mediaType": "text/plain"}]',
    ),
)


@cached
def project_columns() -> tuple[Column, ...]:
    """The columns of a table of projects: one for each field that records state, then those of its sources."""
    return (*map(_column, load_fields().given.values()), *_SOURCE_COLUMNS)


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


MENTION_COLUMNS = (
    Column(
        "projectCode",
        gettext_noop("Code of the project, as in the table of projects."),
        "PO.0105",
        "project code; project id; projects id; projet id; proyecto id; id; code; code du projet; código del "
        "proyecto; identifiant du projet; código",
    ),
    Column(
        "framework",
        gettext_noop("Code of the framework or of its part."),
        "gcm",
        "cadre; marco; policy framework",
    ),
    Column(
        "quote",
        gettext_noop("The words that name it."),
        "Global Compact for Migration",
        "citation; cita; exact",
    ),
    Column(
        "prefix",
        gettext_noop("A few words before the quote."),
        "ongoing discussions of the ",
        "before; avant; antes",
    ),
    Column(
        "suffix",
        gettext_noop("A few words after it."),
        " and becoming",
        "after; après; después",
    ),
    Column(
        "language",
        gettext_noop("Language of the text."),
        "en",
        "langue; idioma; lang",
    ),
    Column(
        "field",
        gettext_noop("The text that contains it: narrative, abstract or title."),
        "narrative",
        "champ; campo",
    ),
    Column(
        "position",
        gettext_noop("Offset of the quote in that text, in code points from 0."),
        "683",
        "posición; start",
    ),
    Column(
        "method",
        gettext_noop("How it was found."),
        "exact-label",
        "méthode; método",
    ),
    Column(
        "confidence",
        gettext_noop("From 0 to 1; compare it only within one method."),
        "0.98",
        "confiance; confianza",
    ),
)
