"""Runs the stages merge, link, convert and validate: from the records of a project to its graph and findings.

Reading sources and storing graphs are up to the callers.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from pyoxigraph import Quad

from iomld import __version__, assets, convert, merge
from iomld.convert import Publication
from iomld.fund_folder import cached, folder_in_use
from iomld.iris import DEFAULT_BASE, Iris
from iomld.link.consistency import disagreements, is_readable
from iomld.link.project import Linker, build_linker, link_project
from iomld.messages import message
from iomld.model import (
    AMOUNT_FIELDS,
    BUDGET_FIELDS,
    Finding,
    MergedRecord,
    Place,
    Project,
    Record,
    Severity,
    Value,
    is_refused,
)
from iomld.read import ReadOptions, located
from iomld.read.table.mapping import NO_MAPPING, TableMapping
from iomld.validate import Validator, load_validator

# Rules of earlier stages by which a value is left out with a Warning; the shapes then miss the value.
_LEFT_OUT = frozenset({"unknownType", "falseEndYear"})
# Rules of reading and linking that a fund folder may leave out: remarks on what is read all the same.
OPTIONAL_RULES = frozenset(
    {"doubledState", "foreignActivity", "hiddenColumn", "hiddenRow", "notAMember", "plannedDate"}
)


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of the publisher and the caller for a pipeline.

    Attributes:
        base: Base IRI.
        license: IRI of the licence of the records.
        with_narrative: Whether narratives are published, or only quotes from them.
        profile: Profile of the shapes: `submission` for submitted records, `published` with the publisher's rules too.
        engine: SHACL engine: `shacl` or `pyshacl`.
        as_of: Date that rules about time use for sources without a retrieval time.
    """

    base: str = DEFAULT_BASE
    license: str = "https://creativecommons.org/licenses/by/4.0/"
    with_narrative: bool = True
    profile: str = "submission"
    engine: str = "shacl"
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The loaded stages.

    Attributes:
        linker: The names of countries, concepts and frameworks.
        publication: The publisher's decisions.
        validator: The shapes of a profile, loaded in a SHACL engine.
        versions: Version of iomld, and hashes of its shapes and vocabularies.
        choices: What they were loaded with.
    """

    linker: Linker
    publication: convert.Publication
    validator: Validator
    versions: Mapping[str, str]
    choices: Choices

    def read_options(self, *, url: str | None = None, mapping: TableMapping = NO_MAPPING) -> ReadOptions:
        """Options for readers, with the names of the vocabulary."""
        return ReadOptions(url=url, mapping=mapping, lexicon=self.linker.lexicon)


def load_pipeline(choices: Choices) -> Pipeline:
    """Load the vocabulary, the linker, the shapes and the SHACL engine."""
    return Pipeline(
        linker=_linker(choices.base),
        publication=Publication(
            iris=Iris(choices.base),
            license=choices.license,
            matcher_version=__version__,
            fields=assets.load_fields(),
            iati_prefix=folder_in_use().iati_prefix,
            with_narrative=choices.with_narrative,
        ),
        validator=load_validator(choices.profile, base=choices.base, engine=choices.engine, as_of=choices.as_of),
        versions={
            "iomld": __version__,
            "shapes": _digest("shapes"),
            "vocabularies": _digest("ontology"),
        },
        choices=choices,
    )


@cached
def _linker(base: str) -> Linker:
    """The names under a base: all profiles share them, and indexing them takes a quarter of a second."""
    return build_linker(assets.load_vocabulary(base))


def _digest(folder: str) -> str:
    """Hash of the data files in a folder: the first 12 hexadecimal digits of the SHA-256."""
    digest = hashlib.sha256()
    for name in assets.asset_names(folder):
        digest.update(assets.asset_text(name).encode())
    return digest.hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of the stages for one project.

    Attributes:
        merged: Its records, merged.
        project: The linked project.
        quads: Its graph; empty if the project has no identifier.
        findings: The findings of all stages; those of `outcomes` have places and are in source order.
    """

    merged: MergedRecord
    project: Project
    quads: tuple[Quad, ...]
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether there is a Violation, so that the project is not published."""
        return is_refused(self.findings)


def outcomes(
    groups: Iterable[tuple[Record, ...]],
    pipeline: Pipeline,
    owners: dict[str, str] | None = None,
    *,
    is_claiming: bool = True,
) -> Iterator[Outcome]:
    """Run all stages for each project.

    Args:
        groups: The records of each project.
        pipeline: The loaded stages.
        owners: The key of the project that has each PRIMA identifier; accepted projects are added.
        is_claiming: Whether they are added.

    Yields:
        An outcome for each project, in the order of the groups.
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
        findings = (
            *outcome.findings,
            *_new_results(outcome.findings, _named_as_given(results, outcome.merged)),
            *_duplicate_identifier(outcome.project, owners),
        )
        done = replace(outcome, findings=placed(findings, outcome.merged))
        if is_claiming and done.project.prima_id and not done.refused:
            owners[done.project.prima_id] = done.project.key
        yield done


