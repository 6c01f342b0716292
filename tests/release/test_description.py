"""The description of a release: a Turtle template, filled with terms."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode

from iomld.formats import rdf
from iomld.iris import DCAT, DCTERMS, FOAF, IOMLD, OWL, SKOS, VCARD, VOID, Iris
from iomld.release.description import Description, description_quads
from iomld.release.nquads import FileFacts
from iomld.release.statistics import Statistics
from iomld.release.subsets import BY_CLASS, BY_REGION, Subset

IRIS = Iris()
GOLDEN = Path(__file__).with_name("description.nq")
FILE = FileFacts(12, "ab" * 32)
FIGURES = Statistics(
    triples=10,
    subjects=4,
    entities=3,
    properties={f"{IOMLD}status": 2, "http://x.org/odd/p": 1, f"{DCTERMS}title": 3},
    classes={f"{IOMLD}Project": 2, f"{SKOS}Concept": 1},
    links={
        (f"{SKOS}exactMatch", "http://www.wikidata.org/"): 3,
        (f"{OWL}sameAs", "http://www.wikidata.org/"): 1,
    },
    start="2001-01-01",
    end="2020-12-31",
    countries=(IRIS.country("CN"), IRIS.country("NA")),
    size_bytes=99,
)
DESCRIPTION = Description(
    version="V-1",
    first_issued="2020-01-01T00:00:00Z",
    modified="2021-01-01T00:00:00Z",
    run="V-1",
    license="https://creativecommons.org/licenses/by/4.0/",
    publisher='IOM "x" \\ $license',
    contact="",
    statistics=FIGURES,
    files=defaultdict(lambda: FILE, {"by-region/africa.nq.gz": FileFacts(3, "cd" * 32)}),
    subsets=(
        Subset(BY_CLASS, "Project", f"{IOMLD}Project", "Project", 7, FILE),
        Subset(BY_REGION, "africa", IRIS.concept("region", "africa"), 'Africa & "x" $y\\', 9, FileFacts(3, "cd" * 32)),
    ),
    example="PO.1 x",
)


def _values(description: Description, predicate: str) -> set[object]:
    return {quad.object for quad in description_quads(description, IRIS) if quad.predicate.value == predicate}


def test_a_description_is_the_graph_that_it_always_was() -> None:
    """Every value reaches its place; the golden file was written by the code before the template."""
    quads = description_quads(DESCRIPTION, IRIS)
    assert sorted(rdf.serialize(quads, rdf.NQUADS).splitlines(keepends=True)) == GOLDEN.read_bytes().splitlines(
        keepends=True
    )


def test_equal_releases_have_equal_descriptions() -> None:
    """The order of the quads is that of the template."""
    assert description_quads(DESCRIPTION, IRIS) == description_quads(DESCRIPTION, IRIS)


@pytest.mark.parametrize(
    "text", ['" . <x:s> <x:p> <x:o> . #', "$license", "${", "# END\n", "# FOR EACH file\n", "é\\u0000"]
)
def test_a_publishers_name_stays_one_literal(text: str) -> None:
    """No text is read as Turtle, or as a name of the template."""
    assert _values(replace(DESCRIPTION, publisher=text), f"{FOAF}name") == {Literal(text)}


def test_the_software_is_no_publisher() -> None:
    """A catalogue needs a name; without one, it says that the publisher has none."""
    assert _values(replace(DESCRIPTION, publisher=""), f"{FOAF}name") == {Literal(f"unnamed publisher of {IRIS.base}")}


@pytest.mark.parametrize(
    ("contact", "predicate", "value"),
    [
        ("", "hasURL", NamedNode("https://w3id.org/iomld/about")),
        ("https://x.org/c", "hasURL", NamedNode("https://x.org/c")),
        ("mail@x.org", "hasEmail", NamedNode("mailto:mail@x.org")),
        ("mailto:mail@x.org", "hasEmail", NamedNode("mailto:mail@x.org")),
        ('ask "them" $you', "note", Literal('ask "them" $you')),
        ("http://bad host", "note", Literal("http://bad host")),
    ],
)
def test_a_contact_is_an_address_or_a_note(contact: str, predicate: str, value: object) -> None:
    """An e-mail or web address is a link, any other text a note."""
    assert _values(replace(DESCRIPTION, contact=contact), VCARD + predicate) == {value}


def test_a_file_without_a_hash_is_not_listed() -> None:
    """Long content is listed as its compressed file alone, so that every file that is listed can be verified."""
    files = defaultdict(lambda: FILE, {"dataset.nq": FileFacts(65 << 20, "")})
    addresses = {value.value for value in _values(replace(DESCRIPTION, files=files), f"{DCAT}downloadURL")}
    assert f"{IRIS.base}downloads/dataset.nq" not in addresses
    assert f"{IRIS.base}downloads/dataset.nq.gz" in addresses


def test_what_is_not_known_leaves_no_trace() -> None:
    """A block without rows gives no triple."""
    bare = replace(
        DESCRIPTION,
        statistics=replace(FIGURES, start=None, countries=(), links={}, properties={}, classes={}),
        subsets=(),
        example=None,
    )
    for predicate in (f"{DCTERMS}temporal", f"{DCTERMS}hasPart", f"{VOID}subset", f"{VOID}exampleResource"):
        assert not _values(bare, predicate)
    assert len(_values(bare, f"{DCTERMS}spatial")) == 1  # the catalogue's: the world
