"""The JSON Schema of the record form says what the reader takes."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.amount import amount
from tests.shapes.test_shape_examples import EXAMPLES

from iomld.assets import asset_text, load_fields
from iomld.errors import SourceError
from iomld.formats.rdf import NQUADS, serialize
from iomld.iris import DEFAULT_BASE
from iomld.model import Record, Severity
from iomld.pipeline.conversion import Choices, converted
from iomld.pipeline.stages import load_pipeline
from iomld.read import read_bytes
from iomld.read.graph.records import read_rdf
from iomld.read.options import ReadOptions

DATA = Path(__file__).parents[2] / "data"
SCHEMA = json.loads(asset_text("ontology/record.schema.json"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
# Rules of the reader about the form of a record. Not `repeatedKey`: JSON Schema sees a key once.
FORM = frozenset(
    "wrongKind unknownKey languageTag controlCharacter mentionForm sourceAddress retrievalTime statedSource".split()  # noqa: SIM905  # one line
)
WHOLE = {
    "projectCode": "PO.9001",
    "title": {"en": "Safer Ports"},
    "startYear": 2017,
    "budgetUSD": "100000.00",
    "benefitingMemberStates": ["NA"],
    "mentions": [
        {"framework": "gcm", "quote": "GCM", "position": 4, "confidence": 0.5, "method": "manual", "review": "accepted"}
    ],
    "source": {"url": "https://example.org/p", "retrievedAt": "2026-11-23T19:00:00Z"},
    "sources": [{"file": "a.txt", "sha256": "ab" * 32, "mediaType": "text/plain", "url": "https://example.org/p"}],
}


def form_faults(text: str) -> list[str]:
    """Rules about the form that the reader finds broken in a JSON text."""
    records = list(read_bytes(text.encode("utf-8", "surrogatepass"), file="in.json"))
    return [finding.rule for record in records for finding in record.findings if finding.rule in FORM]


def record_form(record: Record) -> dict[str, object]:
    """A record as the JSON that gives it."""
    content: dict[str, object] = {}
    for name, values in record.values.items():
        if name in load_fields().texts:
            content[name] = {str(value.language): value.text for value in values}
        elif name in load_fields().lists:
            content[name] = [value.text for value in values]
        else:
            content[name] = values[0].text
    content["mentions"] = [
        {
            "framework": mention.framework,
            "quote": mention.quote,
            "prefix": mention.prefix,
            "suffix": mention.suffix,
            "language": mention.language,
            "field": mention.field,
            "position": mention.position,
            "method": mention.method,
            "confidence": None if mention.confidence is None else str(mention.confidence),
            "review": mention.review,
        }
        for mention in record.mentions
    ]
    content["sources"] = [
        {
            "file": origin.file,
            "sha256": origin.sha256,
            "mediaType": origin.media_type,
            "url": origin.url,
            "retrievedAt": origin.retrieved_at,
        }
        for origin in record.stated_origins
    ]
    return content


def test_the_schema_is_one_and_names_every_field() -> None:
    """It is valid itself, has its address under the data base, and knows the keys of the reader."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == f"{DEFAULT_BASE}schema/record.json"
    assert (
        json.loads(asset_text("ontology/record.schema.json", base="http://x/"))["$id"] == "http://x/schema/record.json"
    )
    assert set(SCHEMA["properties"]) == {*load_fields().given, "language", "mentions", "source", "sources"}
    for name, said in SCHEMA["properties"].items():
        for example in said.get("examples", ()):
            assert VALIDATOR.is_valid({"projectCode": "PO.9001"} | {name: example}), name


def test_the_bundled_records_pass() -> None:
    """Each record that we ship is accepted."""
    for path in DATA.glob("*.json"):
        for record in json.loads(path.read_text(encoding="utf-8")):
            VALIDATOR.validate(record)
    VALIDATOR.validate(WHOLE)


