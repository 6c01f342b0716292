"""A publisher of its own: from the table to the release, the queries, the pages and the files."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.commands import run_iomld
from tests.fund.conftest import EXAMPLE
from tests.serving import serve

from iomld import release
from iomld.assets import load_fields, load_vocabulary
from iomld.fund_folder import read_fund_folder, using

BASE = "https://grants.example/data/"


def _rows(published: Path, query: str) -> list[list[str]]:
    done = run_iomld("query", query, "--from", published, "--format", "csv")
    assert done.returncode == 0, done.stderr
    return [line.split(",") for line in done.stdout.split()[1:]]


def test_the_fund_and_its_currency_are_those_of_the_folder(published: Path) -> None:
    """A bare budget is in the folder's currency, and nothing is in dollars; the folder's fund is on all."""
    money = "SELECT ?c (SUM(?v) AS ?s) { ?p iomld:budget ?b . ?b schema:currency ?c ; schema:value ?v } GROUP BY ?c"
    assert _rows(published, money) == [["EUR", "370500.5"]]
    assert _rows(published, "SELECT ?p { ?p iomld:budgetUSD ?v }") == []
    funds = "SELECT ?f (COUNT(?p) AS ?n) { ?p iomld:fundedBy ?f ; iomld:candidateIatiIdentifier ?i } GROUP BY ?f"
    assert _rows(published, funds) == [[f"{BASE}id/fund/harbours", "3"]]
    elsewhere = 'SELECT DISTINCT ?s { ?s ?p ?o FILTER(STRSTARTS(STR(?s), "https://w3id.org/iomld/id/")) }'
    assert _rows(published, elsewhere) == []


def test_fields_and_lists_of_the_folder_can_be_queried(published: Path) -> None:
    """Two fields that no file of the package names, one of them with the labels of a list of the folder."""
    query = """PREFIX hcf: <https://grants.example/ns#> SELECT ?city ?code ?stage
        { ?p hcf:hostCity ?city ; hcf:group/skos:notation ?code ; iomld:status/skos:notation ?stage }
        ORDER BY ?city ?code"""
    assert _rows(published, query) == [
        ["Dakar", "dockers", "closed"],
        ["Dakar", "fishers", "closed"],
        ["Sfax", "dockers", "running"],
    ]


def test_the_properties_of_the_folder_have_a_graph_of_their_own(published: Path) -> None:
    """It says whose they are and which state of the folder they come from."""
    terms = f"SELECT ?p {{ GRAPH <{BASE}graph/fund> {{ ?p rdfs:isDefinedBy <{BASE}graph/fund> ; rdfs:label ?l }} }}"
    assert {row[0] for row in _rows(published, terms)} == {
        "https://grants.example/ns#group",
        "https://grants.example/ns#hostCity",
    }
    origin = f"SELECT ?f ?h {{ <{BASE}graph/fund> prov:wasAttributedTo ?f ; iomld:sha256 ?h }}"
    assert _rows(published, origin) == [[f"{BASE}id/fund/harbours", read_fund_folder(EXAMPLE).digest]]


def test_the_release_has_a_copy_of_the_folder(published: Path) -> None:
    """It is in the manifest by its hash, and read from there, wherever the folder is now."""
    current = release.current_release(published)
    assert current is not None
    assert current.manifest.fund == read_fund_folder(EXAMPLE).digest
    assert current.fund_folder.path == current.path / "fund"
    assert not (current.path / "fund/projects.csv").exists()
    with using(current.fund_folder):
        assert load_vocabulary(BASE).concepts["group"]["dockers"].name("fr") == "Dockers"
        assert "hostCity" in load_fields().by_key
    assert "hostCity" not in load_fields().by_key
    assert "group" not in load_vocabulary(BASE).concepts


@pytest.mark.server
def test_a_server_answers_with_the_names_of_the_release(published: Path) -> None:
    """Pages, documents, the context, the schemas, the tables' columns and the check of uploads know its fields."""
    record = {"projectCode": "HCF/1", "title": {"en": "Buoys that talk"}, "status": "Under way", "groups": ["sailors"]}
    paths = (
        "/doc/project/HCF%2F2019%2F1.html?lang=fr",
        "/doc/project/HCF%2F2019%2F1.jsonld",
        "/context/v1.jsonld",
        "/schema/record.json",
        "/shapes.ttl",
        "/scheme/group.html?lang=en",
        "/downloads/projects.csv",
        "/shapes.html",
        "/validate?lang=en",
    )
    with serve(published) as server, httpx.Client(base_url=server.address, timeout=60) as client:
        found = [client.get(path) for path in paths]
        found.append(client.post("/validate?format=json", content=json.dumps(record)))
    page, document, context, schema, shapes, scheme, table, rules, form, report = found
    assert [answer.status_code for answer in found] == [200] * len(found)
    assert "Ville hôte" in page.text
    assert re.search(r'<a href="/scheme/group/fishers"[^>]*>Pêcheurs</a>', page.text)
    assert "Fonds des villes portuaires" in page.text
    assert document.json()["groups"] == ["dockers", "fishers"]
    terms = context.json()["@context"][0]
    assert terms["hostCity"] == "https://grants.example/ns#hostCity"
    assert terms["groups"]["@context"] == {"@vocab": f"{BASE}scheme/group/"}
    assert "hostCity" in schema.json()["properties"]
    assert "hcf:hostCityRule" in shapes.text
    assert "Dock workers" in scheme.text
    assert {"hostCity", "groups"} <= set(table.text.split("\r\n")[0].split(","))
    assert "hostCityRule" in rules.text
    assert "records of another fund (IOM Development Fund)" in rules.text
    assert "The city in which the office of the project is." in form.text
    assert "Dock workers" in form.text
    assert ("unknownGroup", "groups") in {(one["rule"], one["field"]) for one in report.json()["results"]}
    assert "unknownStatus" not in report.text


