"""The JSON-LD context of our documents, generated from their keys.

Terms can be added to a published context, but are never removed or changed. Where it is published,
`ontology/context-v1.jsonld`, it is committed as this module writes it (`make fields`).

The alias of `@included` has a context of its own: jsonld-streaming-parser, which Comunica and the libraries of RDF/JS
use, refuses it where it is protected.
"""

import json

from iomld.formats.jsonld_terms import ALIASES, CLASSES, PREFIXES, DocumentKeys, Key, KeyKind
from iomld.iris import DEFAULT_BASE

_UNPROTECTED = "included"


def context_document(keys: DocumentKeys) -> str:
    """The context as JSON text, a line for each term.

    Args:
        keys: The keys of the documents.
    """
    groups: tuple[dict[str, object], ...] = (
        {"@version": 1.1, "@protected": True},
        dict(PREFIXES),
        {name: keyword for name, keyword in ALIASES.items() if name != _UNPROTECTED},
        {name: _shortened(iri) for iri, name in CLASSES.items()},
        {key.name: _definition(key) for key in keys.rows},
    )
    blocks = (
        ",\n".join(f"  {json.dumps(name)}: {json.dumps(term)}" for name, term in group.items()) for group in groups
    )
    unprotected = f"  {json.dumps(_UNPROTECTED)}: {json.dumps(ALIASES[_UNPROTECTED])}"
    return '{ "@context": [{\n' + ",\n\n".join(blocks) + "\n}, {\n" + unprotected + "\n}] }\n"


def _shortened(iri: str) -> str:
    prefix, namespace = next((pair for pair in PREFIXES.items() if iri.startswith(pair[1])), ("", ""))
    return f"{prefix}:{iri[len(namespace) :]}" if prefix else iri


def _definition(key: Key) -> object:
    """The definition of a term (JSON-LD 1.1 section 9.15.1)."""
    definition: dict[str, object] = {"@reverse" if key.reverse else "@id": _shortened(key.iri)}
    match key.kind:
        case KeyKind.STRING if not key.many:
            return _shortened(key.iri)
        case KeyKind.LANGUAGE:
            return definition | {"@container": ["@language", "@set"] if key.many else "@language"}
        case KeyKind.TYPED:
            definition["@type"] = _shortened(key.scope)
        case KeyKind.CODE:
            definition["@type"] = "@vocab"
        case KeyKind.LINK:
            definition["@type"] = "@id"
    if key.many:
        definition["@container"] = "@set"
    if key.kind is KeyKind.CODE:
        definition["@context"] = {"@vocab": key.scope if "://" in key.scope else DEFAULT_BASE + key.scope}
    return definition
