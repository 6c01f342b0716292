"""The public functions of `import iomld`: what the commands do, for programs in Python.

Nothing is read from the environment: settings come in as a mapping, with the names of the environment variables.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import TypeAlias

import rdflib
from pyoxigraph import Quad
from rdflib.query import Result

from iomld import release as releases
from iomld.assets import jsonld_context, load_fields
from iomld.browse.search import all_projects, projects_of
from iomld.browse.view import ReleaseView, open_view, project_document
from iomld.check.checker import Checker
from iomld.check.foreign_shapes import check_against
from iomld.check.fund import check_fund_folder
from iomld.check.report import MAX_FINDINGS, CheckReport
from iomld.config import Settings, read_settings
from iomld.errors import IomldError, NotFoundError, SourceError
from iomld.formats import rdf
from iomld.formats.jsonld import framed_bytes, framed_project
from iomld.formats.results import JSON
from iomld.fund_folder import cached, own_folder, use_folder, using
from iomld.iris import Iris
from iomld.model import Finding, Money, Record, Severity
from iomld.pipeline.conversion import Choices, converted
from iomld.pipeline.stages import Pipeline, load_pipeline
from iomld.publish.report import PublishReport
from iomld.publish.run import PublishRequest, publish_sources
from iomld.read import expand_sources, read_source
from iomld.read.mapping.files import read_mapping
from iomld.read.table.mapping import NO_MAPPING, TableMapping
from iomld.release.project_index import ProjectEntry, no_such_project
from iomld.store.query_request import QueryRequest, QueryWorker
from iomld.store.query_text import with_prefixes
from iomld.store.query_worker import run_query

__all__ = [
    "Finding",
    "IomldError",
    "OpenRelease",
    "PublishReport",
    "PublishedProject",
    "Record",
    "Report",
    "Severity",
    "open_release",
    "publish",
    "read",
    "to_graph",
    "validate",
]

Report: TypeAlias = CheckReport
_Path: TypeAlias = str | Path
_Settings: TypeAlias = Mapping[str, str]
_NO_SETTINGS: _Settings = {}
_DEFAULTS = Settings()


def read(path: _Path, *, mapping: _Path | None = None, settings: _Settings = _NO_SETTINGS) -> Iterator[Record]:
    """Read the records of a file or folder, as `iomld convert` does.

    Args:
        path: A project page, table, or records in JSON, RDF or IATI; or a folder of them.
        mapping: For foreign tables, a file that says how they say what our columns say.
        settings: Settings by the names of `docs/SETTINGS.md`.

    Yields:
        Records: raw strings with their places in the file, and the findings of reading.

    Raises:
        SourceError: The path does not exist, or a file cannot be read as a whole.
        SettingsError: A setting is wrong.
    """
    known = _settings(settings)
    with using(known.fund or own_folder()):
        options = _stages(known, "submission").read_options(mapping=_mapping(mapping))
    # While the caller has a record, the folder in use is that of the caller.
    context = copy_context()
    context.run(use_folder, known.fund or own_folder())
    records = chain.from_iterable(read_source(file, options) for file in expand_sources([Path(path)]))
    while (record := context.run(next, records, None)) is not None:
        yield record


def to_graph(record: Record, *, settings: _Settings = _NO_SETTINGS) -> rdflib.Graph:
    """Link a record and describe its project in RDF, as `iomld convert` does; the shapes are not checked.

    Args:
        record: The record. Other records of the same project are not merged.
        settings: Settings by the names of `docs/SETTINGS.md`.

    Raises:
        SourceError: The record has a violation, such as a value that cannot be read; the message is the first one.
    """
    known = _settings(settings)
    with using(known.fund or own_folder()):
        stages = _stages(known, "submission")
        outcome = converted((record,), stages.linker, stages.publication)
    for finding in outcome.findings:
        if finding.severity is Severity.VIOLATION:
            raise SourceError(finding.message, finding.place or record.place)
    return _rdflib_graph(outcome.quads, stages.publication.iris)


def validate(
    path: _Path,
    shapes: _Path | None = None,
    *,
    profile: str = "submission",
    mapping: _Path | None = None,
    settings: _Settings = _NO_SETTINGS,
) -> Report:
    """Check the records of a file or folder, as `iomld validate` does; or any RDF against other shapes.

    Args:
        path: The file or folder.
        shapes: A file of SHACL shapes, for RDF; without it, records are checked against the shapes of iomld.
        profile: `submission`, or `published` with the publisher's own rules too.
        mapping: For foreign tables, a file that says how they say what our columns say.
        settings: Settings by the names of `docs/SETTINGS.md`.

    Returns:
        The report. It lists 1000 findings at most, and counts all; a file that cannot be read is a finding.

    Raises:
        SourceError: The path does not exist, or the shapes or the mapping cannot be read.
        SettingsError: A setting is wrong.
    """
    files = expand_sources([Path(path)])
    if shapes is not None:
        return check_against(files, Path(shapes), engine=Choices().engine, cap=MAX_FINDINGS)
    known = _settings(settings)
    with using(known.fund or own_folder()):
        return Checker(_stages(known, profile), profile).check_sources(files, mapping=_mapping(mapping))


def publish(
    sources: _Path | Sequence[_Path],
    to: _Path = _DEFAULTS.data_dir,
    *,
    mapping: _Path | None = None,
    include: Sequence[_Path] = (),
    dry_run: bool = False,
    settings: _Settings = _NO_SETTINGS,
) -> PublishReport:
    """Publish the records of files and folders as a new release, as `iomld publish` does.

    Args:
        sources: A file or folder, or several.
        to: Folder of the releases.
        mapping: For foreign tables, a file that says how they say what our columns say.
        include: RDF files whose graphs are published as they are.
        dry_run: Report what would change, without changing anything.
        settings: Settings by the names of `docs/SETTINGS.md`.

    Returns:
        The report, with each refusal and its reasons. If nothing was accepted or changed, there is no new release.

    Raises:
        SourceError: A source does not exist, or a file to include or the mapping cannot be read.
        SettingsError: A setting is wrong.
        StoreError: The folder cannot be written, is in use, or belongs to another base.
    """
    known = _settings(settings)
    paths = [sources] if isinstance(sources, str | Path) else sources
    request = PublishRequest(
        sources=tuple(map(Path, paths)),
        datadir=Path(to),
        publisher=known.publisher,
        contact=known.contact,
        mapping=_mapping(mapping),
        dry_run=dry_run,
        include=tuple(map(Path, include)),
    )
    with using(known.fund or own_folder()):
        return publish_sources(request, _stages(known, "published"))


def open_release(path: _Path = _DEFAULTS.data_dir, name: str | None = None) -> "OpenRelease":
    """Open a release for reading.

    Args:
        path: Folder of the releases.
        name: Name of the release; without it, the current one.

    Raises:
        NotFoundError: There is no such release.
        StoreError: The release is damaged.
    """
    folder = Path(path)
    found = releases.open_release(folder, name) if name is not None else releases.readable_release(folder)
    if found is None:
        raise NotFoundError(f"{folder}: nothing is published here.")
    return OpenRelease(found.manifest.name, found.manifest.base, found.manifest.created, open_view(found))


@dataclass(frozen=True, slots=True)
class PublishedProject:
    """A project of a release.

    Attributes:
        key: Its code, or `prima-…` where it has none.
        iri: Its IRI.
        title: Its title in English, else in another language.
        start_year: Its first year, if known.
        end_year: Its last year, if known.
        budget: Its budget with amount and currency, if known.
        codes: Its codes for `country`, `region`, `framework`, `status`, `type` and `coverage`, and the IRIs of its
            funders under `funder`.
    """

    key: str
    iri: str
    title: str
    start_year: int | None
    end_year: int | None
    budget: Money | None
    codes: Mapping[str, tuple[str, ...]] = field(hash=False)
    _view: ReleaseView = field(repr=False, compare=False)

    def graph(self) -> rdflib.Graph:
        """Its graph: the project, its budget, mentions, record and sources."""
        return _rdflib_graph(project_document(self._view, self.key) or (), self._view.iris)

    def document(self) -> dict[str, object]:
        """Its framed JSON-LD document, as at `/doc/project/CODE.jsonld`."""
        base = self._view.iris.base
        with using(self._view.release.fund_folder):
            node = framed_project(project_document(self._view, self.key) or (), base=base, fields=load_fields())
            document: dict[str, object] = json.loads(framed_bytes(node, jsonld_context(base)))
        return document


@dataclass(frozen=True, slots=True)
class OpenRelease:
    """A release that is open for reading. It does not change; open the folder again to see a newer one.

    Attributes:
        name: Its name.
        base: Base of its IRIs.
        created: Time of its creation (xsd:dateTime, UTC).
    """

    name: str
    base: str
    created: str
    _view: ReleaseView = field(repr=False, compare=False)

    def projects(self) -> tuple[PublishedProject, ...]:
        """All projects, by IRI."""
        return tuple(map(self._project, all_projects(self._view)))

    def project(self, code: str) -> PublishedProject:
        """A project by its code, or by `prima-IDENTIFIER` where it has none.

        Raises:
            NotFoundError: The release has no such project.
        """
        reader = projects_of(self._view)
        number = reader.number(self._view.iris.project(code))
        if number is None:
            raise NotFoundError(no_such_project(code, (entry.key for entry in all_projects(self._view))))
        return next(map(self._project, reader.entries([number])))

    def query(self, sparql: str, *, timeout_s: float = _DEFAULTS.query_timeout) -> Result:
        """Run a SPARQL query in a process of its own, with a time limit.

        Args:
            sparql: The query; the prefixes that iomld knows need no declaration.
            timeout_s: Seconds that it may take.

        Returns:
            A result of rdflib: an iterable of rows for SELECT, true or false for ASK, and `graph` for CONSTRUCT and
            DESCRIBE.

        Raises:
            QueryError: The query does not parse, or its answer is too large.
            JobTimeoutError: The query took too long.
        """
        found = self._view.release
        worker = QueryWorker(str(found.query_store), self.base, self.name)
        text = with_prefixes(sparql, self._view.iris.prefixes())
        request = QueryRequest(text, JSON.media_type, JSON.media_type, rdf.NTRIPLES.media_type)
        answer = run_query(worker, request, timeout_s=timeout_s)
        return Result.parse(BytesIO(answer), format="json" if answer.startswith(b"{") else "nt")

    def _project(self, entry: ProjectEntry) -> PublishedProject:
        return PublishedProject(
            key=entry.key,
            iri=entry.iri,
            title=entry.title().text,
            start_year=entry.start_year,
            end_year=entry.end_year,
            budget=entry.budget,
            codes=entry.codes,
            _view=self._view,
        )


def _settings(given: _Settings) -> Settings:
    known = read_settings(given)
    if known.fund:
        check_fund_folder(known.fund)
    return known


def _stages(known: Settings, profile: str) -> Pipeline:
    return _loaded(Choices(known.base_iri, known.license, known.publish_narrative, profile))


@cached
def _loaded(choices: Choices) -> Pipeline:
    """The loaded stages, which take a second; cached, so that a program can call for each record."""
    return load_pipeline(choices)


def _mapping(path: _Path | None) -> TableMapping:
    return read_mapping(Path(path)) if path else NO_MAPPING


def _rdflib_graph(quads: Sequence[Quad], iris: Iris) -> rdflib.Graph:
    graph = rdflib.Graph()
    for prefix, iri in iris.prefixes().items():
        graph.bind(prefix, iri)
    return graph.parse(data=rdf.serialize(quads, rdf.NTRIPLES), format="nt")
