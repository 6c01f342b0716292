"""Reads the funders of a project: funds of our list, and organizations that a source names by their identifiers.

A value is a name, the code or the IRI of a fund, or an organization as `Name [identifier]`, whose identifier is that of
IATI's organization identifiers (`US-GOV-1`). `-` says that the source names nobody. The publisher's own fund is the
default only for sources that are about its own projects: pages, tables and JSON, never IATI.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from iomld.folding import fold
from iomld.lexicon.words import ConceptTable, build_concept_table
from iomld.messages import alternatives, message
from iomld.model import IATI_MEDIA_TYPE, NO_FUNDER, Finding, Funder, MergedRecord, Severity, Value
from iomld.vocab import Concept, Fund, LabelKind

_IRI = re.compile(r"https?://\S+/id/(?P<kind>fund|organization)/(?P<code>[^/?#\s]+)")


@dataclass(frozen=True, slots=True)
class FundTable:
    """The funds of the vocabulary.

    Attributes:
        names: All their names and codes.
        official: Code of the fund for each of its full names, folded.
        organizations: Code of the fund that has an IATI organization identifier.
        own: The publisher's own fund.
    """

    names: ConceptTable
    official: dict[str, str]
    organizations: dict[str, str]
    own: Fund | None = None


def build_fund_table(funds: tuple[Fund, ...], own: Fund | None) -> FundTable:
    """Index the funds by their names and identifiers."""
    return FundTable(
        names=build_concept_table({fund.code: Concept(fund.code, fund.labels) for fund in funds}),
        official={
            fold(label.text): fund.code for fund in funds for label in fund.labels if label.kind is LabelKind.PREFERRED
        },
        organizations={fund.iati_organization: fund.code for fund in funds if fund.iati_organization},
        own=own,
    )


def read_funders(merged: MergedRecord, funds: FundTable) -> tuple[tuple[Funder, ...], tuple[Finding, ...]]:
    """Read the field `fundedBy`.

    Args:
        merged: The merged record.
        funds: The funds of the vocabulary.

    Returns:
        The funders in the order of the source, each once; the publisher's own fund if no source names any, and one that
        is not of IATI is silent; a Violation for each name without an identifier that is no fund of the list.
    """
    values = merged.values.get("fundedBy", ())
    if not values:
        is_own = any(record.origin.media_type != IATI_MEDIA_TYPE for record in merged.records)
        return ((Funder(funds.own.code, is_fund=True),) if funds.own and is_own else ()), ()
    found: dict[tuple[str, bool], Funder] = {}
    findings: list[Finding] = []
    for value in values:
        funder = _funder(value.text.strip(), funds)
        if funder:
            found.setdefault((funder.identifier, funder.is_fund), funder)
        elif value.text.strip() != NO_FUNDER:
            findings.append(_unknown(value, funds))
    return tuple(found.values()), tuple(findings)


def _funder(text: str, funds: FundTable) -> Funder | None:
    if iri := _IRI.fullmatch(text):
        text = unquote(iri["code"]) if iri["kind"] == "fund" else f"[{unquote(iri['code'])}]"
    name, bracket, identifier = (part.strip() for part in text.removesuffix("]").rpartition("["))
    if not (bracket and identifier and text.endswith("]")) or "]" in identifier:
        code = funds.names.code(text)
        return Funder(code, is_fund=True) if code else None
    # An activity may name the fund under the identifier of the organization that it belongs to.
    code = funds.organizations.get(identifier) or funds.official.get(fold(name))
    return Funder(code, is_fund=True) if code else Funder(identifier, name or None)


def _unknown(value: Value, funds: FundTable) -> Finding:
    closest = funds.names.closest(value.text)
    fix = (
        message("Did you mean {names}?", names=alternatives(closest))
        if closest
        else message("Write the name of a fund in the list, or another funder with its identifier: USAID [US-GOV-1].")
    )
    problem = message("“{value}” is not in the list.", value=value.text)
    return Finding("unknownFunder", Severity.VIOLATION, problem, fix, "fundedBy", value.text, place=value.place)
