"""What the parameters of routes mean, in words: for `/openapi.json`, and for the page that people read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iomld.browse.filters import SORTS
from iomld.check.reports import REPORT_FORMATS
from iomld.i18n import LANGUAGES
from iomld.i18n import gettext_noop as key
from iomld.web.examples import FORMS
from iomld.web.upload import PROFILES

Json = dict[str, Any]

DEFAULT, TYPE = "x-default", "x-type"  # of a parameter in words: what holds without it, and what its text is


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a parameter means.

    Attributes:
        text: A sentence.
        default: The value that holds without it.
        default_words: The same in words, where no value says it.
        values: Values that are understood, where others are passed over.
        example: A value.
        type_: A word for what its text is, where it is more than a text.
    """

    text: str
    default: str = ""
    default_words: str = ""
    values: tuple[str, ...] = ()
    example: str = ""
    type_: str = ""


def with_meaning(method: str, path: str, parameter: Json) -> Json:
    """A parameter of an operation with what it means."""
    meaning = _meaning(method, path, parameter["name"])
    if meaning is None:
        return parameter
    schema = dict(parameter["schema"])
    if meaning.default:
        schema["default"] = meaning.default
    if meaning.values and "enum" not in schema:
        schema["examples"] = [*meaning.values]
    told = parameter | {"description": meaning.text, "schema": schema}
    if meaning.example:
        told["example"] = [meaning.example] if schema["type"] == "array" else meaning.example
    words = {DEFAULT: meaning.default_words, TYPE: meaning.type_}
    return told | {name: text for name, text in words.items() if text}


def with_field_meanings(path: str, body: Json) -> Json:
    """A body whose form has fields, with what they mean."""
    content = {type_: dict(told) for type_, told in body["content"].items()}
    for told in content.values():
        schema = told["schema"]
        if "properties" in schema:
            fields = {name: field | _field(path, name) for name, field in schema["properties"].items()}
            told["schema"] = schema | {"properties": fields}
    return body | {"content": content}


def _field(path: str, name: str) -> Json:
    meaning = (_FIELDS if path == "/validate" else _QUERY_FIELDS).get(name)
    return {"description": meaning.text} if meaning else {}


