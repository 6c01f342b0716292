"""Our JSON-LD documents as input: a download reads back to the graph it was made from."""

import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Quad

from iomld.assets import jsonld_context, load_fields
from iomld.errors import SourceError
from iomld.formats.jsonld import framed_bytes, framed_project, write_graph
from iomld.iris import DEFAULT_BASE
from iomld.model import Record
from iomld.pipeline.conversion import Choices, converted
from iomld.pipeline.stages import Pipeline, load_pipeline
from iomld.read import located, read_bytes, read_file
from iomld.read.record.framed import is_framed

FIELDS = load_fields()

DATA = Path(__file__).parents[2] / "data"
PAGE = """Quel avenir\u00a0pour  les  ports ?
-
Projects ID
PO.0001
-
Benefiting Member States
Namibia
The Sendai Framework, and twice the Global Compact for Migration, the Global Compact for Migration.
"""
DOCUMENT: dict[str, object] = {
    "@context": f"{DEFAULT_BASE}context/v1.jsonld",
    "id": f"{DEFAULT_BASE}id/project/PO.0001",
    "type": "Project",
    "title": {"en": "Ports"},
    "projectCode": "PO.0001",
    "status": f"{DEFAULT_BASE}scheme/status/active",
    "periodStart": "2017-01-01",
    "fundedBy": f"{DEFAULT_BASE}id/fund/idf",
    "benefitingMemberStates": ["NA"],
    "benefitingCountries": ["NA", "KW"],
    "mentions": [
        {
            "id": f"{DEFAULT_BASE}id/project/PO.0001#m1",
            "framework": "gcm",
            "confidence": "0.5",
            "matchMethod": "manual",
            "target": {
                "sourceText": {"id": f"{DEFAULT_BASE}doc/project/PO.0001#abstract-fr", "language": "fr"},
                "selectors": [{"start": "3", "end": "6"}, {"exact": "PMM", "prefix": "le ", "suffix": "."}],
            },
        }
    ],
    "record": {
        "derivedFrom": [
            {
                "identifier": "a.txt",
                "format": "text/plain",
                "sha256": "ab" * 32,
                "source": "https://example.org/a",
                "retrievedAt": "2026-11-23T19:00:00Z",
            },
            {"identifier": "b.txt", "sha256": "no hash"},
        ]
    },
    "included": [{"id": "https://example.org/x"}],
}


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """All stages, with the default base."""
    return load_pipeline(Choices())


def graphs(records: Iterable[Record], pipeline: Pipeline) -> list[tuple[Quad, ...]]:
    """The graph of each record."""
    return [converted((record,), pipeline.linker, pipeline.publication).quads for record in records]


def read(document: object, indent: int | None = None) -> list[Record]:
    """All records of a JSON value."""
    return list(read_bytes(json.dumps(document, indent=indent).encode(), file="in.jsonld"))


def _as_array(documents: list[bytes]) -> bytes:
    return b"[\n" + b",\n".join(documents) + b"\n]\n"


def _as_lines(documents: list[bytes]) -> bytes:
    return b"\n".join(documents)


def _as_graph(documents: list[bytes]) -> bytes:
    nodes = [json.loads(document) for document in documents]
    output = io.BytesIO()
    write_graph([node for node in nodes if node.pop("@context")], jsonld_context(DEFAULT_BASE), output)
    return output.getvalue()


@pytest.mark.parametrize("joined", [_as_array, _as_lines, _as_graph])
@pytest.mark.parametrize("name", ["projects-en.json", "projects-fr.json", "projects-es.json", "page"])
def test_downloads_read_back_unchanged(name: str, joined: Callable[[list[bytes]], bytes], pipeline: Pipeline) -> None:
    """Documents, one or many, give the graphs they were made from, and nothing is remarked."""
    sources = read_bytes(PAGE.encode(), file="page.txt") if name == "page" else read_file(DATA / name)
    written = graphs(sources, pipeline)
    documents = [
        framed_bytes(framed_project(quads, base=DEFAULT_BASE, fields=FIELDS), jsonld_context(DEFAULT_BASE))
        for quads in written
    ]
    records = list(read_bytes(joined(documents), file="download.jsonld"))
    assert [finding for record in records for finding in record.findings] == []
    assert [set(quads) for quads in graphs(records, pipeline)] == [set(quads) for quads in written]


