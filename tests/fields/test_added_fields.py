"""Two fields and two keys of mentions, declared in the shapes and the ontology alone, go through every door.

The project is copied, and only its shapes and its ontology get more lines (`tests/fields/added/`).
"""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from tests.commands import run_iomld
from tests.serving import serve

ROOT = Path(__file__).parents[2]
ADDED = Path(__file__).parent / "added"
PARTNERS = ("Port Authority", "Coast Guard")
RECORD = {
    "projectCode": "PO.9001",
    "title": {"en": "Safer Ports in Namibia"},
    "status": "completed",
    "projectType": "PO",
    "coverage": "national",
    "region": "africa",
    "startYear": "2018",
    "endYear": "2020",
    "allocationYear": "2018",
    "budgetUSD": "100000",
    "benefitingMemberStates": ["NA"],
    "harbourPilots": list(PARTNERS),
    "vessel": "15190",
    "mentions": [{"framework": "gcm", "quote": "GCM", "mooring": "Pier 4", "tug": "Orderly migration"}],
}
MENTION_ROW = {"Project code": "PO.9001", "Framework": "gcm", "Quote": "GCM", "Berth": "Pier 4", "Remorqueur": "15190"}
PAGE = """Safer Ports in Namibia
-
Start Date
2018
-
End Date
2020
-
Project Status
Completed
-
Project Type
Migration Policy Activities
-
Harbour Pilot
Port Authority
-
Vessel of the port
Orderly migration
-
Budget Amount (USD)
100000.00
-
Coverage
National
-
Year
2018
-
IDF Region
Africa
-
Projects ID
PO.9001
-
Benefiting Member States
Namibia
The ports become safer for people who arrive in them and for those who work there.
"""
TURTLE = """@prefix iomld: <https://w3id.org/iomld/ns#> .
@prefix oa: <http://www.w3.org/ns/oa#> .
<https://w3id.org/iomld/id/project/PO.9001> a iomld:Project ; iomld:projectCode "PO.9001" ;
  iomld:harbourPilot "Port Authority", "Coast Guard" ;
  iomld:vessel <https://w3id.org/iomld/scheme/vessel/15190> .
[] a iomld:FrameworkMention ; iomld:aboutProject <https://w3id.org/iomld/id/project/PO.9001> ;
  oa:hasBody <https://w3id.org/iomld/scheme/framework/gcm> ; oa:hasTarget [ oa:hasSelector [ oa:exact "GCM" ] ] ;
  iomld:mooring "Pier 4" ; iomld:tug <https://w3id.org/iomld/scheme/vessel/15190> .
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment in which `iomld` is the copy with two more fields."""
    copy = tmp_path_factory.mktemp("project")
    for folder in ("src/iomld", "ontology", "shapes"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "iomld.toml", copy)
    shutil.copy(ADDED / "vessel.ttl", copy / "ontology")
    for name, file in (("shapes.ttl", "shapes/project.ttl"), ("ontology.ttl", "ontology/iomld.ttl")):
        with (copy / file).open("a", encoding="utf-8") as target:
            target.write((ADDED / name).read_text(encoding="utf-8"))
    (copy / "tests/fields").mkdir(parents=True)
    shutil.copy(ROOT / "tests/fields/generated.py", copy / "tests/fields")
    environment = {"PYTHONPATH": f"{copy / 'src'}:{copy}"}
    command = [sys.executable, "-m", "tests.fields.generated"]
    subprocess.run(command, check=True, env=environment, cwd=copy)
    return environment


def _workbook(path: Path, *rows: Mapping[str, str]) -> None:
    workbook = Workbook()
    del workbook["Sheet"]
    for row in rows:
        sheet = workbook.create_sheet()
        sheet.append(list(row))
        sheet.append(list(row.values()))
    workbook.save(path)


def _table(row: Mapping[str, str]) -> str:
    rows = io.StringIO()
    csv.writer(rows).writerows([row.keys(), row.values()])
    return rows.getvalue()


def _source(kind: str, folder: Path) -> Path:
    """The record in one of the forms that people have."""
    path = folder / f"record.{kind}"
    cells = {
        "Projects ID": "PO.9001",
        "Pilot of the harbour": "Port Authority; Coast Guard",
        "Vessel": "Orderly migration",
    }
    match kind:
        case "json":
            path.write_text(json.dumps(RECORD), encoding="utf-8")
        case "csv":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("projects.csv", _table(cells))
                archive.writestr("mentions.csv", _table(MENTION_ROW))
        case "xlsx":
            _workbook(path, cells, MENTION_ROW)
        case "ttl":
            path.write_text(TURTLE, encoding="utf-8")
        case _:
            path.write_text(PAGE, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["json", "csv", "xlsx", "ttl", "txt"])
def test_every_form_of_source_states_them(kind: str, environment: Mapping[str, str], tmp_path: Path) -> None:
    """Pages by their labels, tables by their headings, JSON by its keys, RDF by its properties."""
    done = run_iomld("convert", _source(kind, tmp_path), "--format", "ntriples", **environment)
    assert done.returncode == 0, done.stderr
    partners = re.findall(r'ns#harbourPilot> "([^"]*)"', done.stdout)
    assert sorted(partners) == sorted(PARTNERS[:1] if kind == "txt" else PARTNERS)
    assert "ns#vessel> <https://w3id.org/iomld/scheme/vessel/15190> ." in done.stdout
    if kind != "txt":  # a page states no mentions
        assert _has_keys_of_the_mention(done.stdout)


