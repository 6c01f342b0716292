"""Descriptions of a page for other programs: structured data for search engines, and the citation of a record.

Structured data is JSON-LD with terms of schema.org in a data block of the page.
Each property belongs to its class in schema.org. A `Project` is an organization there, without start and end: the years
of a project are the `temporalCoverage` of its record.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from markupsafe import Markup

from iomld.browse.dataset import DatasetFacts, DatasetFile
from iomld.browse.project.page import ProjectPage
from iomld.browse.view import Link, ReleaseView
from iomld.iris import IOMLD
from iomld.web.i18n import page_language
from iomld.web.templating import web_address

_Node: TypeAlias = dict[str, object]

_CONTEXT = "https://schema.org"
# Characters that could end the block or begin a comment; JSON can escape them.
_ESCAPES = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})
_MOST_CHARACTERS = 500  # of a description
_SPECIAL = re.compile(r"([&%$#_{}])")  # of TeX
_IDENTIFIERS = (("projectCode", "project code"), ("primaId", "PRIMA identifier"))


def data_block(node: Mapping[str, object]) -> Markup:
    r"""A data block for the head of a page.

    >>> data_block({"name": "</script>"})
    Markup('<script type="application/ld+json">{"name":"\\u003c/script\\u003e"}</script>')
    """
    text = json.dumps(node, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
    return Markup(f'<script type="application/ld+json">{text}</script>')  # noqa: S704  # escaped above


def project_markup(view: ReleaseView, page: ProjectPage) -> Markup:
    """The data block of a project and its record."""
    return data_block(
        _without_empty(
            {
                "@context": _CONTEXT,
                "@type": "Project",
                "@id": page.iri,
                "name": page.title.text,
                "alternateName": [title.text for title in page.titles[1:]],
                "description": description_of(page),
                "identifier": list(_identifiers(page)),
                "url": view.iris.record(page.key),
                "funder": _funder(page),
                "funding": _grant(view, page),
                "areaServed": [_country(state) for state in page.states],
                "mainEntityOfPage": _record(view, page),
            }
        )
    )


def dataset_markup(facts: DatasetFacts) -> Markup:
    """The data block of the dataset and its files."""
    publisher = _without_empty({"@type": "Organization", "name": facts.publisher}) if facts.publisher else None
    return data_block(
        _without_empty(
            {
                "@context": _CONTEXT,
                "@type": "Dataset",
                "@id": facts.iri,
                "name": facts.title,
                "description": facts.description,
                "url": facts.iri,
                "keywords": list(facts.keywords),
                "license": facts.license,
                "creator": publisher,
                "publisher": publisher,
                "datePublished": facts.issued,
                "dateModified": facts.modified,
                "version": facts.version,
                "isAccessibleForFree": True,
                "temporalCoverage": _period(facts.start, facts.end),
                "spatialCoverage": [_country(country) for country in facts.countries],
                "distribution": [_file(file, facts.license) for file in facts.files],
            }
        )
    )


def _without_empty(node: _Node) -> _Node:
    """A node without its empty properties."""
    return {name: value for name, value in node.items() if value not in (None, "", [])}


def description_of(page: ProjectPage) -> str | None:
    """The abstract, in the page's language if there is one, else the narrative; cut if it is long."""
    passages = sorted(page.abstracts, key=lambda passage: passage.language != page_language()) or page.narratives
    text = "\n".join(
        "".join(piece.text for piece in pieces) for passage in passages[:1] for pieces in passage.paragraphs
    )
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS].rsplit(' ', 1)[0]} …"


def _identifiers(page: ProjectPage) -> Iterator[_Node]:
    for name, label in _IDENTIFIERS:
        value = page.fact(name)
        if value:
            yield {"@type": "PropertyValue", "propertyID": label, "value": value.text}


def _funder(page: ProjectPage) -> _Node | list[_Node] | None:
    """The funder, or a list of several."""
    named = (value for fact in page.facts if fact.iri == f"{IOMLD}fundedBy" for value in fact.values)
    nodes: list[_Node] = [
        {"@type": "Organization", "@id": value.link.iri, "name": value.text} for value in named if value.link
    ]
    return nodes[0] if len(nodes) == 1 else nodes or None


