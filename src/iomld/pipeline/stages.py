"""The stages in a row: merge, link, convert, validate; and each finding back to its place in the source.

From the records of a project to its graph and its findings.

Everything here is values and pure stages; reading, storing and printing happen above and below.

Load the stages once, from plain values.

Bring each finding back to the place in the source that it is about.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from pyoxigraph import Quad

from iomld import __version__, assets, convert, merge, read
from iomld.convert import Publication
from iomld.iris import DEFAULT_BASE, Iris
from iomld.link.consistency import disagreements
from iomld.link.project import Linker, build_linker, link_project
from iomld.messages import message
from iomld.model import Finding, MergedRecord, Place, Project, Record, Severity, Value, is_refused
from iomld.read import ReadOptions
from iomld.validate import Validator, load_validator


def placed(findings: tuple[Finding, ...], merged: MergedRecord) -> tuple[Finding, ...]:
    """The findings with file, line, column and excerpt, in source order.

    A finding about a value stands where the value does; one about a missing field at the record's first line.
    """
    located = [_placed(finding, merged) for finding in findings]
    return tuple(sorted(located, key=_source_order))


def _placed(finding: Finding, merged: MergedRecord) -> Finding:
    value = None if finding.place else _value_of(finding, merged)
    if value is not None:
        finding = replace(finding, place=value.place, value=value.text)
    return read.located(finding, _record_of(finding, merged))


def _value_of(finding: Finding, merged: MergedRecord) -> Value | None:
    """The source value that a result is about: the one it names, else the field's first."""
    values = merged.values.get(finding.field or "", ())
    named = [value for value in values if finding.value and value.text == finding.value]
    return next(iter(named or values), None)


def _record_of(finding: Finding, merged: MergedRecord) -> Record:
    place = finding.place
    if place is None:
        return merged.records[0]
    return next((record for record in merged.records if _holds(record, place)), merged.records[0])


def _holds(record: Record, place: Place) -> bool:
    if record.place.file != place.file or (record.place.line or 0) > (place.line or 0):
        return False
    prefix = record.place.pointer
    pointer = place.pointer or ""
    return prefix is None or pointer == prefix or pointer.startswith(f"{prefix}/")


