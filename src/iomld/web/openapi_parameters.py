"""What `/openapi.json` says of parameters and bodies: the values that are taken, and examples of the bundled records.

Parameters that pass over what they do not know are plain text; those that refuse it list what they take.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from iomld.browse.filters import FACETS, SORTS
from iomld.check.reports import REPORT_FORMATS
from iomld.check.reports.workbook import WORKBOOK
from iomld.formats.rdf import FORMATS
from iomld.i18n import LANGUAGES
from iomld.validate import ENGINES
from iomld.web.profiles import PROFILES
from iomld.web.projects import FILTERED, PARAMETERS
from iomld.web.signposts import LINKSET, LINKSET_SUFFIX
from iomld.web.sparql.protocol import FORM, GRAPH_NAMES, NAMES, QUERY
from iomld.web.upload import RAW_TYPES

Json = dict[str, Any]

HTML = "text/html"
_TEXT: Json = {"type": "string"}
_IRI: Json = {"type": "string", "format": "uri"}
_PAGE: Json = {"type": "string", "pattern": "^[0-9]{1,6}$"}
_LINKSETS = ("linkset", LINKSET_SUFFIX, LINKSET)
_SUFFIXES = tuple(format_.suffix for format_ in FORMATS)
_FORMATS = tuple(
    dict.fromkeys(word for format_ in FORMATS for word in (format_.suffix, format_.name, format_.media_type))
)
_REPORTS = (*(format_.name for format_ in REPORT_FORMATS), WORKBOOK)
_PAGED = ("/dataset.{suffix}", "/dataset", "/void.{suffix}", "/void")  # the documents without a page
_NEGOTIATED = ("/doc/", "/scheme/", "/ns", "/shapes", *_PAGED, "/dataset/", "/prov/", "/query/", "/graph/")
# Pages for people alone.
_IN_LANGUAGES = frozenset(
    ("/", "/about", "/docs", "/projects", "/countries", "/frameworks", "/regions", "/query", "/downloads", "/ontology")
)
# A name that is known, for each place in a path.
_EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "/id/{kind}/{code}": {"kind": "project", "code": "PO.0105"},
    "/doc/project/{name}": {"name": "PO.0105"},
    "/doc/{kind}/{name}": {"kind": "country", "name": "CN"},
    "/scheme/{name}": {"name": "region"},
    "/scheme/{scheme}/{name}": {"scheme": "region", "name": "africa"},
    "/query/{name}": {"name": "quotes"},
    "/dataset/{name}": {"name": "projects"},
    "/graph/{name}": {"name": "schemes"},
    "/ns/{version}": {"version": "0.1.0"},
    "/downloads/{name}": {"name": "dataset.nq.gz"},
    "/downloads/{folder}/{name}": {"folder": "by-region", "name": "africa.nq.gz"},
    "/rdf-graph-store/{path}": {"path": "doc/project/PO.0105"},
}
_SPARQL: Mapping[str, Json] = {
    "query": _TEXT | {"examples": ["ASK { ?s ?p ?o }"]},
    "default-graph-uri": {"type": "array", "items": _IRI},
    "named-graph-uri": {"type": "array", "items": _IRI},
    "format": {"type": "string", "enum": [*NAMES]},
    "timeout": {"type": "number", "exclusiveMinimum": 0},
    "explain": {"type": "string", "enum": ["0", "1"]},
}


def parameters(path: str, method: str) -> list[Json]:
    """All parameters of a route that the framework serves."""
    return [*_in_path(path), *(_asked(name, schema) for name, schema in _in_query(path, method))]


def sparql_parameters(*, posted: bool = False) -> list[Json]:
    """Parameters of the SPARQL Protocol in the address; what may be given once is in the form where one is posted."""
    in_form = {"query", "timeout", "explain"} if posted else set()
    return [_asked(name, schema) for name, schema in _SPARQL.items() if name not in in_form]


def sparql_body() -> Json:
    """What is posted to the endpoint: a form with the same parameters, or the query."""
    form: Json = {"type": "object", "required": ["query"], "properties": {**_SPARQL}}
    return {"required": True, "content": {FORM: {"schema": form}, QUERY: {"schema": _TEXT}}}


def graph_parameters(*, path: str) -> list[Json]:
    """Parameters of the Graph Store Protocol."""
    named = [_asked("default", _TEXT), _asked("graph", _IRI)] if "{path}" not in path else []
    return [*_in_path(path), *named, _asked("format", {"type": "string", "enum": [*GRAPH_NAMES]})]


def upload_body() -> Json:
    """What is posted to be checked: the bytes of a file, or a form."""
    names = ("text", "shapes", "format", "lang", "profile", "data", "name")
    fields = dict.fromkeys(names, _TEXT) | {"file": _TEXT | {"contentMediaType": "application/octet-stream"}}
    form = {"schema": {"type": "object", "properties": fields}}
    return {
        "required": True,
        "content": {FORM: form, "multipart/form-data": form} | {type_: {"schema": _TEXT} for type_ in RAW_TYPES},
    }


def _in_path(path: str) -> list[Json]:
    """The places in a path. A suffix is one of ours; a name that is not known is a 404."""
    found: list[Json] = []
    for part in path.split("{")[1:]:
        name = part.partition("}")[0]
        schema = _TEXT
        if name == "suffix":
            page = () if path in _PAGED else ("html",)
            schema = {"type": "string", "enum": [*_SUFFIXES, *page, LINKSET_SUFFIX]}
        example = _EXAMPLES.get(path, {}).get(name)
        one: Json = {"name": name, "in": "path", "required": True, "schema": schema}
        found.append(one | ({"example": example} if example else {}))
    return found


def _in_query(path: str, method: str) -> Iterable[tuple[str, Json]]:
    if path == "/validate":
        return _of_validation(method)
    if path in FILTERED:
        page = () if path.endswith(".csv") else (("page", _PAGE if path.endswith(".jsonld") else _TEXT),)
        lang = (("lang", _TEXT),) if path in _IN_LANGUAGES else ()
        return (*((name, _filter(name)) for name in PARAMETERS), *page, *lang)
    if path in _IN_LANGUAGES:
        return tuple((name, _TEXT) for name in (*(("query", "run", "view") if path == "/query" else ()), "lang"))
    if path.startswith((*_NEGOTIATED, "/.well-known/genid/")) and path != "/ns/{version}":
        labels = (("labels", _TEXT),) if path.startswith(("/doc/", "/scheme/")) else ()
        formats = [*_FORMATS, *(() if path in _PAGED else ("html", HTML)), *_LINKSETS]
        named = (("format", {"type": "string", "enum": formats}),) if "{suffix}" not in path else ()
        return (*named, *labels, ("profile", {"type": "string", "enum": [*PROFILES]}))
    return ()


def _of_validation(method: str) -> Iterable[tuple[str, Json]]:
    lang = ("lang", {"type": "string", "enum": [*LANGUAGES]})
    if method == "get":
        return (lang, *((name, _TEXT) for name in ("profile", "format", "example")))
    reports: Json = {"type": "string", "enum": [*_REPORTS]}
    return (("format", reports), lang, ("shapes", _TEXT), ("engine", {"type": "string", "enum": [*ENGINES]}))


def _filter(name: str) -> Json:
    """What a filter takes; it may be repeated where it is a facet."""
    if name in FACETS:
        return {"type": "array", "items": _TEXT}
    return {"type": "string", "examples": [*SORTS]} if name == "sort" else _TEXT


def _asked(name: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "required": False, "schema": schema}
