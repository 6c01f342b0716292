"""What each route does, in words: for `/openapi.json`, and for the page that people read."""

from collections.abc import Mapping
from dataclasses import dataclass

from iomld.i18n import gettext_noop as key


@dataclass(frozen=True, slots=True)
class Section:
    """Routes that belong together: a tag of OpenAPI, with a title and what holds for all of them."""

    tag: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class RouteWords:
    """What a route does: the tag of its section, a sentence, and what else is to be known."""

    tag: str
    summary: str
    more: str = ""


SECTIONS = (
    Section(
        "records",
        key("Records and things"),
        key("Each project, country and concept has an IRI that leads to the document about it: a page, or data."),
    ),
    Section(
        "lists",
        key("Lists and search"),
        key("Projects by words and filters; countries, frameworks and regions with their numbers of projects."),
    ),
    Section(
        "queries",
        key("Queries"),
        key("SPARQL 1.1 over the whole release, within limits of time, rows and bytes. Nothing can be changed."),
    ),
    Section(
        "validation",
        key("Validation"),
        key("Records are checked against the shapes, and nothing is stored."),
    ),
    Section(
        "vocabulary",
        key("Vocabulary and schemas"),
        key("What the data is written in: the ontology, the shapes, the JSON-LD context and frame, JSON Schemas."),
    ),
    Section(
        "dataset",
        key("Dataset and downloads"),
        key("The whole release as files, its graphs, and its description for catalogues."),
    ),
    Section(
        "operations",
        key("Operations"),
        key("For those who run the server."),
    ),
    Section(
        "pages",
        key("Other pages"),
        key("Pages for people that hold no data of their own."),
    ),
)

_NS, _SHAPES = key("Give the ontology."), key("Give the shapes that records are checked against.")
_DATASET = key("Describe the dataset, its files, figures and links, in DCAT 3 and VoID.")
_METHODS = key("Say which methods are answered, for scripts of other sites.")
_IN_ONE_FORM = key("In the format of the suffix.")

