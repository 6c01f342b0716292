"""The validator: profiles, bases, dates, chunks, engines."""

import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from iomld.assets import load_fields
from iomld.convert import Publication, project_quads
from iomld.errors import SettingsError
from iomld.iris import IOMLD, RDF, SH, SHAPES, XSD, Iris
from iomld.messages import Message
from iomld.model import Finding, Funder, Mention, Money, Origin, Project, Severity, Text, ValidationResult
from iomld.validate import Validator, load_validator
from iomld.validate import validator as module
from iomld.validate.engine import EngineError
from iomld.validate.engines import load_rust
from iomld.validate.shapes import load_shapes

OTHER_BASE = "https://data.example.org/projects/"


def _project(key: str = "PO.0105", **fields: object) -> Project:
    narrative = "It names the Global Compact for Migration."
    mention = Mention(
        "gcm",
        "Global Compact for Migration",
        "It names the ",
        ".",
        "narrative",
        "en",
        13,
        "exact-label",
        Decimal("0.98"),
    )
    origin = Origin("projects.jsonl", "5f" * 32, "application/jsonl", "https://example.org/", "2020-05-04T12:00:00Z")
    values: dict[str, object] = {
        "key": key,
        "code": key,
        "titles": (Text("A project to try the shapes on", "en"),),
        "narratives": (Text(narrative, "en"),),
        "status": "completed",
        "project_type": "PO",
        "coverage": "national",
        "region": "asia-and-oceania",
        "start_year": 2017,
        "end_year": 2019,
        "allocation_year": 2017,
        "budget": Money(Decimal(100000), "USD"),
        "member_states": ("CN",),
        "funders": (Funder("idf"),),
        "mentions": (mention,),
        "origins": (origin,),
    }
    return Project(**(values | fields))  # type: ignore[arg-type]  # a test's shorthand


def _quads(project: Project, base: str = "https://w3id.org/iomld/") -> list[Quad]:
    return project_quads(
        project,
        Publication(
            Iris(base), "https://creativecommons.org/licenses/by/4.0/", "0.1.0", load_fields(), "XM-DAC-47066-"
        ),
    )


def _rules(found: tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in found]


@pytest.fixture(scope="module")
def published() -> Validator:
    """The published profile in the first engine."""
    return load_validator("published")


@pytest.fixture(scope="module")
def submission() -> Validator:
    """The submission profile in the first engine."""
    return load_validator("submission")


def test_what_we_convert_has_no_fault(published: Validator, submission: Validator) -> None:
    """The graph of a whole project passes both profiles."""
    assert published.check(_quads(_project())) == ()
    assert submission.check(_quads(_project())) == ()


def test_a_finding_names_field_value_node_and_path(published: Validator) -> None:
    """A person is told where to look, in the words of the record."""
    (finding,) = published.check(_quads(_project(member_states=("CN", "MN"))))
    assert finding == Finding(
        rule="nationalOne",
        severity=Severity.VIOLATION,
        message=Message(
            "Coverage is national, but more than one benefiting state is listed. "
            "Either the coverage is regional or a name was split wrongly."
        ),
        field="benefitingMemberStates",
        value="CN, MN",
        focus_node="https://w3id.org/iomld/id/project/PO.0105",
        path=f"{IOMLD}benefitingMemberState",
        results=finding.results,
    )
    assert finding.results == (
        ValidationResult(
            "<https://w3id.org/iomld/id/project/PO.0105>",
            f"{SH}Violation",
            f"{SH}OrConstraintComponent",
            value="<https://w3id.org/iomld/id/project/PO.0105>",
            source_shape=f"<{SHAPES}nationalOne>",
            messages=(str(finding.message),),
        ),
    )


def test_the_worst_comes_first(published: Validator) -> None:
    """Findings come by severity, then by rule."""
    project = _project(titles=(), status=None, end_year=2024, region=None, allocation_year=2016)
    found = published.check(_quads(project))
    assert _rules(found) == ["title", "region", "statusMissing", "allocBefore", "longRun"]


def test_an_empty_graph_has_no_findings(published: Validator) -> None:
    """A graph without a project is nobody's fault here."""
    assert published.check(()) == ()


