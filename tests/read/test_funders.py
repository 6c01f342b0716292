"""The funder is who the source names; the publisher's own fund is the default where a source is about its projects."""

import json

import pytest
from tests.read.test_currencies import CELLS, HEADER, PIPELINE, TITLES, outcome_of

from iomld.assets import jsonld_context, load_fields
from iomld.formats.jsonld import framed_bytes, framed_project
from iomld.formats.rdf import TURTLE, serialize
from iomld.iris import DCTERMS, DEFAULT_BASE, FOAF, IOMLD, Iris
from iomld.link.funders import build_fund_table, read_funders
from iomld.merge import merge_records
from iomld.model import Funder, Severity
from iomld.pipeline.conversion import Outcome
from iomld.pipeline.published import project_of
from iomld.pipeline.records import record_json
from iomld.read import read_bytes
from iomld.vocab import Fund

OWN = f"{DEFAULT_BASE}id/fund/idf"
USAID = f"{DEFAULT_BASE}id/organization/US-GOV-1"
JAPAN = f"{DEFAULT_BASE}id/organization/XM-DAC-701-2"
ACTIVITY = """<iati-activities version="2.03"><iati-activity xml:lang="en">
<iati-identifier>XM-DAC-47066-PO.0105</iati-identifier><title><narrative>Counter trafficking</narrative></title>
{}<participating-org role="4" ref="XM-DAC-47066"><narrative>IOM</narrative></participating-org>
</iati-activity></iati-activities>"""


def org(ref: str | None, name: str = "", role: str = "1") -> str:
    """A participating organization."""
    given = "" if ref is None else f' ref="{ref}"'
    return f'<participating-org role="{role}"{given} type="10"><narrative>{name}</narrative></participating-org>'


def funders(outcome: Outcome) -> dict[str, dict[str, str]]:
    """The funders in the graph of the project, each with what the graph says about it."""
    about: dict[str, dict[str, str]] = {}
    for quad in outcome.quads:
        subject = getattr(quad.subject, "value", "")
        about.setdefault(subject, {})[quad.predicate.value] = getattr(quad.object, "value", "")
    named = [getattr(quad.object, "value", "") for quad in outcome.quads if quad.predicate.value == f"{IOMLD}fundedBy"]
    wanted = (f"{FOAF}name", f"{DCTERMS}identifier")
    return {iri: {key: about[iri][key] for key in wanted if key in about.get(iri, {})} for iri in named}


def described(name: str, identifier: str) -> dict[str, str]:
    """What a graph says about an organization."""
    return {f"{FOAF}name": name, f"{DCTERMS}identifier": identifier}


@pytest.mark.parametrize(
    ("organizations", "expected"),
    [
        ([org("US-GOV-1", "USAID")], {USAID: described("USAID", "US-GOV-1")}),
        ([org("XM-DAC-701-2", "Japan")], {JAPAN: described("Japan", "XM-DAC-701-2")}),
        ([org("US-GOV-1", "USAID"), org("XM-DAC-47066", "IOM Development Fund")],
         {USAID: described("USAID", "US-GOV-1"), OWN: {}}),
        ([org("XM-DAC-47066", "Fonds de l’OIM pour le développement")], {OWN: {}}),
        ([org("XM-DAC-47066", "International Organization for Migration")],
         {f"{DEFAULT_BASE}id/organization/XM-DAC-47066":
          described("International Organization for Migration", "XM-DAC-47066")}),
        ([org("FR-1", "IDF")], {f"{DEFAULT_BASE}id/organization/FR-1": described("IDF", "FR-1")}),
        ([org("A/B 1")], {f"{DEFAULT_BASE}id/organization/A%2FB%201": {f"{DCTERMS}identifier": "A/B 1"}}),
        ([org("US-GOV-1", "USAID", role="3")], {}),
        ([], {}),
    ],
)  # fmt: skip
def test_an_activity_names_its_funder_or_nobody(organizations: list[str], expected: dict[str, dict[str, str]]) -> None:
    """Organizations of role 1 are the funders; the prefix of an activity is no statement about its funder."""
    outcome = outcome_of(ACTIVITY.format("".join(organizations)), "in.xml")
    assert funders(outcome) == expected


