"""What every entry of the catalogue has in common, in the values that DCAT-AP 3 wants.

Portals check a catalogue alone: things that it points to must have their class in it, and themes, languages and
formats come from the tables of the EU's publications office.
"""

from collections.abc import Iterable, Iterator

from pyoxigraph import NamedNode, Quad

from iomld.formats import rdf
from iomld.iris import DCAT, DCTERMS, FOAF, PROV, RDF, SKOS, SPDX
from iomld.release.sayer import Sayer

_TABLES = "http://publications.europa.eu/resource/authority/"
_THEMES = (("INTR", "International issues"), ("SOCI", "Population and society"))
_KEYWORDS = ("migration", "development projects", "policy frameworks")
THEME_TAXONOMY = f"{_TABLES}data-theme"
ENGLISH, FRENCH, SPANISH = (f"{_TABLES}language/{code}" for code in ("ENG", "FRA", "SPA"))
WORLD = "http://metadata.un.org/sdg/codes/geoArea/001"
# By media type.
FILE_TYPES = {
    rdf.NQUADS.media_type: f"{_TABLES}file-type/RDF_N_QUADS",
    rdf.NTRIPLES.media_type: f"{_TABLES}file-type/RDF_N_TRIPLES",
    rdf.TURTLE.media_type: f"{_TABLES}file-type/RDF_TURTLE",
    rdf.JSONLD.media_type: f"{_TABLES}file-type/JSON_LD",
    "text/csv": f"{_TABLES}file-type/CSV",
}
# The class of what a property points to.
_CLASSES = {
    f"{DCTERMS}license": f"{DCTERMS}LicenseDocument",
    f"{DCTERMS}language": f"{DCTERMS}LinguisticSystem",
    f"{DCTERMS}spatial": f"{DCTERMS}Location",
    f"{DCTERMS}conformsTo": f"{DCTERMS}Standard",
    f"{DCTERMS}format": f"{DCTERMS}MediaTypeOrExtent",
    f"{DCAT}mediaType": f"{DCTERMS}MediaType",
    f"{DCAT}compressFormat": f"{DCTERMS}MediaType",
    f"{DCAT}landingPage": f"{FOAF}Document",
    f"{FOAF}homepage": f"{FOAF}Document",
    f"{SPDX}algorithm": f"{SPDX}ChecksumAlgorithm",
    f"{PROV}wasGeneratedBy": f"{PROV}Activity",
}


def entry_quads(say: Sayer, entry: str, license_: str) -> Iterator[Quad]:
    """Say of a dataset or service who publishes it, where to ask, under which licence, and what it is about.

    Args:
        say: Makes the quads.
        entry: Its IRI.
        license_: IRI of the licence.
    """
    yield say.link(entry, f"{DCTERMS}publisher", say.part("publisher"))
    yield say.link(entry, f"{DCAT}contactPoint", say.part("contact"))
    yield say.link(entry, f"{DCTERMS}license", license_)
    for keyword in _KEYWORDS:
        yield say.words(entry, f"{DCAT}keyword", keyword)
    for code, _ in _THEMES:
        yield say.link(entry, f"{DCAT}theme", f"{THEME_TAXONOMY}/{code}")


def theme_quads(say: Sayer) -> Iterator[Quad]:
    """Name the themes and the table that they are from."""
    yield say.link(THEME_TAXONOMY, f"{RDF}type", f"{SKOS}ConceptScheme")
    yield say.words(THEME_TAXONOMY, f"{DCTERMS}title", "Data theme")
    for code, name in _THEMES:
        theme = f"{THEME_TAXONOMY}/{code}"
        yield say.link(theme, f"{RDF}type", f"{SKOS}Concept")
        yield say.link(theme, f"{SKOS}inScheme", THEME_TAXONOMY)
        yield say.words(theme, f"{SKOS}prefLabel", name)


def class_quads(say: Sayer, described: Iterable[Quad]) -> Iterator[Quad]:
    """Say of what class the things are that a description points to, each once, in a fixed order."""
    pairs = {
        (quad.object.value, _CLASSES[quad.predicate.value])
        for quad in described
        if quad.predicate.value in _CLASSES and isinstance(quad.object, NamedNode)
    }
    return (say.link(thing, f"{RDF}type", class_) for thing, class_ in sorted(pairs))