def test_exports_read_back_with_the_folder(published: Path, tmp_path: Path) -> None:
    """The tables of an export have the fields of the folder, and give the same statements again."""
    tables = tmp_path / "tables.zip"
    run_iomld("export", "--from", published, "--format", "csv", "--to", tables)
    done = run_iomld("convert", tables, "--fund", EXAMPLE, "--format", "ntriples")
    dump = run_iomld("export", "--from", published, "--format", "ntriples").stdout.splitlines()
    own = sorted(line for line in dump if "grants.example/ns#" in line and "/id/project/" in line.split()[0])
    assert own == sorted(line for line in done.stdout.splitlines() if "grants.example/ns#" in line)


def test_a_withdrawal_keeps_the_folder_and_a_new_one_makes_a_release(
    published: Path, changed: Callable[..., Path], tmp_path: Path
) -> None:
    """The next release has the same copy; only another folder, or none, changes that."""
    target = tmp_path / "releases"
    shutil.copytree(published, target, symlinks=True)
    assert run_iomld("withdraw", "HCF/1998/2", "--reason", "A test.", "--to", target).returncode == 0
    assert _digest(target) == read_fund_folder(EXAMPLE).digest
    folder = changed("shapes/fields.ttl", "Ville hôte", "Ville d’accueil")
    first = ["publish", EXAMPLE / "projects.csv", "--to", target]
    assert "release " in run_iomld(*first, "--fund", folder).stdout
    assert _digest(target) == read_fund_folder(folder).digest
    assert "no new release" in run_iomld(*first, "--fund", folder).stdout
    refused = run_iomld(*first)
    assert (refused.returncode, "published under the base" in refused.stderr) == (2, True)


def _digest(datadir: Path) -> str:
    current = release.current_release(datadir)
    assert current is not None
    return current.fund_folder.digest


def test_a_draft_of_a_mapping_knows_the_fields_of_the_folder() -> None:
    """Headings and words of its own fields and lists need no line that a person corrects."""
    drafted = [run_iomld("mapping", "draft", EXAMPLE / "projects.csv", *fund) for fund in ((), ("--fund", EXAMPLE))]
    assert ['= "hostCity"' in one.stdout for one in drafted] == [False, True]
    assert ["Under way" in one.stdout for one in drafted] == [True, False]
