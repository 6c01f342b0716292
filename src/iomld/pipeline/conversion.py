"""Runs the stages merge, link and convert: from the records of a project to its graph, which is not checked.

`iomld.pipeline.stages` also checks it; whoever imports this module alone loads no shapes and no SHACL engine.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from pyoxigraph import Quad

from iomld import __version__, assets, convert, merge
from iomld.fund_folder import cached, folder_in_use
from iomld.iris import DEFAULT_BASE, Iris
from iomld.link.consistency import disagreements, is_readable
from iomld.link.project import Linker, build_linker, link_project
from iomld.messages import message
from iomld.model import Finding, MergedRecord, Place, Project, Record, Severity, Value, is_refused
from iomld.read import ReadOptions, located
from iomld.read.table.mapping import NO_MAPPING, TableMapping

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

    def to_json(self) -> dict[str, object]:
        """The choices as values of JSON, for another process."""
        return asdict(self) | {"as_of": self.as_of and self.as_of.isoformat()}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "Choices":
        """The choices that `to_json` wrote."""
        return Choices(**{**values, "as_of": date.fromisoformat(values["as_of"]) if values["as_of"] else None})


@dataclass(frozen=True, slots=True)
class Converter:
    """The loaded stages without the check of graphs.

    Attributes:
        linker: The names of countries, concepts and frameworks.
        publication: The publisher's decisions.
    """

    linker: Linker
    publication: convert.Publication

    def read_options(
        self, *, url: str | None = None, mapping: TableMapping = NO_MAPPING, takes_sources: bool = True
    ) -> ReadOptions:
        """Options for readers, with the names of the vocabulary."""
        return ReadOptions(url=url, mapping=mapping, lexicon=self.linker.lexicon, takes_sources=takes_sources)


def load_converter(choices: Choices) -> Converter:
    """Load the vocabulary and the linker."""
    publication = convert.Publication(
        iris=Iris(choices.base),
        license=choices.license,
        matcher_version=__version__,
        fields=assets.load_fields(),
        iati_prefix=folder_in_use().iati_prefix,
        with_narrative=choices.with_narrative,
    )
    return Converter(_linker(choices.base), publication)


@cached
def _linker(base: str) -> Linker:
    """The names under a base: all profiles share them, and indexing them takes a quarter of a second."""
    return build_linker(assets.load_vocabulary(base))


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of the stages for one project.

    Attributes:
        merged: Its records, merged.
        project: The linked project.
        quads: Its graph; empty if the project has no identifier.
        findings: The findings of all stages; those of `stages.outcomes` have places and are in source order.
    """

    merged: MergedRecord
    project: Project
    quads: tuple[Quad, ...]
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether there is a Violation, so that the project is not published."""
        return is_refused(self.findings)


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
    place = merged.records[0].place
    return Finding(
        "codeMissing",
        Severity.VIOLATION,
        message("The project code is missing, and so is a PRIMA identifier that could replace it."),
        message(
            "Fill in the column projectCode. If the codes are under another heading, say so in a mapping: "
            "iomld mapping draft FILE."
        )
        if place.cell
        else message("Fill in projectCode; on a page the code is under “Projects ID”."),
        field="projectCode",
        place=place,
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
