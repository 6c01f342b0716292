"""Runs the stages merge, link, convert and validate: from the records of a project to its graph and findings.

Reading sources and storing graphs are up to the callers.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pyoxigraph import Quad

from iomld import __version__, assets
from iomld.messages import message
from iomld.model import AMOUNT_FIELDS, BUDGET_FIELDS, Finding, MergedRecord, Project, Record, Severity
from iomld.pipeline.conversion import Choices, Converter, Outcome, converted, load_converter, placed
from iomld.validate import Validator, load_validator

# Rules of earlier stages by which a value is left out with a Warning; the shapes then miss the value.
_LEFT_OUT = frozenset({"unknownType", "falseEndYear"})


@dataclass(frozen=True, slots=True)
class Pipeline(Converter):
    """The loaded stages.

    Attributes:
        validator: The shapes of a profile, loaded in a SHACL engine.
        versions: Version of iomld, and hashes of its shapes and vocabularies.
        choices: What they were loaded with.
    """

    validator: Validator
    versions: Mapping[str, str]
    choices: Choices


def load_pipeline(choices: Choices) -> Pipeline:
    """Load the vocabulary, the linker, the shapes and the SHACL engine."""
    converter = load_converter(choices)
    return Pipeline(
        linker=converter.linker,
        publication=converter.publication,
        validator=load_validator(choices.profile, base=choices.base, engine=choices.engine, as_of=choices.as_of),
        versions={
            "iomld": __version__,
            "shapes": _digest("shapes"),
            "vocabularies": _digest("ontology"),
        },
        choices=choices,
    )


def _digest(folder: str) -> str:
    """Hash of the data files in a folder: the first 12 hexadecimal digits of the SHA-256."""
    digest = hashlib.sha256()
    for name in assets.asset_names(folder):
        digest.update(assets.asset_text(name).encode())
    return digest.hexdigest()[:12]


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
