"""IATI activities of a publisher of its own: codes, types and pages are those of its folder."""

from pathlib import Path

from tests.commands import run_iomld
from tests.fund.conftest import EXAMPLE

ACTIVITY = """<iati-activities version="2.03"><iati-activity xml:lang="en" default-currency="EUR">
  <iati-identifier>XM-EXAMPLE-7-A-12</iati-identifier>
  <title><narrative>Two piers</narrative></title>
  <participating-org role="1" ref="XM-EXAMPLE-7"><narrative>Harbour Cities Fund</narrative></participating-org>
  <activity-status code="2"/>
  <activity-date type="2" iso-date="2017-03-05"/>
  <activity-scope code="4"/>
  <recipient-country code="SN"/>
  <sector vocabulary="99" code="works"/>
  <document-link format="text/html" url="https://www.iom.int/project/two-piers"/>
  <document-link format="text/html" url="https://evilgrants.example/two-piers"/>
  <document-link format="text/html" url="https://www.grants.example/two-piers"/>
</iati-activity></iati-activities>"""


def test_codes_become_the_concepts_that_state_them(tmp_path: Path) -> None:
    """Status and coverage are concepts of the folder, the page is on its host, and a type has any code of its list."""
    source = tmp_path / "activities.xml"
    source.write_text(ACTIVITY, encoding="utf-8")
    done = run_iomld("convert", source, "--fund", EXAMPLE, "--format", "ntriples")
    scheme, terms = "https://grants.example/data/scheme", "https://w3id.org/iomld/ns#"
    assert f"<{terms}status> <{scheme}/status/running> ." in done.stdout, done.stderr
    assert f"<{terms}coverage> <{scheme}/coverage/one-country> ." in done.stdout
    assert f"<{terms}projectType> <{scheme}/type/works> ." in done.stdout
    assert "<https://www.grants.example/two-piers>" in done.stdout
    assert "iom.int" not in done.stdout
    assert "evilgrants" not in done.stdout


def test_a_code_that_no_concept_states_is_a_warning(tmp_path: Path) -> None:
    """The folder has a status for planned projects, but does not say that it is IATI's."""
    source = tmp_path / "activities.xml"
    source.write_text(ACTIVITY.replace('status code="2"', 'status code="1"'), encoding="utf-8")
    done = run_iomld("validate", source, "--fund", EXAMPLE)
    assert "The IATI code 1 (Pipeline/identification) has no equivalent in our list (status)." in done.stdout