_YEAR = key("year")
_ACCEPT = key("as `Accept` says")
_ACCEPT_LANGUAGE = key("as `Accept-Language` says")
_SUFFIXED = key("Its code, then perhaps the suffix of a format, `.ttl`.")
_NAMED = key("Its name in its IRI, then perhaps the suffix of a format, `.ttl`.")
_LANG = Meaning(key("The language of the page; a choice is kept."), "", _ACCEPT_LANGUAGE, LANGUAGES)
# By name, where nothing else is said of the path.
_ANYWHERE: Mapping[str, Meaning] = {
    "format": Meaning(key("The form, by its suffix, name or media type."), default_words=_ACCEPT),
    "labels": Meaning(key("With `1` come the names of what the document points to."), "0", "", ("0", "1")),
    "profile": Meaning(key("The form of JSON-LD."), "framed"),
    "suffix": Meaning(key("The suffix of a format.")),
    "name": Meaning(_NAMED),
    "q": Meaning(key("Words that must all be there, in codes, titles, texts or names.")),
    "status": Meaning(key("A status, by its code."), example="completed"),
    "type": Meaning(key("A type, by its code."), example="PO"),
    "coverage": Meaning(key("A coverage, by its code."), example="national"),
    "region": Meaning(key("A region, by its code."), example="africa"),
    "country": Meaning(key("A country that benefits, by its code."), example="CN"),
    "framework": Meaning(key("A framework that is named, or a part of one, by its code."), example="gcm"),
    "year": Meaning(key("A year in which the project is active."), example="2018", type_=_YEAR),
    "budget": Meaning(key("A band of US dollars; without its upper end, this much and more."), example="50000-100000"),
    "year_from": Meaning(key("Projects that are active in this year or later."), type_=_YEAR),
    "year_to": Meaning(key("Projects that are active in this year or earlier."), type_=_YEAR),
    "sort": Meaning(key("The order."), "", key("`relevance` where there are words, else `code`"), SORTS),
    "page": Meaning(key("The number of the page."), "1", type_=key("whole number")),
    "lang": _LANG,
}
_SPARQL: Mapping[str, Meaning] = {
    "query": Meaning(key("The query; without it, a description of the service.")),
    "default-graph-uri": Meaning(key("A graph that is put into the default graph."), default_words=key("all graphs")),
    "named-graph-uri": Meaning(key("A named graph."), default_words=key("all graphs")),
    "format": Meaning(key("The form of the answer, by its name or media type."), default_words=_ACCEPT),
    "timeout": Meaning(key("Seconds, up to the server's limit."), default_words=key("the server's limit")),
    "explain": Meaning(
        key("With `1`, in place of the answer, how many rows there are and why if there are none."), "0"
    ),
}
_QUERY_FIELDS: Mapping[str, Meaning] = {**_SPARQL, "query": Meaning(key("The query."))}
_GRAPH: Mapping[str, Meaning] = {
    "default": Meaning(key("Asks for the default graph, the union of all; takes no value.")),
    "graph": Meaning(key("The IRI of a graph.")),
    "format": Meaning(key("The form of the answer, by its name or media type."), default_words=_ACCEPT),
    "path": Meaning(key("The path of the graph under the base."), example="graph/schemes"),
}
_CHECK: Mapping[str, Meaning] = {
    "format": Meaning(key("The form of the report."), default_words=_ACCEPT),
    "lang": Meaning(key("The language of the findings."), default_words=_ACCEPT_LANGUAGE),
    "shapes": Meaning(
        key("A profile, `submission` or `published`, or shapes as Turtle; never an address."), PROFILES[0]
    ),
    "engine": Meaning(key("The engine that runs shapes of your own."), "shacl"),
}
_CHECK_PAGE: Mapping[str, Meaning] = {
    "example": Meaning(key("An example that fills the form."), values=tuple(name for name, _ in FORMS)),
    "profile": Meaning(key("The profile that is chosen beforehand."), PROFILES[0], "", PROFILES),
    "format": Meaning(
        key("The form of report that is chosen beforehand."),
        "html",
        "",
        tuple(format_.name for format_ in REPORT_FORMATS),
    ),
}
_FIELDS: Mapping[str, Meaning] = {
    "file": Meaning(key("A file of records.")),
    "text": Meaning(key("Records as text, where there is no file.")),
    "shapes": Meaning(key("A profile, or shapes as a file or as text.")),
    "profile": Meaning(key("The profile that records are checked against.")),
    "format": Meaning(key("The form of the report, which is then a file.")),
    "lang": Meaning(key("The language of the findings.")),
    "data": Meaning(key("In place of a file its bytes in base64.")),
    "name": Meaning(key("The name of the file in `data`.")),
}
# By the whole path.
_AT: Mapping[str, Mapping[str, Meaning]] = {
    "/sparql": _SPARQL,
    "/rdf-graph-store": _GRAPH,
    "/rdf-graph-store/{path}": _GRAPH,
    "/query": {
        "query": Meaning(key("The query; it may stay in the form.")),
        "run": Meaning(key("With `1` the query is run.")),
        "view": Meaning(key("How rows are shown."), "table", "", ("table", "chart", "map")),
    },
    "/id/{kind}/{code}": {
        "kind": Meaning(key("`project`, `country` or `fund`.")),
        "code": Meaning(key("Its code.")),
    },
    "/doc/project/{name}": {"name": Meaning(_SUFFIXED)},
    "/doc/{kind}/{name}": {"kind": Meaning(key("`country` or `fund`.")), "name": Meaning(_SUFFIXED)},
    "/scheme/{name}": {"name": Meaning(_SUFFIXED)},
    "/scheme/{scheme}/{name}": {"scheme": Meaning(key("The code of its scheme.")), "name": Meaning(_SUFFIXED)},
    "/prov/{kind}/{name}": {"kind": Meaning(key("`source`, `run`, `matcher` or `agent`."))},
    "/downloads/{name}": {"name": Meaning(key("The name of a file that the page of downloads lists."))},
    "/downloads/{folder}/{name}": {
        "folder": Meaning(key("`by-class` or `by-region`.")),
        "name": Meaning(key("The name of a file that the page of downloads lists.")),
    },
    "/ns/{version}": {"version": Meaning(key("A version of the ontology."))},
}


def _meaning(method: str, path: str, name: str) -> Meaning | None:
    at = (_CHECK if method == "post" else _CHECK_PAGE) if path == "/validate" else _AT.get(path, {})
    return at.get(name) or _ANYWHERE.get(name)
