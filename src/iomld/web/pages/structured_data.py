"""What search engines read in a page: JSON-LD with terms of schema.org, in a block that no browser runs.

Each property is one of its class in schema.org. A `Project` is an organization there and has neither a start nor an
end; its years are the time that its record covers (`temporalCoverage`).
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TypeAlias

from markupsafe import Markup

from iomld.browse.dataset import DatasetFacts, DatasetFile
from iomld.browse.project import ProjectPage
from iomld.browse.view import Link, ReleaseView
from iomld.web.i18n import page_language
from iomld.web.templating import web_address

_Node: TypeAlias = dict[str, object]

_CONTEXT = "https://schema.org"
# Characters that could end the block or begin a comment in it; JSON has other ways to write them.
_ESCAPES = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})
_LONGEST = 500
_NAMED = (("projectCode", "project code"), ("primaId", "PRIMA identifier"))


def data_block(node: Mapping[str, object]) -> Markup:
    r"""A node as a data block for the head of a page.

    >>> data_block({"name": "</script>"})
    Markup('<script type="application/ld+json">{"name":"\\u003c/script\\u003e"}</script>')
    """
    text = json.dumps(node, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
    return Markup(f'<script type="application/ld+json">{text}</script>')  # noqa: S704  # nothing in it ends the block


def project_markup(view: ReleaseView, page: ProjectPage) -> Markup:
    """A project: its names, numbers, money, funder and countries, and its record."""
    return data_block(
        _known(
            {
                "@context": _CONTEXT,
                "@type": "Project",
                "@id": page.iri,
                "name": page.title.text,
                "alternateName": [title.text for title in page.titles[1:]],
                "description": _description(page),
                "identifier": list(_identifiers(page)),
                "url": view.iris.record(page.key),
                "funder": _fund(page),
                "funding": _grant(view, page),
                "areaServed": [_country(state) for state in page.states],
                "mainEntityOfPage": _record(view, page),
            }
        )
    )


def dataset_markup(facts: DatasetFacts) -> Markup:
    """The dataset with its files."""
    publisher = _known({"@type": "Organization", "name": facts.publisher}) if facts.publisher else None
    return data_block(
        _known(
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


def _known(node: _Node) -> _Node:
    """A node without the properties that have no value."""
    return {name: value for name, value in node.items() if value not in (None, "", [])}


def _description(page: ProjectPage) -> str | None:
    """The abstract in the page's language, else in any; else how the narrative begins."""
    passages = sorted(page.abstracts, key=lambda one: one.language != page_language()) or page.narratives
    text = "\n".join("".join(piece.text for piece in pieces) for one in passages[:1] for pieces in one.paragraphs)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rsplit(' ', 1)[0]} …"


def _identifiers(page: ProjectPage) -> Iterator[_Node]:
    for name, words in _NAMED:
        value = page.fact(name)
        if value:
            yield {"@type": "PropertyValue", "propertyID": words, "value": value.text}


def _fund(page: ProjectPage) -> _Node | None:
    fund = page.fact("fundedBy")
    return {"@type": "Organization", "@id": fund.link.iri, "name": fund.text} if fund and fund.link else None


def _grant(view: ReleaseView, page: ProjectPage) -> _Node | None:
    if page.budget is None:
        return None
    amount = {
        "@type": "MonetaryAmount",
        "@id": view.iris.budget(page.key),
        "value": _number(page.budget),
        "currency": "USD",
    }
    return _known({"@type": "MonetaryGrant", "amount": amount, "funder": _fund(page)})


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _country(country: Link) -> _Node:
    return {"@type": "Country", "@id": country.iri, "name": country.name, "identifier": country.code}


def _record(view: ReleaseView, page: ProjectPage) -> _Node:
    """The page as a work: what it covers and names, where it comes from, under which licence."""
    return _known(
        {
            "@type": "WebPage",
            "@id": view.iris.record(page.key),
            "inLanguage": page_language(),
            "temporalCoverage": _period(page.start_year, page.end_year),
            "mentions": [{"@type": "DefinedTerm", "@id": one.iri, "name": one.name} for one in page.frameworks],
            "isBasedOn": [source.url for source in page.sources if web_address(source.url)],
            "license": web_address(page.license),
            "dateModified": page.history[0].created if page.history else None,
            "isPartOf": {"@id": view.iris.dataset()},
        }
    )


def _period(start: str | None, end: str | None) -> str | None:
    """A period as ISO 8601 writes it; an end that is not known is open."""
    return f"{start or '..'}/{end or '..'}" if start or end else None


def _file(file: DatasetFile, license_: str | None) -> _Node:
    return _known(
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