def _source_order(finding: Finding) -> tuple[str, int, int, str, str]:
    place = finding.place or Place("")
    return place.file, place.line or 0, place.column or 0, finding.rule, str(finding.message)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one project.

    Attributes:
        merged: Its records, merged.
        project: The project with its links.
        quads: Its graph; empty where it has no identifier to be named by.
        findings: All that was found, with places, in source order.
    """

    merged: MergedRecord
    project: Project
    quads: tuple[Quad, ...]
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether a Violation keeps it from being published."""
        return is_refused(self.findings)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The stages, loaded once.

    Attributes:
        linker: Knows countries, concepts and frameworks.
        publication: The publisher's decisions.
        validator: Shapes of a profile, loaded in an engine.
        versions: Versions of iomld, its shapes and its vocabularies.
    """

    linker: Linker
    publication: convert.Publication
    validator: Validator
    versions: Mapping[str, str]

    def reading(self, *, url: str | None = None, mapping: Mapping[str, str] | None = None) -> ReadOptions:
        """Options for readers, with the words of our lists."""
        return ReadOptions(url=url, mapping=mapping or {}, lexicon=self.linker.lexicon)


def linked(records: tuple[Record, ...], linker: Linker) -> Outcome:
    """Merge and link the records of one project; nothing is converted yet, and shapes are not asked."""
    merged = merge.merge_records(records)
    project, findings = link_project(merged, linker)
    findings = (*merged.findings, *findings, *disagreements(merged, linker))
    is_unread = not merged.values and is_refused(merged.findings)  # then the reader has said why
    if not merged.key and not is_unread:
        findings = (*findings, _unnamed(merged))
    return Outcome(merged, project, (), findings)


def converted(records: tuple[Record, ...], linker: Linker, publication: convert.Publication) -> Outcome:
    """Merge, link and convert the records of one project; one without an identifier has no graph."""
    outcome = linked(records, linker)
    if not outcome.merged.key:
        return outcome
    return replace(outcome, quads=tuple(convert.project_quads(outcome.project, publication)))


def _unnamed(merged: MergedRecord) -> Finding:
    return Finding(
        "codeMissing",
        Severity.VIOLATION,
        message("Neither a project code nor a PRIMA identifier: the project cannot be named."),
        message("Add the 'Projects ID' of the page as projectCode."),
        field="projectCode",
        place=merged.records[0].place,
    )


def outcomes(
    groups: Iterable[tuple[Record, ...]], pipeline: Pipeline, owners: dict[str, str] | None = None
) -> Iterator[Outcome]:
    """Take each project through all stages.

    Args:
        groups: The records of one project each.
        pipeline: The loaded stages.
        owners: For each PRIMA identifier that is taken already the key of its project; accepted projects are added.

    Yields:
        One outcome a project, in the order of the groups, findings with places.
    """
    pending: deque[Outcome] = deque()
    owners = {} if owners is None else owners

    def graphs() -> Iterator[tuple[Quad, ...]]:
        for records in groups:
            outcome = converted(records, pipeline.linker, pipeline.publication)
            pending.append(outcome)
            yield outcome.quads

    for results in pipeline.validator.check_many(graphs()):
        outcome = pending.popleft()
        findings = (*outcome.findings, *_new_causes(outcome.findings, results), *_taken(outcome.project, owners))
        done = replace(outcome, findings=placed(findings, outcome.merged))
        if done.project.prima_id and not done.refused:
            owners[done.project.prima_id] = done.project.key
        yield done


def _taken(project: Project, owners: Mapping[str, str]) -> Iterator[Finding]:
    """The rule across projects: a PRIMA identifier belongs to one. Who has it keeps it (shape `primaUnique`)."""
    owner = owners.get(project.prima_id or "")
    if owner and owner != project.key:
        yield Finding(
            "primaUnique",
            Severity.VIOLATION,
            message("PRIMA identifier {id} belongs to project {owner} already.", id=project.prima_id, owner=owner),
            message("Correct the identifier of one of the two."),
            field="primaId",
            value=project.prima_id,
        )


def _new_causes(known: tuple[Finding, ...], results: tuple[Finding, ...]) -> Iterator[Finding]:
    """The results of shapes whose cause was not named before: one cause, one message."""
    blamed = {finding.field for finding in known if finding.severity is Severity.VIOLATION and finding.field}
    no_key = any(finding.rule == "codeMissing" for finding in known)
    for result in results:
        if result.field not in blamed and not (no_key and result.rule == "codeMissing"):
            yield result


@dataclass(frozen=True, slots=True)
class Choices:
    """What the publisher and the caller choose.

    Attributes:
        base: Data base of the IRIs.
        license: IRI of the licence of the records.
        with_narrative: Whether narratives are published whole.
        profile: `submission` (what a person supplies) or `published` (the publisher's own rules too).
        engine: SHACL engine: `shacl` or `pyshacl`.
        as_of: Day that rules about time compare with where a source has no retrieval time.
    """

    base: str = DEFAULT_BASE
    license: str = "https://creativecommons.org/licenses/by/4.0/"
    with_narrative: bool = True
    profile: str = "submission"
    engine: str = "shacl"
    as_of: date | None = None


def load_pipeline(choices: Choices) -> Pipeline:
    """Load vocabularies, linker, shapes and engine."""
    return Pipeline(
        linker=build_linker(assets.load_vocabulary(choices.base)),
        publication=Publication(
            iris=Iris(choices.base),
            license=choices.license,
            matcher_version=__version__,
            with_narrative=choices.with_narrative,
        ),
        validator=load_validator(choices.profile, base=choices.base, engine=choices.engine, as_of=choices.as_of),
        versions={
            "iomld": __version__,
            "shapes": _digest("shapes"),
            "vocabularies": _digest("ontology"),
        },
    )


def _digest(folder: str) -> str:
    """Hash of the package's files in a folder: 12 hexadecimal digits of SHA-256."""
    digest = hashlib.sha256()
    for name in assets.asset_names(folder):
        digest.update(assets.asset_text(name).encode())
    return digest.hexdigest()[:12]