def _has_keys_of_the_mention(triples: str) -> bool:
    mention = "<https://w3id.org/iomld/id/project/PO.9001#m1> <https://w3id.org/iomld/ns#"
    tug = f"{mention}tug> <https://w3id.org/iomld/scheme/vessel/15190> ."
    return f'{mention}mooring> "Pier 4" .' in triples and tug in triples


def test_an_unknown_code_is_refused(environment: Mapping[str, str], tmp_path: Path) -> None:
    """The list of the field is checked, and the rule of its shape as well."""
    path = tmp_path / "record.json"
    mention = {"framework": "gcm", "quote": "GCM", "tug": "99999"}
    changed = {"vessel": "Orderly migrations", "harbourPilots": ["X"], "mentions": [mention]}
    path.write_text(json.dumps(RECORD | changed), encoding="utf-8")
    done = run_iomld("validate", path, "--format", "json", **environment)
    findings = [(one["rule"], one.get("field")) for one in json.loads(done.stdout)["results"]]
    assert ("unknownVessel", "vessel") in findings
    assert ("harbourPilot", "harbourPilots") in findings
    assert ("unknownVessel", "mentions") in findings


def test_they_are_published_queried_shown_and_exported(environment: Mapping[str, str], tmp_path: Path) -> None:
    """From a release they come out of the endpoint, the page, the document, and every export, which reads back."""
    published = tmp_path / "published"
    done = run_iomld("publish", _source("json", tmp_path), "--to", published, **environment)
    assert done.returncode == 0, done.stderr
    query = """SELECT ?who ?name WHERE { ?p iomld:harbourPilot ?who ; iomld:vessel/skos:prefLabel ?name
        FILTER(LANG(?name) = "en") }"""
    found = run_iomld("query", query, "--from", published, "--format", "csv", **environment).stdout.split("\n")
    assert sorted(filter(None, found[1:])) == ["Coast Guard,Orderly migration", "Port Authority,Orderly migration"]
    for name in ("csv", "xlsx", "jsonl"):
        file = tmp_path / f"export.{'zip' if name == 'csv' else name}"
        run_iomld("export", "--from", published, "--format", name, "--to", file, **environment)
        again = run_iomld("convert", file, "--format", "ntriples", **environment)
        assert sorted(re.findall(r'ns#harbourPilot> "([^"]*)"', again.stdout)) == sorted(PARTNERS), again.stderr
        assert "ns#vessel> <https://w3id.org/iomld/scheme/vessel/15190> ." in again.stdout
        assert _has_keys_of_the_mention(again.stdout)
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        (row,) = csv.DictReader(io.StringIO(archive.read("projects.csv").decode("utf-8-sig"), newline=""))
    assert (row["harbourPilots"], row["vessel"]) == ("Coast Guard; Port Authority", "15190")
    with serve(published, **environment) as server:
        page, document = (
            _get(f"{server.address}/doc/project/PO.9001{suffix}") for suffix in (".html?lang=fr", ".jsonld")
        )
        context = json.loads(_get(f"{server.address}/context/v1.jsonld"))["@context"]
        frame = json.loads(_get(f"{server.address}/frame/project.jsonld"))
        schema = json.loads(_get(f"{server.address}/schema/record.json"))
        package = json.loads(_get(f"{server.address}/downloads/datapackage.json"))
        metadata = json.loads(_get(f"{server.address}/downloads/projects.csv-metadata.json"))
    assert "Pilote du port" in page
    assert "Coast Guard" in page
    assert re.search(r'<a href="/scheme/vessel/15190"[^>]*>Migrations ordonnées</a>', page)
    columns = {column["name"]: column.get("propertyUrl") for column in metadata["tableSchema"]["columns"][:-3]}
    assert columns["vessel"] == "https://w3id.org/iomld/ns#vessel"
    project = json.loads(document)
    assert (project["harbourPilots"], project["vessel"]) == (sorted(PARTNERS), "15190")
    assert context[0]["vessel"]["@context"] == {"@vocab": "https://w3id.org/iomld/scheme/vessel/"}
    properties = schema["properties"]
    assert (properties["vessel"]["$ref"], properties["harbourPilots"]["$ref"]) == ("#/$defs/code", "#/$defs/codes")
    (mention,) = project["mentions"]
    assert (mention["mooring"], mention["tug"]) == ("Pier 4", "15190")
    assert {"mooring", "tug"} <= frame["mentions"].keys()
    assert {"mooring", "tug"} <= schema["$defs"]["FrameworkMention"]["properties"].keys()
    assert {"mooring", "tug"} <= {field["name"] for field in package["resources"][1]["schema"]["fields"]}
    path = tmp_path / "download.jsonld"
    path.write_text(document, encoding="utf-8")
    again = run_iomld("convert", path, "--format", "ntriples", **environment)
    assert _has_keys_of_the_mention(again.stdout)


def _get(address: str) -> str:
    with urllib.request.urlopen(address) as answer:  # our own server
        return str(answer.read().decode())


def test_the_template_asks_for_them(environment: Mapping[str, str], tmp_path: Path) -> None:
    """Columns with notes, and a drop-down list of the new scheme."""
    path = tmp_path / "template.xlsx"
    assert run_iomld("template", "--to", path, **environment).returncode == 0
    workbook = load_workbook(path)
    sheet = workbook["projects"]
    columns = {cell.value: cell for cell in sheet[1]}
    assert columns["vessel"].comment is not None
    assert "One vessel of the vessel scheme." in columns["vessel"].comment.text
    assert "harbourPilots" in columns
    mentions = {cell.value: cell for cell in workbook["mentions"][1]}
    assert "Où les mots sont amarrés." in mentions["mooring"].comment.text
    lists = workbook["lists"]
    assert ("Orderly migration",) in {tuple(filter(None, column)) for column in lists.iter_cols(values_only=True)}