def test_submission_asks_less(published: Validator, submission: Validator) -> None:
    """Values that the publisher adds are not required of a person who submits a record."""
    added = {"isPrimaryTopicOf", "fundedBy", "wasDerivedFrom", "sha256", "hasTarget", "budget"}
    quads = [
        quad for quad in _quads(_project()) if quad.predicate.value.rsplit("#", 1)[-1].rsplit("/", 1)[-1] not in added
    ]
    assert submission.check(quads) == ()
    assert {"topicOf", "recordSource", "snapshotHash", "mentionTarget"} <= set(_rules(published.check(quads)))


def test_another_base() -> None:
    """Under another base the schemes are those of that base, and those of the default base are strangers."""
    validator = load_validator("published", base=OTHER_BASE)
    assert validator.check(_quads(_project(), OTHER_BASE)) == ()
    assert {"status", "type", "coverage", "benef"} <= set(_rules(validator.check(_quads(_project()))))
    two_states = validator.check(_quads(_project(member_states=("CN", "MN")), OTHER_BASE))
    assert [(finding.rule, finding.value) for finding in two_states] == [("nationalOne", "CN, MN")]


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_rules_on_time_judge_against_retrieval_else_the_given_day(engine: str) -> None:
    """The time of retrieval wins over the day given; with neither, rules on time are silent."""
    origin = Origin("projects.jsonl", "5f" * 32, "application/jsonl", "https://example.org/", None)
    undated = _quads(_project(origins=(origin,)))
    dated = _quads(_project())
    early = load_validator("submission", engine=engine, as_of=date(2012, 6, 30))
    found = early.check(undated)
    assert [(finding.rule, finding.field, finding.value) for finding in found] == [
        ("statusFuture", "endYear", "2019"),
        ("yearRange", "endYear", "2019"),
    ]
    assert early.check(dated) == ()
    assert load_validator("submission", engine=engine).check(undated) == ()


def test_many_come_in_order_and_lazily(published: Validator) -> None:
    """Findings come in the order of the graphs, chunk by chunk, so that a stream needs no memory."""
    taken: list[int] = []

    def graphs() -> object:
        for number in range(3 * module.CHUNK_SIZE + 1):
            taken.append(number)
            yield _quads(_project(f"PO.{number:04}", status=None if number % 3 == 0 else "completed"))

    found = published.check_many(graphs())  # type: ignore[arg-type]  # a generator with a note of what was taken
    assert _rules(next(found)) == ["statusMissing"]
    assert len(taken) == module.CHUNK_SIZE
    rest = list(found)
    assert [bool(findings) for findings in rest] == [number % 3 == 0 for number in range(1, 3 * module.CHUNK_SIZE + 1)]
    assert rest[2][0].focus_node == "https://w3id.org/iomld/id/project/PO.0003"


def test_a_shared_source_is_judged_in_each_record(published: Validator) -> None:
    """Records of one file share its snapshot; what one says of it does not mend or mar another."""
    known = Origin("projects.jsonl", "5f" * 32, "application/jsonl", "https://example.org/", "2020-05-04T12:00:00Z")
    unknown = Origin("projects.jsonl", "5f" * 32, "application/jsonl", None, "2012-05-04T12:00:00Z")
    graphs = [_quads(_project("PO.0001", origins=(known,))), _quads(_project("PO.0002", origins=(unknown,)))]
    first, second = published.check_many(graphs)
    assert first == ()
    assert _rules(second) == ["snapshotSource", "statusFuture", "yearRange"]
    assert second[0].focus_node == "https://w3id.org/iomld/prov/source/5f5f5f5f5f5f"
    assert second == published.check(graphs[1])


def test_the_same_project_twice_is_judged_twice(published: Validator) -> None:
    """Two versions of one project in a chunk do not become one project with two statuses."""
    versions = [_quads(_project()), _quads(_project(status="active")), _quads(_project(titles=()))]
    assert [_rules(found) for found in published.check_many(versions)] == [[], [], ["title"]]


