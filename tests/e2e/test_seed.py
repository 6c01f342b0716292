"""The main job on the real page: what `iomld convert` and ten questions say about it."""

import csv
import io
import re
from decimal import Decimal
from pathlib import Path

import pytest
from rdflib import Graph, URIRef
from rdflib.compare import isomorphic
from tests.conftest import Command

ADDRESS = "https://www.iom.int/project/supporting-chinas-engagement-global-migration-debate"
QUESTIONS = Path(__file__).parents[1] / "golden" / "ten-questions.rq"
NS = "https://w3id.org/iomld/ns#"
OA = "http://www.w3.org/ns/oa#"
BASE = "https://w3id.org/iomld/"
PROJECT = URIRef(f"{BASE}id/project/PO.0105")

EXPECTED = {
    "q01": [["PO.0105", "Supporting China’s Engagement in the Global Migration Debate", "100000"]],
    "q02": [["gcm", "2", "0.98"], ["mcof", "1", "0.99"], ["micic", "1", "0.9"], ["migof", "1", "0.99"]],
    "q03": [["683", "Global Compact for Migration"], ["1151", "Global Compact for Migration"]],
    "q04": [["PO.0105"]],
    "q05": [["asia-and-oceania", "2017", "100000", "1"]],
    "q06": [[f"{BASE}id/project/PO.0105"]],
    "q07": [
        ["China", "Global Compact for Safe, Orderly and Regular Migration"],
        ["China", "Migrants in Countries in Crisis Initiative"],
        ["China", "Migration Crisis Operational Framework"],
        ["China", "Migration Governance Framework"],
    ],
    "q08": [[ADDRESS, "0d8a87add43f08398914fec3ad65eb3f01d35871fec3e46a650016cc1076abdb", "TIME"]],
    "q09": [[f"{BASE}id/project/PO.0105#m3", "Migrants in Countries in Crisis Initiatives", "0.9"]],
    "q10": [["XM-DAC-47066-PO.0105", "CHN", "http://publications.europa.eu/resource/authority/country/CHN"]],
}


def questions() -> dict[str, str]:
    """The ten queries by name."""
    head, *parts = re.split(r"^### (q\d\d) .*$", QUESTIONS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    prefixes = "\n".join(line for line in head.splitlines() if line.startswith("PREFIX"))
    return {name: f"{prefixes}\n{text}" for name, text in zip(parts[::2], parts[1::2], strict=True)}


def test_the_page_becomes_the_seed_record(seed: Path, iomld: Command) -> None:
    """Every fact of the page is there, with four frameworks in five mentions at their places, and nothing else."""
    done = iomld("convert", seed, "--format", "turtle")
    assert done.returncode == 0
    graph = Graph().parse(data=done.stdout, format="turtle")
    facts = {str(p).rpartition("#")[2]: str(o) for p, o in graph.predicate_objects(PROJECT) if str(p).startswith(NS)}
    facts.pop("mentionsFramework")
    assert facts == {
        "projectCode": "PO.0105",
        "primaId": "CN10P0002",
        "candidateIatiIdentifier": "XM-DAC-47066-PO.0105",
        "status": f"{BASE}scheme/status/completed",
        "projectType": f"{BASE}scheme/type/PO",
        "coverage": f"{BASE}scheme/coverage/national",
        "region": f"{BASE}scheme/region/asia-and-oceania",
        "startYear": "2017",
        "endYear": "2019",
        "allocationYear": "2017",
        "periodStart": "2017-01-01",
        "periodEnd": "2019-12-31",
        "budgetUSD": "100000",
        "budget": f"{PROJECT}#budget",
        "fundedBy": f"{BASE}id/fund/idf",
        "benefitingMemberState": f"{BASE}id/country/CN",
        "benefitingCountry": f"{BASE}id/country/CN",
        "managingOfficeCountry": f"{BASE}id/country/CN",
    }
    named = {str(o).rpartition("/")[2] for o in graph.objects(PROJECT, URIRef(f"{NS}mentionsFramework"))}
    assert named == {"gcm", "migof", "mcof", "micic"}
    (narrative,) = graph.objects(PROJECT, URIRef("http://purl.org/dc/terms/description"))
    selectors = list(graph.subjects(URIRef(f"{OA}start")))
    assert len(selectors) == 5
    for position in selectors:
        start, end = (int(str(graph.value(position, URIRef(OA + term)))) for term in ("start", "end"))
        quote = graph.value(URIRef(str(position).replace("-position", "-quote")), URIRef(f"{OA}exact"))
        assert str(narrative)[start:end] == str(quote)
    assert "2030 Agenda" not in done.stdout
    assert "Who we are" not in done.stdout


def test_all_formats_say_the_same(seed: Path, iomld: Command) -> None:
    """Turtle, N-Triples and RDF/XML of the page are isomorphic."""
    names = {"turtle": "turtle", "ntriples": "nt", "rdfxml": "xml"}
    graphs = [
        Graph().parse(data=iomld("convert", seed, "--format", ours).stdout, format=theirs)
        for ours, theirs in names.items()
    ]
    assert len(graphs[0]) > 100
    assert all(isomorphic(graphs[0], graph) for graph in graphs[1:])


@pytest.fixture(scope="module")
def seed_release(seed: Path, tmp_path_factory: pytest.TempPathFactory, iomld: Command) -> Path:
    """A release of the seed alone, given with its address."""
    folder = tmp_path_factory.mktemp("seed")
    done = iomld("publish", seed, "--source-url", ADDRESS, "--to", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_ten_questions_have_their_answers(name: str, seed_release: Path, iomld: Command) -> None:
    """Each question of a data integrator is answered as expected through `iomld query`."""
    done = iomld("query", questions()[name], "--from", seed_release, "--format", "csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.reader(io.StringIO(done.stdout)))[1:]
    expected = EXPECTED[name]
    if name == "q08":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", rows[0][2])
        rows[0][2] = "TIME"
    if name == "q02":
        rows = [[row[0], row[1], str(Decimal(row[2]))] for row in rows]
    assert rows == expected