def test_a_document_is_read_as_a_record() -> None:
    """Selectors, IRIs of codes, sources and duplicate countries take the form of a record; other keys stay."""
    (record,) = read(DOCUMENT)
    assert {name: [value.text for value in values] for name, values in record.values.items()} == {
        "title": ["Ports"],
        "projectCode": ["PO.0001"],
        "status": ["active"],
        "fundedBy": [f"{DEFAULT_BASE}id/fund/idf"],
        "benefitingMemberStates": ["NA"],
        "benefitingCountries": ["KW"],
    }
    assert record.values["benefitingCountries"][0].place.pointer == "/benefitingCountries/1"
    (mention,) = record.mentions
    assert (mention.framework, mention.quote, mention.position, mention.field) == ("gcm", "PMM", 3, "abstract")
    assert (mention.language, mention.method, str(mention.confidence)) == ("fr", "manual", "0.5")
    (origin,) = record.stated_origins
    assert (origin.file, origin.url, origin.media_type) == ("a.txt", "https://example.org/a", "text/plain")
    assert record.findings == ()


def test_a_document_may_have_the_context_in_any_of_our_forms() -> None:
    """Its address, the context itself under any base, and an older context with fewer terms read the same."""
    inline = json.loads(jsonld_context("https://data.example/"))
    older = {name: inline[0][name] for name in ("@version", "@protected", "iomld", "Project", "title", "status")}
    expected = read(DOCUMENT)[0].values
    for context in (inline, older, [older, inline[1]]):
        assert read(DOCUMENT | {"@context": context})[0].values.keys() == expected.keys()


@pytest.mark.parametrize(
    "context", [None, {}, [None], ["https://example.org/c"], {"status": 1}, {"title": "http://x/"}, [[]]]
)
def test_another_context_is_not_ours(context: object) -> None:
    """A document with another context is no document of ours, even if its keys are."""
    assert not is_framed(DOCUMENT | {"@context": context})


def test_another_meaning_of_a_key_is_not_ours() -> None:
    """A context that defines one of our keys in another way, or a key that we do not have, is another context."""
    inline = json.loads(jsonld_context(DEFAULT_BASE))
    for added in ({"title": "http://example.org/title"}, {"height": "http://example.org/height"}):
        assert not is_framed(DOCUMENT | {"@context": [*inline, added]})


def test_faults_stand_where_the_document_has_them() -> None:
    """A mention without words is named by its pointer and line."""
    mention = {"framework": "gcm", "target": {"selectors": []}}
    (record,) = read(DOCUMENT | {"mentions": [mention], "colour": ["a"]}, indent=1)
    places = {finding.rule: located(finding, record).place for finding in record.findings}
    assert {rule: place.pointer for rule, place in places.items() if place} == {
        "mentionForm": "/mentions/0",
        "unknownKey": "/colour",
    }
    assert all(place and place.line and place.column for place in places.values())


@given(
    st.dictionaries(
        st.sampled_from([*DOCUMENT, "sources"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["NA", "gcm", "http://x/scheme/"]),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(
                        ["target", "selectors", "sourceText", "id", "derivedFrom", "sha256", "exact", "start", "en"]
                    ),
                    inner,
                )
            ),
            max_leaves=12,
        ),
    )
)
def test_any_document_is_read_or_refused(content: dict[str, object]) -> None:
    """Odd values under our keys never break the reader."""
    document = content | {"@context": DOCUMENT["@context"], "type": "Project"}
    try:
        (record,) = read(document)
    except SourceError:
        return
    for finding in record.findings:
        assert located(finding, record).place is not None