def test_a_funder_without_an_identifier_is_a_remark() -> None:
    """A name alone is an Info, and nobody is named."""
    outcome = outcome_of(ACTIVITY.format(org(None, "USAID") + org(" ", "Japan")), "in.xml")
    remarks = [one for one in outcome.findings if one.rule == "funderNotRead"]
    assert {(one.severity, one.value) for one in remarks} == {(Severity.INFO, "USAID"), (Severity.INFO, "Japan")}
    assert funders(outcome) == {}


def test_an_activity_of_the_fund_by_its_own_identifier() -> None:
    """Where the list has the fund's own identifier in IATI, that identifier is the fund, whatever it is called."""
    (record,) = read_bytes(ACTIVITY.format(org("XI-IATI-F", "The Fund")).encode(), file="in.xml")
    fund = Fund("own", (), iati_organization="XI-IATI-F")
    assert read_funders(merge_records([record]), build_fund_table((fund,), fund)) == (
        (Funder("own", is_fund=True),),
        (),
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, {OWN: {}}),
        ("idf", {OWN: {}}),
        ("IOM Development Fund", {OWN: {}}),
        ("1035 facility", {OWN: {}}),
        (OWN, {OWN: {}}),
        (["idf", "USAID [US-GOV-1]"], {OWN: {}, USAID: described("USAID", "US-GOV-1")}),
        (["Japan [XM-DAC-701-2]", "Japan [XM-DAC-701-2]"], {JAPAN: described("Japan", "XM-DAC-701-2")}),
        (USAID, {USAID: {f"{DCTERMS}identifier": "US-GOV-1"}}),
        ([], {}),
        ("-", {}),
    ],
)
def test_a_record_names_its_funders(given: object, expected: dict[str, dict[str, str]]) -> None:
    """Names, codes, IRIs and organizations; without the key the publisher's own fund, with an empty list nobody."""
    keys = {} if given is None else {"fundedBy": given}
    outcome = outcome_of(json.dumps(TITLES | keys), "in.json")
    assert funders(outcome) == expected
    assert not [one for one in outcome.findings if one.field == "fundedBy"]


@pytest.mark.parametrize(("heading", "cell"), [("funder", "idf; USAID [US-GOV-1]"), ("Bailleur de fonds", "x")])
def test_a_table_names_its_funders(heading: str, cell: str) -> None:
    """Several stand in one cell; a name without an identifier that is no fund is a Violation at its cell."""
    outcome = outcome_of(f"{','.join(HEADER)},{heading}\n{','.join(CELLS)},{cell}\n", "in.csv")
    if cell == "x":
        (finding,) = (one for one in outcome.findings if one.field == "fundedBy")
        assert (finding.rule, finding.severity, finding.value) == ("unknownFunder", Severity.VIOLATION, "x")
        assert finding.place is not None
        assert finding.place.cell == "K2"
    else:
        assert funders(outcome) == {OWN: {}, USAID: described("USAID", "US-GOV-1")}


@pytest.mark.parametrize("given", [["idf", "USAID [US-GOV-1]", "Japan [XM-DAC-701-2]"], ["USAID [US-GOV-1]"], []])
@pytest.mark.parametrize("currency", ["EUR", "USD"])
def test_what_is_published_reads_back(given: list[str], currency: str) -> None:
    """Our JSON-LD, Turtle and record JSON keep several funders, nobody, and the currency."""
    money = {"budget": "5000", "budgetCurrency": currency}
    outcome = outcome_of(json.dumps(TITLES | {"fundedBy": given} | money), "in.json")
    graph = {quad.triple for quad in outcome.quads if "prov/source" not in str(quad)}
    framed = framed_project(outcome.quads, base=DEFAULT_BASE, fields=load_fields())
    assert isinstance(framed.get("fundedBy", ""), list) is (len(given) > 1)
    project = project_of(outcome.quads, "PO.0105", Iris())
    for data, file in (
        (framed_bytes(framed, jsonld_context(DEFAULT_BASE)), "a.json"),
        (serialize(outcome.quads, TURTLE), "a.ttl"),
        (json.dumps(record_json(project)).encode(), "b.json"),
    ):
        again = outcome_of(data, file)
        assert {quad.triple for quad in again.quads if "prov/source" not in str(quad)} == graph, file


def test_the_default_is_one_value() -> None:
    """The list of funds says whose default it is, and the currency of amounts that name none."""
    own = PIPELINE.linker.funds.own
    assert own is not None
    assert (own.code, own.currency, own.iati_organization) == ("idf", "USD", None)