@pytest.mark.parametrize(
    "text",
    [
        '{"projectCode": "A", "status": ["x"]}',
        '{"projectCode": "A", "status": true}',
        '{"projectCode": "A", "title": {"en": []}}',
        '{"projectCode": "A", "title": {"English": "x"}}',
        '{"projectCode": "A", "title": null}',
        '{"projectCode": "A", "statsu": "B"}',
        '{"projectCode": "A", "source": {"url": "javascript:1"}}',
        '{"projectCode": "A", "source": {"retrievedAt": "today"}}',
        '{"projectCode": "A", "source": 1}',
        '{"projectCode": "A", "mentions": {}}',
        '{"projectCode": "A", "mentions": ["gcm"]}',
        '{"projectCode": "A", "mentions": [{"framework": "gcm"}]}',
        '{"projectCode": "A", "mentions": [{"framework": "gcm", "quote": "x", "position": -1}]}',
        '{"projectCode": "A", "mentions": [{"framework": "gcm", "quote": "x", "field": "page"}]}',
        '{"projectCode": "A", "mentions": [{"framework": "gcm", "quote": "x", "review": "right"}]}',
        '{"projectCode": "A", "mentions": [{"framework": "gcm", "quote": "x", "confidence": 1.5}]}',
        '{"projectCode": "A\\u0000"}',
        '{"projectCode": "A", "title": {"en": "\\ud800"}}',
        '{"projectCode": "A", "benefitingMemberStates": ["NA", {}]}',
        '{"projectCode": "A", "sources": [{"file": "a.txt", "sha256": "x", "mediaType": "text/plain"}]}',
    ],
)
def test_each_fault_of_form_is_refused(text: str) -> None:
    """What the reader names as a fault of form, the schema refuses."""
    assert form_faults(text)
    assert not VALIDATOR.is_valid(json.loads(text))


def test_what_is_no_record_is_refused() -> None:
    """A number is none, nor is an object without an identifier."""
    assert not VALIDATOR.is_valid(1)
    assert not VALIDATOR.is_valid({"title": {"en": "Safer Ports"}})


def test_the_examples_of_the_rules_have_the_form() -> None:
    """Every example of the shapes that is read without a fault has the form, and is the same record in JSON."""
    pipeline = load_pipeline(Choices())
    accepted = 0
    for number, example in enumerate(EXAMPLES):
        if example.profile != "published":
            continue
        graph = example.graph(f"PO.{1000 + number}")
        try:
            records = list(read_rdf(serialize(graph, NQUADS), NQUADS, file="in.nq", options=ReadOptions()))
        except SourceError:
            continue  # an example without a project
        for record in records:
            text = json.dumps(record_form(record))
            if any(finding.severity is Severity.VIOLATION for finding in record.findings):
                continue
            if VALIDATOR.is_valid(json.loads(text)):
                accepted += 1
                assert form_faults(text) == [], example.name
                (again,) = read_bytes(text.encode(), file="in.json")
                one, other = (converted((each,), pipeline.linker, pipeline.publication) for each in (record, again))
                assert one.project.mentions == other.project.mentions, example.name
                assert set(one.quads) == set(other.quads) or not record.stated_origins, example.name
            else:
                assert not {"projectCode", "primaId"} & record.values.keys(), example.name
    assert accepted > len(EXAMPLES) / 2


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 3000) | st.decimals(0, 1, places=2).map(float) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["en", "url", "quote"]), inner),
    max_leaves=6,
)


@settings(max_examples=amount(100))
@given(st.dictionaries(st.sampled_from([*WHOLE, "abstract", "language", "extra"]), ANY, max_size=3), ANY)
def test_what_the_schema_accepts_the_reader_takes(changes: dict[str, object], mention: object) -> None:
    """No record that passes the schema has a fault of form."""
    record = WHOLE | changes
    if isinstance(mention, dict):
        record = record | {"mentions": [{"framework": "gcm", "quote": "x"} | mention]}
    if VALIDATOR.is_valid(record):
        assert form_faults(json.dumps(record)) == []
