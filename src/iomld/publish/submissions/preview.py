"""The preview of a submission: what its publication would change, and what it is bound to.

It is bound to the submission, to the published graphs that it touches, and to the rules; another publication leaves it
valid unless it changed one of these graphs.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pyoxigraph import Quad

from iomld import merge
from iomld.assets import load_fields
from iomld.errors import SourceError
from iomld.formats import rdf
from iomld.fund_folder import folder_in_use
from iomld.inbox.submissions import MergeMode, SubmissionPreview, SubmittedBody
from iomld.iris import Iris
from iomld.messages import message
from iomld.model import Finding, Project, Record, Severity
from iomld.pipeline.conversion import Outcome
from iomld.pipeline.differences import Change, FieldDifference, ProjectDifference, field_differences, value_statements
from iomld.pipeline.published import project_of
from iomld.pipeline.stages import Pipeline, outcomes
from iomld.publish.gather import CurrentGraphs, current_graphs
from iomld.publish.identifiers import Claim, losing_claims
from iomld.publish.submissions.findings import kept_finding
from iomld.publish.submissions.patch import patched_records, placed_as_sent
from iomld.read import ReadOptions, RecordSpool, packed, read_bytes, unpacked
from iomld.read.mapping.files import mapping_of
from iomld.read.table.mapping import NO_MAPPING, TableMapping
from iomld.release import FILES, Release
from iomld.release.history import Tombstone, known_revisions, read_tombstones
from iomld.release.shards.graphs import graph_table
from iomld.review.graphs import GraphReviewer
from iomld.review.journal import read_reviews
from iomld.review.reviews import NO_REVIEWS, Reviews

# The name of every submission as a source: those that senders give to files could name persons.
SOURCE_NAME = "submission"
PROFILE = "published"
_NO_ADDRESS = "snapshotSource"
_MENTIONS, _SOURCES = "mentions", "sources"  # what field differences have besides fields
_NO_RECORDS = message("There is no record in it. Send at least one project.")


@dataclass(frozen=True, slots=True)
class PublishedGraphs:
    """The current release, as previews are compared with it.

    Attributes:
        name: Its name; empty if nothing is published.
        graphs: Its graphs.
        iris: The IRIs under its base.
        reviews: The reviews of mentions, which hold for what is published next, too.
        tombstones: Its withdrawn projects, by key.
    """

    name: str
    graphs: CurrentGraphs
    iris: Iris
    reviews: Reviews = NO_REVIEWS
    tombstones: Mapping[str, Tombstone] = field(default_factory=dict)

    def digest(self, key: str) -> str:
        """The hash of the graph of a project; if it is withdrawn, the number of that revision; else empty."""
        if key in self.tombstones:
            return f"withdrawn {self.tombstones[key].revision}"
        state = self.graphs.state(self.iris.record(key))
        return state.digest if state else ""

    def quads(self, key: str) -> tuple[Quad, ...]:
        """The graph of a project; empty if it is not published."""
        graph = self.iris.record(key)
        return tuple(self.graphs.quads(graph)) if self.graphs.has(graph) else ()

    def project(self, key: str) -> Project | None:
        """A published project; None if it is not published."""
        quads = self.quads(key)
        return project_of(quads, key, self.iris) if quads else None


def published_graphs(datadir: Path, current: Release | None, iris: Iris) -> PublishedGraphs:
    """The graphs of a release in a folder, opened once."""
    tombstones = read_tombstones(current.file(FILES.tombstones)) if current else {}
    graphs = current_graphs(current, graph_table(current), known_revisions(tombstones, iris), iris)
    return PublishedGraphs(current.manifest.name if current else "", graphs, iris, read_reviews(datadir), tombstones)


def mapping_of_body(body: SubmittedBody) -> TableMapping:
    """The mapping that a submission has for its table.

    Raises:
        SourceError: It is no mapping.
    """
    return mapping_of(body.mapping, body.mapping_name) if body.mapping_name else NO_MAPPING


def source_bytes(body: SubmittedBody, published: PublishedGraphs) -> bytes:
    """The records of a submission as they are published: those of a patch are merged into the published ones.

    Raises:
        SourceError: A patch has another form.
    """
    if body.mode is MergeMode.REPLACE:
        return body.data
    return patched_records(body.data, SOURCE_NAME, published.project)


def takes_sources(mode: MergeMode) -> bool:
    """Whether the records of `source_bytes` state their sources: those of patches do, as `patched_records` wrote them.

    What senders state of sources is not taken: nobody can check it, and names of files could name persons.
    """
    return mode is MergeMode.PATCH


def preview_tag(digest: str, touched: Mapping[str, str], versions: Mapping[str, str]) -> str:
    """The hash of what a preview is bound to.

    Args:
        digest: The hash of the submission.
        touched: The hash of the published graph of each project that it describes, by key; empty for none.
        versions: The versions of the program, the shapes and the lists.
    """
    bound = [digest, sorted(touched.items()), sorted(versions.items()), folder_in_use().digest]
    return hashlib.sha256(json.dumps(bound).encode()).hexdigest()[:32]


def preview_of(
    body: SubmittedBody, pipeline: Pipeline, published: PublishedGraphs, mapping: TableMapping
) -> SubmissionPreview:
    """The preview of a submission against the current release.

    Args:
        body: What was sent.
        pipeline: The stages, as they are loaded for publishing.
        published: The current release.
        mapping: The mapping of the submission.

    Raises:
        SourceError: Nothing in it can be read.
    """
    found = _outcomes(body, pipeline, published, mapping)
    touched = {key: published.digest(key) for key in sorted({one.merged.key for one in found} - {""})}
    tag = preview_tag(body.digest, touched, pipeline.versions)
    refused = [one for one in found if one.refused]
    accepted = [one for one in found if not one.refused]
    projects = [_project_json(one, pipeline, published) for one in accepted]
    changed = [one for one in projects if one]
    unchanged = [one for one, project in zip(accepted, projects, strict=True) if not project]
    content = {
        "conforms": not refused,
        "release": published.name,
        "profile": PROFILE,
        "versions": dict(pipeline.versions),
        "projects": changed,
        "unchanged": len(unchanged),
        "findings": [
            {"project": one.merged.key} | finding
            for one in unchanged
            for finding in _findings_json(one, published.quads(one.merged.key), pipeline)
            if finding["isNew"] and finding["rule"] != _NO_ADDRESS  # of a source that is not published
        ],
        "refused": [_refused_json(one, published, pipeline) for one in refused],
        "touched": touched,
    }
    return SubmissionPreview(not refused, tag, json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"))


def _outcomes(
    body: SubmittedBody, pipeline: Pipeline, published: PublishedGraphs, mapping: TableMapping
) -> list[Outcome]:
    """The outcomes of the stages for each project, as a publish would have them."""
    options = pipeline.read_options(mapping=mapping, takes_sources=takes_sources(body.mode))
    with RecordSpool() as spool:
        for record in read_bytes(source_bytes(body, published), file=SOURCE_NAME, options=options):
            spool.add(packed(record, merge.record_key(record)))
        groups = (tuple(map(unpacked, group)) for group in spool.groups())
        found = list(outcomes(groups, pipeline, is_claiming=False))
    if not found:
        raise SourceError(_NO_RECORDS)
    claims = {
        one.merged.key: Claim(one.merged.key, one.project.prima_id, number)
        for number, one in enumerate(found)
        if not one.refused
    }
    for key, owners in losing_claims(claims, published.graphs.owner).items():
        records = found[claims[key].number].merged.records
        (found[claims[key].number],) = outcomes([records], pipeline, dict(owners), is_claiming=False)
    return found if body.mode is MergeMode.REPLACE else _as_sent(found, body, options, published)


def _as_sent(
    found: Iterable[Outcome], body: SubmittedBody, options: ReadOptions, published: PublishedGraphs
) -> list[Outcome]:
    """The outcomes of patches, whose findings have their places in what was sent, not in the merged records.

    A patch has no page of its own, and what it changes keeps the sources that it had.
    """
    sent: defaultdict[str, list[Record]] = defaultdict(list)
    for record in read_bytes(body.data, file=SOURCE_NAME, options=options):
        sent[merge.record_key(record)].append(record)
    kept = ((one, [*_unpublished(one, published), *filter(_is_of_patch, one.findings)]) for one in found)
    return [replace(one, findings=(*placed_as_sent(findings, sent[one.merged.key]),)) for one, findings in kept]


def _is_of_patch(finding: Finding) -> bool:
    return finding.rule != _NO_ADDRESS


def _unpublished(outcome: Outcome, published: PublishedGraphs) -> Iterator[Finding]:
    """Say that a patch is about a project that is not published: its code may be mistyped."""
    key = outcome.merged.key
    if not key or published.graphs.has(published.iris.record(key)):
        return
    yield Finding(
        "unpublishedProject",
        Severity.VIOLATION if outcome.refused else Severity.WARNING,
        message("No project {key} is published, so this patch would add one.", key=key),
        message("If it should change a project, correct the code; if it should add one, send the whole record."),
        field="projectCode",
        value=key,
    )


def _project_json(outcome: Outcome, pipeline: Pipeline, published: PublishedGraphs) -> dict[str, object]:
    """What would change in a project; empty for nothing."""
    key, iris = outcome.merged.key, published.iris
    before, after = published.quads(key), outcome.quads
    if key in published.reviews.by_project:
        reviewer = GraphReviewer(published.reviews, iris, pipeline.linker.matcher.wholes)
        after = tuple(rdf.parse(reviewer.reviewed(key, after).lines, rdf.NQUADS))
    if before and value_statements(before, iris) == value_statements(after, iris):
        return {}
    fields = field_differences(before, after, key, iris)
    old, new = frozenset(_lines(before)), frozenset(_lines(after))
    difference = ProjectDifference(key, Change.CHANGED if before else Change.ADDED, fields)
    tombstone = published.tombstones.get(key)
    return difference.to_json() | {
        "withdrawn": {"at": tombstone.withdrawn, "reason": tombstone.reason} if tombstone else None,
        "removes": [*_removed_values(key, fields)],
        "mentions": _mentions(fields),
        "findings": _findings_json(outcome, before, pipeline),
        "removed": sorted(old - new),
        "added": sorted(new - old),
    }


def _findings_json(outcome: Outcome, before: Sequence[Quad], pipeline: Pipeline) -> list[dict[str, object]]:
    """The findings about a project; those that the published record does not have are new."""
    known = _known_findings(before, pipeline) if outcome.findings else frozenset()
    return [
        kept_finding(one) | {"severity": one.severity, "isNew": (one.rule, one.field) not in known}
        for one in outcome.findings
    ]


def _known_findings(before: Sequence[Quad], pipeline: Pipeline) -> frozenset[tuple[str, str | None]]:
    """The rule and the field of each finding about the published graph."""
    if not before:
        return frozenset()
    (findings,) = pipeline.validator.check_many([before])
    return frozenset((one.rule, one.field) for one in findings)


def _lines(quads: Iterable[Quad]) -> Iterator[str]:
    return iter(rdf.serialize(quads, rdf.NQUADS).decode().splitlines())


def _removed_values(key: str, fields: Iterable[FieldDifference]) -> Iterator[str]:
    """The values that would vanish: of fields that are lost, and of lists; each is named, to be confirmed.

    Records state the addresses of their sources. Mentions are found in texts, so that nobody leaves them out.
    """
    lists = load_fields().lists | {_SOURCES}
    for one in fields:
        if one.field == _MENTIONS:
            continue
        if one.field in lists:
            yield from (f"{key}/{one.field}/{value}" for value in one.before if value not in one.after)
        elif one.is_lost:
            yield f"{key}/{one.field}"


def _mentions(fields: Iterable[FieldDifference]) -> dict[str, list[str]]:
    """The mentions of frameworks that are gained and lost."""
    for one in fields:
        if one.field == _MENTIONS:
            gained, lost = set(one.after) - set(one.before), set(one.before) - set(one.after)
            return {"gained": sorted(gained), "lost": sorted(lost)}
    return {"gained": [], "lost": []}


def _refused_json(outcome: Outcome, published: PublishedGraphs, pipeline: Pipeline) -> dict[str, object]:
    """A project that is refused, with the reasons and the other new findings, such as an unknown column."""
    key = outcome.merged.key
    found = _findings_json(outcome, published.quads(key) if key else (), pipeline)
    return {
        "name": key or outcome.merged.records[0].place.file,
        "reasons": [one for one in found if one["severity"] == Severity.VIOLATION],
        "findings": [one for one in found if one["isNew"] and one["severity"] != Severity.VIOLATION],
    }


def patch_rows(preview: Mapping[str, object], iri: str) -> bytes:
    """The changes of a preview as an RDF Patch.

    Args:
        preview: The preview, as JSON has it.
        iri: Name of the patch.
    """
    projects = preview.get("projects")
    changes = projects if isinstance(projects, list) else []
    rows = [f"H id <{iri}> .", "TX ."]
    rows += [f"D {line}" for one in changes for line in one["removed"]]
    rows += [f"A {line}" for one in changes for line in one["added"]]
    return "\n".join((*rows, "TC .", "")).encode()
