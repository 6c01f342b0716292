"""Convert our framed JSON-LD documents (`iomld.formats.jsonld`) to the form of a JSON record.

A framed document has the keys of a record and more: a mention points at its passage by selectors, and the sources are
listed under `record`. These take the forms that a record has. Keys keep their positions, so that a finding points at
the value that it is about. Values that the publisher computes (periods, identifiers) are ignored.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from iomld.assets import jsonld_context, load_fields
from iomld.fund_folder import cached
from iomld.read.record.origins import source_of
from iomld.read.text import is_web_address

CONTEXT_PATH = "context/v1.jsonld"

_ORGANIZATIONS = "id/organization/"
_TEXT_NODE = re.compile(r"#(?P<field>narrative|abstract|title)-(?P<language>[A-Za-z0-9-]+)$")


def is_framed(content: Mapping[str, object]) -> bool:
    """Say whether a JSON object is one of our project documents, with our context or its address."""
    kind = content.get("type")
    is_project = kind in (None, "Project") or (isinstance(kind, list) and "Project" in kind)
    context = content.get("@context")
    return context is not None and is_project and "@graph" not in content and _is_our_context(context)


def _is_our_context(context: object) -> bool:
    """Whether a context is ours under some base, perhaps of an older version: contexts only get more terms."""
    if isinstance(context, str):
        return context.endswith(f"/{CONTEXT_PATH}")
    given = _terms(context)
    match given.get("status"):
        case {"@context": {"@vocab": str(start)}} if is_web_address(start):
            ours = _our_terms(start.removesuffix(_code_paths()["status"]))
            return all(ours.get(name) == definition for name, definition in given.items())
        case _:
            return False


@cached
def _our_terms(base: str) -> Mapping[str, object]:
    return _terms(json.loads(jsonld_context(base)))


def _terms(context: object) -> dict[str, object]:
    """The terms of a context in one or more objects; none if one of them is an address or null."""
    terms: dict[str, object] = {}
    for part in context if isinstance(context, list) else [context]:
        if not isinstance(part, dict):
            return {}
        terms |= part
    terms.pop("@version", None)  # a number, which readers may give as text
    return terms


def unframed(content: Mapping[str, object]) -> dict[str, object]:
    """The document in the form of a record; keys that already have that form stay as they are."""
    plain = dict(content)
    for field, path in _code_paths().items():
        if field in content:
            plain[field] = _codes(path, content[field])
    states = plain.get("benefitingMemberStates")
    countries = plain.get("benefitingCountries")
    if isinstance(states, list) and isinstance(countries, list):
        # Member states are in both lists; null keeps the indexes of the others.
        plain["benefitingCountries"] = [None if country in states else country for country in countries]
    plain["fundedBy"] = _funders(content)
    mentions = content.get("mentions")
    if isinstance(mentions, list):
        plain["mentions"] = [_mention(item) for item in mentions]
    record = content.get("record")
    if isinstance(record, dict) and isinstance(record.get("derivedFrom"), list) and "sources" not in content:
        names = load_fields().document_keys
        nodes = [item for item in record["derivedFrom"] if isinstance(item, dict)]
        known = ({iri: node.get(name) for iri, name in names.items()} for node in nodes)
        plain["sources"] = [source for source in map(source_of, known) if source]
    return plain


@cached
def _code_paths() -> Mapping[str, str]:
    """The keys of concepts and countries, with the path of their IRIs under a data base."""
    return {key: field.path for key, field in load_fields().given.items() if field.path}


def scheme_code(start: str, iri: str) -> str:
    """The code of a concept or country under any data base; any other IRI stays as it is.

    Args:
        start: The path of its IRI under a data base (`Field.path`).
        iri: The IRI, or a code.

    >>> scheme_code("scheme/status/", "https://example.org/data/scheme/status/active")
    'active'
    >>> scheme_code("scheme/status/", "active")
    'active'
    """
    base, path, code = iri.rpartition(start)
    is_ours = path and is_web_address(base) and base.endswith("/") and code and not set(code) & set("/?#")
    return unquote(code) if is_ours else iri


def text_of(iri: str) -> tuple[str, str]:
    """Field and language of the text that an IRI names (`…#narrative-en`); by default the English narrative."""
    match = _TEXT_NODE.search(iri)
    return (match["field"], match["language"].lower()) if match else ("narrative", "en")


def _codes(path: str, given: object) -> object:
    if isinstance(given, list):
        return [_codes(path, item) for item in given]
    return scheme_code(path, unquote(given)) if isinstance(given, str) else given


def _funders(content: Mapping[str, object]) -> object:
    """The funders with the names that the document states; in a document without any, nobody is named."""
    given = content.get("fundedBy", [])
    included = content.get("included")
    nodes = [node for node in included if isinstance(node, dict)] if isinstance(included, list) else []
    names = {iri: node.get("agentName") for node in nodes if isinstance(iri := node.get("id"), str)}
    if isinstance(given, list):
        return [funder_of(item, names.get(item)) if isinstance(item, str) else item for item in given]
    return funder_of(given, names.get(given)) if isinstance(given, str) else given


def funder_of(iri: str, name: object) -> str:
    """The IRI of an organization under any data base as a funder with its name; any other text as it is.

    >>> funder_of("https://example.org/id/organization/US-GOV-1", "USAID")
    'USAID [US-GOV-1]'
    """
    base, path, code = iri.rpartition(_ORGANIZATIONS)
    is_ours = path and is_web_address(base) and base.endswith("/") and code and not set(code) & set("/?#")
    return f"{name if isinstance(name, str) else ''} [{unquote(code)}]".strip() if is_ours else iri


def _mention(item: object) -> object:
    """Convert a mention with selectors to a mention of a record: the values at the ends of the paths of its keys."""
    if not isinstance(item, dict) or not isinstance(item.get("target"), dict):
        return item
    fields = load_fields()
    plain: dict[str, object] = {}
    for name, key in fields.mention_keys.items():
        found = [item]
        for step in key.steps:
            found = list(_values(found, fields.document_keys.get(step, "")))
        if found:
            plain[name] = _codes(key.path, found[0]) if key.path else found[0]
    text = item["target"].get("sourceText")
    iri = text.get("id") if isinstance(text, dict) else text
    plain["field"], plain["language"] = text_of(iri if isinstance(iri, str) else "")
    return plain


def _values(nodes: Iterable[object], key: str) -> Iterator[Any]:
    """The values of a key of some nodes, each alone."""
    for node in nodes:
        value = node.get(key) if isinstance(node, dict) else None
        yield from value if isinstance(value, list) else () if value is None else (value,)