def test_blank_nodes_of_two_records_stay_apart(published: Validator) -> None:
    """A blank node's label means nothing outside its record."""
    subject, node = NamedNode("https://w3id.org/iomld/id/project/PO.0105"), BlankNode("b0")
    budget = Quad(subject, NamedNode(f"{IOMLD}budget"), node)
    value = Quad(node, NamedNode("https://schema.org/value"), Literal("5", datatype=NamedNode(f"{XSD}decimal")))
    quads = [quad for quad in _quads(_project()) if "udget" not in quad.predicate.value]
    found = list(published.check_many([[*quads, budget, value], [*quads, budget]]))
    assert _rules(found[0]) == ["budgetNode"]
    assert _rules(found[1]) == ["budget", "budgetNode"]


def test_a_literal_that_looks_like_rdf_stays_text(published: Validator) -> None:
    """Keeping records apart never touches their texts."""
    iri = "https://w3id.org/iomld/prov/source/5f5f5f5f5f5f"
    title = f"A title\n<{iri}> <{iri}> <{iri}> .\n" + "x" * 500
    found = list(published.check_many([_quads(_project("PO.0001")), _quads(_project(titles=(Text(title, "en"),)))]))
    assert found[0] == ()
    assert [(finding.rule, finding.value) for finding in found[1]] == [("title", title)]


def test_countries_of_convert_and_concepts_are_known(published: Validator) -> None:
    """A country that is no member state is written with one property, and that is right."""
    project = _project(member_states=(), other_countries=("1A0",), region="europe")
    assert published.check(_quads(project)) == ()


def test_unknown_names_are_refused() -> None:
    """A profile or an engine that does not exist is a wrong setting, and the message lists the right ones."""
    with pytest.raises(SettingsError, match="submission, published, dataset, reference"):
        load_validator("draft")
    with pytest.raises(SettingsError, match="shacl, pyshacl"):
        load_validator("published", engine="jena")


def test_the_reference_engine_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first engine cannot be loaded, the reference gives the verdicts and says so."""
    monkeypatch.setitem(sys.modules, "shacl", None)
    validator = load_validator("submission", as_of=date(2020, 1, 1))
    assert validator.engine_name == "pyshacl"
    assert "shacl" in validator.fallback_reason
    assert _rules(validator.check(_quads(_project(status=None)))) == ["statusMissing"]


def test_shapes_that_an_engine_cannot_compile() -> None:
    """A pattern with look-ahead is an error that we foresee, not a crash."""
    shape = (
        f"<http://x/s> <{RDF}type> <http://www.w3.org/ns/shacl#NodeShape> .\n"
        "<http://x/s> <http://www.w3.org/ns/shacl#targetNode> <http://x/a> .\n"
        '<http://x/s> <http://www.w3.org/ns/shacl#pattern> "(?=a)" .\n'
    )
    with pytest.raises(EngineError, match="look-around"):
        load_rust(shape.encode())


class _Choosy:
    """An engine that cannot read data with a certain word in it."""

    name = "choosy"

    def results(self, data: bytes) -> tuple[ValidationResult, ...]:
        if b"PO.0002" in data:
            raise EngineError("it holds PO.0002")
        return ()


def test_one_unreadable_record_does_not_stop_the_others(submission: Validator) -> None:
    """If an engine gives up on a chunk, its records are tried singly, and the bad one is refused with the reason."""
    validator = Validator(_Choosy(), submission.shapes, submission.reference)
    graphs = [_quads(_project(f"PO.{number:04}")) for number in range(4)]
    found = list(validator.check_many(graphs))
    assert [_rules(findings) for findings in found] == [[], [], ["unreadable"], []]
    assert found[2][0].severity is Severity.VIOLATION
    assert "PO.0002" in str(found[2][0].message)


def test_shapes_say_their_version_and_hash() -> None:
    """A release can record which shapes gave its verdicts."""
    here, there = load_shapes("published"), load_shapes("published", base=OTHER_BASE)
    assert here.version == "0.1.0"
    assert len(here.sha256) == 64
    assert here.sha256 == load_shapes("submission").sha256 != there.sha256


def test_importing_loads_no_engine() -> None:
    """Engines are loaded only when they are requested, since this takes half a second."""
    code = "import sys, iomld.validate; print([name for name in ('rdflib', 'pyshacl', 'shacl') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
