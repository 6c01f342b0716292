"""The data files of the package (ontology, controlled lists, shapes); the controlled lists and the fields as values.

A file is looked for in the fund folder in use first (`iomld.fund_folder`): there a list replaces the package's own of
that name or is a further one, and shapes are added. The files of the package use the default base IRI. For a publisher
with another base it is replaced; the namespaces of our terms and shapes (`iomld.iris`) are fixed.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from iomld.fields.declared import Fields
from iomld.fields.schemas import Schema, project_schema, record_schema
from iomld.formats.graph import Subject, SubjectGraph
from iomld.formats.jsonld_context import context_document
from iomld.formats.jsonld_frame import frame_document
from iomld.formats.jsonld_terms import document_keys
from iomld.formats.rdf import TURTLE, parse
from iomld.formats.shape_fields import declared_fields
from iomld.fund_folder import FUND_FILES, FundFolder, cached, folder_in_use, own_folder, root_folder, using
from iomld.iris import DCTERMS, DEFAULT_BASE, FOAF, IOMLD, PROV, RDF, RDFS, SCHEMA, SKOS, XSD, local_name
from iomld.vocab import Concept, Country, Fund, Label, LabelKind, Vocabulary

# The files of the shared graphs of a release (`Iris.graph`), except for the schemes: all other files are one each.
# decoys.ttl is for the matcher and is not published.
_GRAPH_FILES: Mapping[str, tuple[str, ...]] = {
    "ontology": ("ontology/iomld.ttl", "ontology/alignment.ttl"),
    "countries": ("ontology/countries.ttl",),
    "queries": ("ontology/queries.ttl",),
}
_FUND_FILE, _DECOYS_FILE = "ontology/fund.ttl", "ontology/decoys.ttl"
ADDED = "fund:"  # before the name of a file of shapes in a fund folder: shapes are added, whatever their file's name
_CONTEXT, _FRAME = "ontology/context-v1.jsonld", "ontology/frame-project.jsonld"
_FUND_TERMS = "ontology/fund-terms.ttl"  # generated: the properties of the fields of a fund folder
_SCHEMAS: Mapping[str, Callable[[Schema, Fields], Schema]] = {
    "ontology/record.schema.json": record_schema,
    "ontology/project.schema.json": project_schema,
}

_DATA_IRI = re.compile(re.escape(DEFAULT_BASE) + r"(?!(?:ns|shapes)\b)")
_LABEL_KINDS = {
    f"{SKOS}prefLabel": LabelKind.PREFERRED,
    f"{SCHEMA}name": LabelKind.PREFERRED,
    f"{FOAF}name": LabelKind.PREFERRED,
    f"{SKOS}altLabel": LabelKind.ALTERNATIVE,
    f"{SKOS}hiddenLabel": LabelKind.HIDDEN,
}


def asset_text(name: str, *, base: str = DEFAULT_BASE) -> str:
    """The text of a data file, with its IRIs under a base.

    Args:
        name: Folder and file, such as `ontology/status.ttl`.
        base: The base IRI, ending in a slash; files of a fund folder have their own.

    Raises:
        FileNotFoundError: There is no such file.
    """
    folder = folder_in_use()
    if not folder.is_own:
        file = folder.path / name.removeprefix(ADDED)
        if name.startswith(ADDED) or (file.is_file() and name.startswith("ontology/")):
            return file.read_text(encoding="utf-8-sig")
        if name in FUND_FILES:
            raise FileNotFoundError(file)
    text = _generated_text(name) or (root_folder() / name).read_text(encoding="utf-8")
    return text if base == DEFAULT_BASE else _DATA_IRI.sub(lambda _: base, text)


@cached
def _generated_text(name: str) -> str:
    """A file that is generated from the fields, where a fund folder may add some; empty for all other files."""
    if name not in (_CONTEXT, _FRAME, _FUND_TERMS, *_SCHEMAS) or folder_in_use().is_own:
        return ""
    fields = load_fields()
    if name == _FUND_TERMS:
        return _fund_terms(folder_in_use(), fields)
    if name == _CONTEXT:
        return context_document(document_keys(fields))
    if name == _FRAME:
        return _json_text(frame_document(fields))
    schema = json.loads((root_folder() / name).read_text(encoding="utf-8"))
    return _json_text(_SCHEMAS[name](schema, fields))


def _json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _fund_terms(folder: FundFolder, fields: Fields) -> str:
    """The properties of the fields and keys of a fund folder, and where the graph of them comes from, as Turtle."""
    with using(own_folder()):
        known = {field.iri for field in load_fields().all}
    graph = f"<{folder.base}graph/fund>"
    said = [(graph, f"{RDF}type", f"<{PROV}Entity>"), (graph, f"{IOMLD}sha256", f'"{folder.digest}"^^<{XSD}hexBinary>')]
    if folder.fund:
        said.append((graph, f"{PROV}wasAttributedTo", f"<{folder.fund}>"))
    for field in fields.all:
        if field.iri in known:
            continue
        about = f"<{field.iri}>"
        said += [(about, f"{RDF}type", f"<{RDF}Property>"), (about, f"{RDFS}isDefinedBy", graph)]
        for name, texts in (("label", field.names), ("comment", field.meanings)):
            # A string of JSON, without escapes of other letters, is a string of Turtle.
            written = ((json.dumps(text, ensure_ascii=False), language) for language, text in texts.items())
            said += [(about, f"{RDFS}{name}", f"{text}@{language}") for text, language in written]
    return "".join(f"{about} <{name}> {value} .\n" for about, name, value in said)


@cached
def jsonld_context(base: str) -> str:
    """The context of our JSON-LD documents, the same for all under a base: a JSON array on one line."""
    context = json.loads(asset_text(_CONTEXT, base=base))["@context"]
    return json.dumps(context, ensure_ascii=False, separators=(",", ":"))


def asset_names(folder: str) -> tuple[str, ...]:
    """Names of the files in a folder (`ontology`, `shapes`), as `asset_text` takes them, sorted."""
    names = {f"{folder}/{entry.name}" for entry in (root_folder() / folder).iterdir() if entry.is_file()}
    chosen = folder_in_use()
    if not chosen.is_own:
        start = "" if folder == "ontology" else ADDED
        names = names - {*FUND_FILES} | {start + name for name in chosen.files() if name.startswith(f"{folder}/")}
    return tuple(sorted(names))


@cached
def scheme_names() -> tuple[str, ...]:
    """The names of the schemes (`status`, `type` …), each that of its file in `ontology/`, sorted."""
    others = {name for names in _GRAPH_FILES.values() for name in names} | {_FUND_FILE, _DECOYS_FILE}
    lists = (name for name in asset_names("ontology") if name.endswith(".ttl") and name not in others)
    return tuple(Path(name).stem for name in lists)


def reference_graphs() -> dict[str, tuple[str, ...]]:
    """The shared graphs of a release (`Iris.graph`) and their files."""
    fund = (name for name in asset_names("ontology") if name == _FUND_FILE)
    schemes = (*(f"ontology/{scheme}.ttl" for scheme in scheme_names()), *fund)
    own = {} if folder_in_use().is_own else {"fund": (_FUND_TERMS,)}
    return {**_GRAPH_FILES, "schemes": schemes, **own}


@cached
def load_vocabulary(base: str = DEFAULT_BASE) -> Vocabulary:
    """The controlled lists and the decoys in the order of their files, and the fields; read once for a base."""
    decoys = _graph(_DECOYS_FILE, base)
    folder, funds = folder_in_use(), _funds(base)
    own = next((fund for fund in funds if folder.fund and fund.code == local_name(folder.fund)), None)
    return Vocabulary(
        concepts={scheme: _concepts(f"ontology/{scheme}.ttl", base) for scheme in scheme_names()},
        countries=_countries(base),
        decoys=tuple(label for iri in decoys for label in _labels(decoys[iri])),
        fields=load_fields(),
        funds=funds,
        fund=own,
        currency=(own.currency if own else None) if folder.currency is None else folder.currency or None,
    )


@cached
def load_fields() -> Fields:
    """Read the fields of a project and the keys of other nodes from the shapes."""
    texts = (asset_text(name) for name in asset_names("shapes"))
    return declared_fields(quad for text in texts for quad in parse(text, TURTLE))


def _concepts(name: str, base: str) -> dict[str, Concept]:
    graph = _graph(name, base)
    concepts = (_concept(graph[iri]) for iri in graph)
    return {concept.code: concept for concept in concepts if concept}


def _concept(subject: Subject) -> Concept | None:
    if subject.iri(f"{SKOS}inScheme") is None:
        return None  # the scheme itself
    broader = subject.iri(f"{SKOS}broader")
    return Concept(
        code=subject.value(f"{SKOS}notation") or "",
        labels=_labels(subject),
        broader=local_name(broader) if broader else None,
        role=subject.value(f"{IOMLD}partRole"),
        number=subject.value(f"{IOMLD}partNumber"),
        kind=subject.value(f"{IOMLD}frameworkKind"),
        issuer=subject.value(f"{IOMLD}issuingBody"),
        symbol=subject.value(f"{IOMLD}documentSymbol"),
        iati_codes=subject.values(f"{IOMLD}iatiCode"),
    )


def _countries(base: str) -> dict[str, Country]:
    graph, regions = _graph("ontology/countries.ttl", base), _graph("ontology/region.ttl", base)
    return {local_name(iri): _country(iri, graph[iri], regions[iri].iri(f"{IOMLD}inRegion")) for iri in graph}


def _country(iri: str, subject: Subject, region: str | None) -> Country:
    return Country(
        code=local_name(iri),
        labels=_labels(subject),
        is_member=f"{IOMLD}MemberState" in subject.iris(f"{RDF}type"),
        region=local_name(region) if region else None,
    )


def _funds(base: str) -> tuple[Fund, ...]:
    if _FUND_FILE not in asset_names("ontology"):
        return ()
    graph = _graph(_FUND_FILE, base)
    return tuple(
        Fund(
            code=local_name(iri),
            labels=_labels(graph[iri]),
            currency=graph[iri].value(f"{IOMLD}assumedCurrency"),
            iati_organization=graph[iri].value(f"{DCTERMS}identifier"),
        )
        for iri in graph
    )


def _graph(name: str, base: str) -> SubjectGraph:
    return SubjectGraph(parse(asset_text(name, base=base), TURTLE))


def _labels(subject: Subject) -> tuple[Label, ...]:
    """All labels of a resource by kind, in the order of the file."""
    return tuple(
        Label(text, language, kind)
        for predicate, kind in _LABEL_KINDS.items()
        for text, language in subject.texts(predicate)
    )