def _grant(view: ReleaseView, page: ProjectPage) -> _Node | None:
    if page.budget is None:
        return None
    amount = {
        "@type": "MonetaryAmount",
        "@id": view.iris.budget(page.key),
        "value": _number(page.budget.amount),
        "currency": page.budget.currency,
    }
    return _without_empty({"@type": "MonetaryGrant", "amount": amount, "funder": _funder(page)})


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _country(country: Link) -> _Node:
    return {"@type": "Country", "@id": country.iri, "name": country.name, "identifier": country.code}


def _record(view: ReleaseView, page: ProjectPage) -> _Node:
    """The record as a web page: its coverage, mentions, sources and licence."""
    return _without_empty(
        {
            "@type": "WebPage",
            "@id": view.iris.record(page.key),
            "inLanguage": page_language(),
            "temporalCoverage": _period(page.start_year, page.end_year),
            "mentions": [{"@type": "DefinedTerm", "@id": link.iri, "name": link.name} for link in page.frameworks],
            "isBasedOn": [source.url for source in page.sources if web_address(source.url)],
            "license": web_address(page.license),
            "dateModified": page.history[0].created if page.history else None,
            "isPartOf": {"@id": view.iris.dataset()},
        }
    )


def _period(start: str | None, end: str | None) -> str | None:
    """A period in ISO 8601; an unknown start or end is open."""
    return f"{start or '..'}/{end or '..'}" if start or end else None


def _file(file: DatasetFile, license_: str | None) -> _Node:
    return _without_empty(
        {
            "@type": "DataDownload",
            "name": file.title,
            "contentUrl": file.url,
            "encodingFormat": file.media_type,
            "contentSize": f"{file.size_bytes} B" if file.size_bytes is not None else None,
            "sha256": file.sha256,
            "license": license_,
        }
    )


@dataclass(frozen=True, slots=True)
class Citation:
    """The citation of a record.

    Attributes:
        sentence: Title, code, publisher, revision, day and IRI, for a list of references.
        bibtex: An entry for BibTeX.
    """

    sentence: str
    bibtex: str


def citation_of(page: ProjectPage, record: str, publisher: str | None) -> Citation:
    """The citation of the record of a project.

    Args:
        page: The project.
        record: IRI of the record.
        publisher: Name of the publisher; nobody is named without one.
    """
    newest = page.history[0] if page.history else None
    day = (newest.created or "")[:10] if newest else ""
    title = " ".join(page.title.text.split())
    revision = f"{'revision' if publisher else 'Revision'} {newest.number}, {day}" if newest and day else ""
    edition = ", ".join(filter(None, (publisher, revision)))
    parts = (f"{title} ({page.key}).", f"{edition}." if edition else "", record)
    return Citation(" ".join(filter(None, parts)), _bibtex(page, title, record, publisher))


def _bibtex(page: ProjectPage, title: str, record: str, publisher: str | None) -> str:
    newest = page.history[0] if page.history else None
    fields = {
        "title": f"{{{tex_text(title)}}}",
        "publisher": f"{{{tex_text(publisher)}}}" if publisher else "",
        "year": (newest.created or "")[:4] if newest else "",
        "edition": f"revision {newest.number}" if newest else "",
        "url": record,
    }
    return bibtex_entry(page.key, fields)


def bibtex_entry(key: str, fields: Mapping[str, str]) -> str:
    """An entry for BibTeX.

    Args:
        key: Its key, whose other characters become hyphens.
        fields: Its fields, with their values in TeX; those without a value are left out.
    """
    lines = (f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    name = re.sub(r"[^\w.:-]", "-", key, flags=re.ASCII)
    return f"@misc{{{name},\n" + ",\n".join(lines) + "\n}"


def tex_text(text: str) -> str:
    r"""A text for TeX.

    >>> tex_text("50 % of {A} \\ B")
    '50 \\% of \\{A\\} \\textbackslash{} B'
    """
    return r"\textbackslash{}".join(_SPECIAL.sub(r"\\\1", part) for part in text.split("\\"))