# By method and path.
ROUTES: Mapping[tuple[str, str], RouteWords] = {
    ("get", "/id/{kind}/{code}"): RouteWords(
        "records",
        key("Lead from a thing to the document about it."),
        key("A project that was withdrawn leads to the one that stands for it, if there is one."),
    ),
    ("get", "/doc/project/{name}"): RouteWords(
        "records",
        key("Give the record of a project, exactly the triples of its graph."),
        key("After the code, `/rev/1` gives what is known of a revision, which never changes."),
    ),
    ("get", "/doc/{kind}/{name}"): RouteWords("records", key("Give what is said of a country, or of the fund.")),
    ("get", "/scheme/{name}"): RouteWords("records", key("Give a scheme with all its concepts.")),
    ("get", "/scheme/{scheme}/{name}"): RouteWords(
        "records", key("Give a concept: a framework, a region, a type, a status.")
    ),
    ("get", "/prov/{kind}/{name}"): RouteWords("records", key("Give what is said of a source, a run or software.")),
    ("get", "/.well-known/genid/{name}"): RouteWords(
        "records", key("Give what is said of a node that had no name in an included file.")
    ),
    ("get", "/projects"): RouteWords("lists", key("List projects, all or those that filters leave, 25 a page.")),
    ("get", "/projects.csv"): RouteWords("lists", key("Give the projects that filters leave as a table.")),
    ("get", "/projects.jsonld"): RouteWords(
        "lists",
        key("Give the records that filters leave as JSON-LD, 100 a page."),
        key("A Hydra collection of framed documents; the header `Link` leads to the other pages."),
    ),
    ("get", "/countries"): RouteWords("lists", key("List the countries that benefit.")),
    ("get", "/frameworks"): RouteWords("lists", key("List the policy frameworks that projects name.")),
    ("get", "/regions"): RouteWords("lists", key("List the regions of the fund.")),
    ("get", "/sparql"): RouteWords(
        "queries",
        key("Answer a query."),
        key("Without a query the service describes itself; browsers are led to the query page. No answer is ever cut."),
    ),
    ("post", "/sparql"): RouteWords("queries", key("Answer a query that is sent in the body.")),
    ("options", "/sparql"): RouteWords("queries", _METHODS),
    ("get", "/query"): RouteWords("queries", key("Show a form for queries, and the answer to one with `run=1`.")),
    ("get", "/query/{name}"): RouteWords("queries", key("Give an example query with its text and what it asks.")),
    ("get", "/editor/terms.json"): RouteWords(
        "queries", key("List what may be written in a query, for completion in an editor.")
    ),
    ("get", "/rdf-graph-store"): RouteWords(
        "queries",
        key("Give a graph by its IRI, or the default graph."),
        key("The reading half of the Graph Store Protocol: name either `graph` or `default`."),
    ),
    ("get", "/rdf-graph-store/{path}"): RouteWords("queries", key("Give the graph that has this address or path.")),
    ("options", "/rdf-graph-store"): RouteWords("queries", _METHODS),
    ("options", "/rdf-graph-store/{path}"): RouteWords("queries", _METHODS),
    ("post", "/validate"): RouteWords(
        "validation",
        key("Check records and give the report."),
        key("Send the bytes of any form of record. The status is 200 whether or not they conform: read `conforms`."),
    ),
    ("get", "/validate"): RouteWords("validation", key("Show a form for records to check.")),
    ("get", "/ns"): RouteWords("vocabulary", _NS),
    ("get", "/ns.{suffix}"): RouteWords("vocabulary", _NS, _IN_ONE_FORM),
    ("get", "/ns/{version}"): RouteWords("vocabulary", key("Lead from a version of the ontology to the ontology.")),
    ("get", "/ontology"): RouteWords("vocabulary", key("Show the terms of the ontology.")),
    ("get", "/shapes"): RouteWords(
        "vocabulary",
        _SHAPES,
        key("The page tells each rule with its reason, an example that fails and one that passes."),
    ),
    ("get", "/shapes.{suffix}"): RouteWords("vocabulary", _SHAPES, _IN_ONE_FORM),
    ("get", "/context/v1.jsonld"): RouteWords("vocabulary", key("Give the JSON-LD context.")),
    ("get", "/frame/project.jsonld"): RouteWords("vocabulary", key("Give the JSON-LD frame of a project.")),
    ("get", "/schema/project.json"): RouteWords(
        "vocabulary", key("Give the JSON Schema of a project as framed JSON-LD.")
    ),
    ("get", "/schema/record.json"): RouteWords(
        "vocabulary", key("Give the JSON Schema of a record as it may be handed in.")
    ),
    ("get", "/schema/report.json"): RouteWords("vocabulary", key("Give the JSON Schema of a report of a check.")),
    ("get", "/downloads"): RouteWords("dataset", key("List the files of the release.")),
    ("get", "/downloads/{name}"): RouteWords(
        "dataset",
        key("Fetch the whole dataset, or its tables."),
        key("`Range` gets a part of the file; `Repr-Digest` has the SHA-256 of the whole."),
    ),
    ("get", "/downloads/{folder}/{name}"): RouteWords(
        "dataset", key("Fetch what is said of the things of a class, or of the projects of a region.")
    ),
    ("get", "/dataset"): RouteWords("dataset", _DATASET),
    ("get", "/dataset.{suffix}"): RouteWords("dataset", _DATASET, _IN_ONE_FORM),
    ("get", "/void"): RouteWords("dataset", _DATASET),
    ("get", "/void.{suffix}"): RouteWords("dataset", _DATASET, _IN_ONE_FORM),
    ("get", "/.well-known/void"): RouteWords("dataset", key("Lead crawlers to the description of the dataset.")),
    ("get", "/dataset/{name}"): RouteWords("dataset", key("Give what is said of the dataset itself.")),
    ("get", "/graph/{name}"): RouteWords("dataset", key("Give a whole graph that is not of one project.")),
    ("get", "/health"): RouteWords("operations", key("Say that the server answers, and what it serves.")),
    ("get", "/ready"): RouteWords("operations", key("Say whether a release is open and a query is answered.")),
    ("get", "/metrics"): RouteWords("operations", key("Give counts in the text format of Prometheus.")),
    ("get", "/"): RouteWords("pages", key("Show what the release holds.")),
    ("get", "/about"): RouteWords("pages", key("Say what this is and how it is made.")),
    ("get", "/docs"): RouteWords(
        "pages", key("Tell each route with its parameters, its answers and a command to try.")
    ),
}