def linked(records: tuple[Record, ...], linker: Linker) -> Outcome:
    """Merge and link the records of one project, without converting or validating it."""
    merged = merge.merge_records(records, partial(is_readable, linker))
    project, findings = link_project(merged, linker)
    findings = tuple(filter(_holds, (*merged.findings, *findings, *disagreements(merged, linker))))
    is_unread = not merged.values and is_refused(merged.findings)  # the reader has reported why
    if not merged.key and not is_unread:
        findings = (*findings, _missing_code(merged))
    return Outcome(merged, project, (), findings)


def _holds(finding: Finding) -> bool:
    """Whether the rule of a reader or of linking applies to the publisher."""
    return finding.rule not in OPTIONAL_RULES or finding.rule not in folder_in_use().without


def converted(records: tuple[Record, ...], linker: Linker, publication: convert.Publication) -> Outcome:
    """Merge, link and convert the records of one project; without an identifier it has no graph."""
    outcome = linked(records, linker)
    if not outcome.merged.key:
        return outcome
    return replace(outcome, quads=tuple(convert.project_quads(outcome.project, publication)))


def _missing_code(merged: MergedRecord) -> Finding:
    return Finding(
        "codeMissing",
        Severity.VIOLATION,
        message("The project code is missing, and so is a PRIMA identifier that could replace it."),
        message("Add the code printed on the page under 'Projects ID' as projectCode."),
        field="projectCode",
        place=merged.records[0].place,
    )


def _named_as_given(results: Iterable[Finding], merged: MergedRecord) -> tuple[Finding, ...]:
    """The results; those about an amount name the field in which the record states it."""
    given = next((name for name in AMOUNT_FIELDS if name in merged.values), "budget")
    return tuple(replace(result, field=given) if result.field in AMOUNT_FIELDS else result for result in results)


def _new_results(known: tuple[Finding, ...], results: tuple[Finding, ...]) -> Iterator[Finding]:
    """The results of shapes for causes without an earlier finding, so that each cause is reported once."""
    fields = {finding.field for finding in known if finding.severity is Severity.VIOLATION and finding.field}
    if not fields.isdisjoint(BUDGET_FIELDS):
        fields.update(BUDGET_FIELDS)
    left_out = {finding.field for finding in known if finding.rule in _LEFT_OUT}
    no_key = any(finding.rule == "codeMissing" for finding in known)
    for result in results:
        is_known = result.field in fields or (result.severity is Severity.WARNING and result.field in left_out)
        if not is_known and not (no_key and result.rule == "codeMissing"):
            yield result


def _duplicate_identifier(project: Project, owners: Mapping[str, str]) -> Iterator[Finding]:
    """Check that no other project has the PRIMA identifier (rule `primaUnique`); the first one keeps it."""
    owner = owners.get(project.prima_id or "")
    if owner and owner != project.key:
        yield Finding(
            "primaUnique",
            Severity.VIOLATION,
            message("PRIMA identifier {id} already belongs to project {owner}.", id=project.prima_id, owner=owner),
            message("Correct the identifier in one of the two projects."),
            field="primaId",
            value=project.prima_id,
        )


def placed(findings: tuple[Finding, ...], merged: MergedRecord) -> tuple[Finding, ...]:
    """The findings with their places in the source (file, line, column, excerpt), in source order.

    A finding about a value has the place of the value; one about a missing field, that of the record's first line.
    """
    located = [_placed(finding, merged) for finding in findings]
    return tuple(sorted(located, key=_source_order))


def _placed(finding: Finding, merged: MergedRecord) -> Finding:
    value = None if finding.place else _value_of(finding, merged)
    if value is not None:
        finding = replace(finding, place=value.place, value=value.text)
    return located(finding, _record_of(finding, merged))


def _value_of(finding: Finding, merged: MergedRecord) -> Value | None:
    """The source value that a finding is about: the one that it contains, else the first value of the field."""
    values = merged.values.get(finding.field or "", ())
    named = [value for value in values if finding.value and value.text == finding.value]
    return next(iter(named or values), None)


def _record_of(finding: Finding, merged: MergedRecord) -> Record:
    place = finding.place
    if place is None:
        return merged.records[0]
    return next((record for record in merged.records if _contains(record, place)), merged.records[0])


def _contains(record: Record, place: Place) -> bool:
    if record.place.file != place.file or (record.place.line or 0) > (place.line or 0):
        return False
    prefix = record.place.pointer
    pointer = place.pointer or ""
    return prefix is None or pointer == prefix or pointer.startswith(f"{prefix}/")


def _source_order(finding: Finding) -> tuple[str, int, int, str, str]:
    place = finding.place or Place("")
    return place.file, place.line or 0, place.column or 0, finding.rule, str(finding.message)
