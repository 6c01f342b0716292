"""From the records of a project to its graph and its findings.

Everything here is values and pure stages; reading, storing and printing happen above and below.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pyoxigraph import Quad

from iomld import convert, merge
from iomld.link.agreement import disagreements
from iomld.link.project import Linker, link_project
from iomld.model import Dossier, Finding, Project, Record, Severity, is_refused, message
from iomld.pipeline.places import placed
from iomld.read import ReadOptions
from iomld.validate import Validator


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one project.

    Attributes:
        dossier: Its records, merged.
        project: The project with its links.
        quads: Its graph; empty where it has no identifier to be named by.
        findings: All that was found, with places, in source order.
    """

    dossier: Dossier
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
    dossier = merge.merge_records(records)
    project, findings = link_project(dossier, linker)
    findings = (*dossier.findings, *findings, *disagreements(dossier, linker))
    is_unread = not dossier.values and is_refused(dossier.findings)  # then the reader has said why
    if not dossier.key and not is_unread:
        findings = (*findings, _unnamed(dossier))
    return Outcome(dossier, project, (), findings)


def converted(records: tuple[Record, ...], linker: Linker, publication: convert.Publication) -> Outcome:
    """Merge, link and convert the records of one project; one without an identifier has no graph."""
    outcome = linked(records, linker)
    if not outcome.dossier.key:
        return outcome
    return replace(outcome, quads=tuple(convert.project_quads(outcome.project, publication)))


def _unnamed(dossier: Dossier) -> Finding:
    return Finding(
        "codeMissing",
        Severity.VIOLATION,
        message("Neither a project code nor a PRIMA identifier: the project cannot be named."),
        message("Add the 'Projects ID' of the page as projectCode."),
        field="projectCode",
        place=dossier.records[0].place,
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
        done = replace(outcome, findings=placed(findings, outcome.dossier))
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
