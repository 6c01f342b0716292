"""How to cite a record: as a sentence, and as an entry for BibTeX and for reference managers (RIS)."""

import re
from dataclasses import dataclass

from iomld.browse.project import ProjectPage

_SPECIAL = re.compile(r"([&%$#_{}])")
_TYPE_OF_RIS = "DATA"
_SITE = "iomld"


@dataclass(frozen=True, slots=True)
class Citation:
    """The citation of a record.

    Attributes:
        sentence: Title, code, revision, site, day and IRI, for a list of references.
        bibtex: An entry for BibTeX.
        ris: The same for reference managers.
    """

    sentence: str
    bibtex: str
    ris: str


def citation_of(page: ProjectPage, record: str) -> Citation:
    """The citation of the record of a project.

    Args:
        page: The project.
        record: IRI of the record.
    """
    newest = page.history[0] if page.history else None
    revision = f"revision {newest.number}" if newest else ""
    day = (newest.created or "")[:10] if newest else ""
    title = " ".join(page.title.text.split())
    parts = (f"{title} ({page.key}).", *((f"{_SITE}, {revision}, {day}." if day else f"{_SITE}."),), record)
    return Citation(
        " ".join(parts), _bibtex(page.key, title, record, revision, day), _ris(title, record, revision, day)
    )


def _bibtex(key: str, title: str, record: str, revision: str, day: str) -> str:
    fields = {
        "title": f"{{{_escaped(title)}}}",
        "publisher": _SITE,
        "year": day[:4],
        "edition": revision,
        "url": record,
    }
    lines = (f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    name = re.sub(r"[^\w.:-]", "-", key, flags=re.ASCII)
    return f"@misc{{{name},\n" + ",\n".join(lines) + "\n}"


def _escaped(text: str) -> str:
    r"""A text for TeX.

    >>> _escaped("50 % of {A} \\ B")
    '50 \\% of \\{A\\} \\textbackslash{} B'
    """
    return r"\textbackslash{}".join(_SPECIAL.sub(r"\\\1", part) for part in text.split("\\"))


def _ris(title: str, record: str, revision: str, day: str) -> str:
    fields = (("TY", _TYPE_OF_RIS), ("TI", title), ("PB", _SITE), ("PY", day[:4]), ("ET", revision), ("UR", record))
    return "".join(f"{name}  - {value}\n" for name, value in fields if value) + "ER  - "
