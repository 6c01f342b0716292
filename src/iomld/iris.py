"""All IRIs that iomld mints or uses.

Terms have a fixed namespace; the IRIs of data are under a base that the publisher chooses (`IOMLD_BASE_IRI`).
"""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote

DEFAULT_BASE = "https://w3id.org/iomld/"

IATI_EXTENSION = "https://w3id.org/iomld/iati#"  # XML names in our files of IATI; no terms of RDF
IOMLD = "https://w3id.org/iomld/ns#"
SHAPES = "https://w3id.org/iomld/shapes#"
DASH = "http://datashapes.org/dash#"
DCAT = "http://www.w3.org/ns/dcat#"
DCTERMS = "http://purl.org/dc/terms/"
FOAF = "http://xmlns.com/foaf/0.1/"
OA = "http://www.w3.org/ns/oa#"
OWL = "http://www.w3.org/2002/07/owl#"
PROV = "http://www.w3.org/ns/prov#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SCHEMA = "https://schema.org/"
SH = "http://www.w3.org/ns/shacl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
SPDX = "http://spdx.org/rdf/terms#"
VCARD = "http://www.w3.org/2006/vcard/ns#"
VOID = "http://rdfs.org/ns/void#"
XSD = "http://www.w3.org/2001/XMLSchema#"

_NAMESPACES = {
    "iomld": IOMLD,
    "dcat": DCAT,
    "dcterms": DCTERMS,
    "foaf": FOAF,
    "oa": OA,
    "owl": OWL,
    "prov": PROV,
    "rdf": RDF,
    "rdfs": RDFS,
    "schema": SCHEMA,
    "skos": SKOS,
    "spdx": SPDX,
    "vcard": VCARD,
    "void": VOID,
    "xsd": XSD,
}

# The schemes that records refer to; each has a prefix of the same name.
_SCHEMES = ("status", "type", "coverage", "region", "framework", "method", "review")


@dataclass(frozen=True, slots=True)
class Iris:
    """The IRIs of resources and documents under a base.

    Attributes:
        base: The base IRI, ending in a slash.

    >>> Iris().project("PO.0105")
    'https://w3id.org/iomld/id/project/PO.0105'
    >>> Iris("http://x/").project("A/B %")
    'http://x/id/project/A%2FB%20%25'
    """

    base: str = DEFAULT_BASE

    def project(self, key: str) -> str:
        """The project itself, as opposed to the document about it."""
        return f"{self.base}id/project/{_segment(key)}"

    def record(self, key: str) -> str:
        """The document about a project; also the name of its graph."""
        return f"{self.base}doc/project/{_segment(key)}"

    def record_key(self, graph: str) -> str | None:
        """The key of the project whose record a graph is; None for any other graph.

        >>> Iris().record_key(Iris().record("A/B")), Iris().record_key(Iris().graph("schemes"))
        ('A/B', None)
        """
        start = self.record("")
        name = graph[len(start) :]
        return unquote(name) if graph.startswith(start) and "/" not in name else None

    def project_key(self, project: str) -> str | None:
        """The key of a project, by its IRI; None for any other IRI.

        >>> Iris().project_key(Iris().project("A/B")), Iris().project_key(Iris().record("PO.0105"))
        ('A/B', None)
        """
        start = self.project("")
        name = project[len(start) :]
        return unquote(name) if project.startswith(start) and "/" not in name else None

    def revision(self, key: str, number: int) -> str:
        """One revision of the document, counted from 1."""
        return f"{self.record(key)}/rev/{number}"

    def budget(self, key: str) -> str:
        """The budget node of a project."""
        return f"{self.project(key)}#budget"

    def mention(self, key: str, number: int) -> str:
        """A mention, counted from 1."""
        return f"{self.project(key)}#m{number}"

    def mention_nodes(self, key: str, number: int) -> tuple[str, str, str, str]:
        """A mention, its target, the quote and the position.

        >>> Iris("http://x/").mention_nodes("PO.0105", 2)[1]
        'http://x/id/project/PO.0105#m2-target'
        """
        mention = self.mention(key, number)
        return mention, f"{mention}-target", f"{mention}-quote", f"{mention}-position"

    def text(self, key: str, field: str, language: str) -> str:
        """A text of a project in one language (`#narrative-en`), which the positions of mentions refer to."""
        return f"{self.record(key)}#{field}-{language}"

    def country(self, code: str) -> str:
        """A member state or another country."""
        return f"{self.base}id/country/{_segment(code)}"

    def fund(self, code: str) -> str:
        """A fund that pays for projects."""
        return f"{self.base}id/fund/{_segment(code)}"

    def organization(self, identifier: str) -> str:
        """Another organization that pays for projects, by its identifier in IATI."""
        return f"{self.base}id/organization/{_segment(identifier)}"

    def concept(self, scheme: str, code: str) -> str:
        """A concept of a scheme."""
        return f"{self.base}scheme/{scheme}/{_segment(code)}"

    def derivation(self, key: str, number: int, sha256: str) -> str:
        """The derivation of a revision from one source."""
        return f"{self.revision(key, number)}#from-{sha256[:12]}"

    def provenance(self) -> str:
        """What the IRIs of sources, runs and software begin with."""
        return f"{self.base}prov/"

    def snapshot(self, sha256: str) -> str:
        """The exact bytes received from a source, named by their hash."""
        return f"{self.provenance()}source/{sha256[:12]}"

    def run(self, name: str) -> str:
        """A publishing run."""
        return f"{self.provenance()}run/{_segment(name)}"

    def review(self, sha256: str) -> str:
        """The review of a mention by a person, named by the hash of what was decided and when."""
        return f"{self.provenance()}review/{sha256[:12]}"

    def submission(self, id_: str) -> str:
        """A submission that was published, as an activity."""
        return f"{self.provenance()}submission/{_segment(id_)}"

    def receipt(self, id_: str) -> str:
        """The receipt of a submission."""
        return f"{self.base}receipts/{_segment(id_)}"

    def matcher(self, version: str) -> str:
        """The software that finds framework mentions, by its version."""
        return f"{self.provenance()}matcher/{_segment(version)}"

    def agent(self, version: str) -> str:
        """The software itself, by its version."""
        return f"{self.provenance()}agent/iomld-{_segment(version)}"

    def graph(self, name: str) -> str:
        """A shared graph: `ontology`, `schemes`, `countries`, `queries`, `prov`, `dataset`."""
        return f"{self.base}graph/{name}"

    def skolem(self, name: str) -> str:
        """The Skolem IRI that replaces a blank node (RDF 1.1 Concepts section 3.5)."""
        return f"{self.base}.well-known/genid/{_segment(name)}"

    def dataset(self) -> str:
        """The dataset of all projects."""
        return f"{self.base}dataset/projects"

    def saved_query(self, name: str, release: str = "") -> str:
        """A saved query, or the version of it that a release has.

        >>> Iris().saved_query("budgets", "20261130T112033Z-12ab34cd")
        'https://w3id.org/iomld/saved/budgets@20261130T112033Z-12ab34cd'
        """
        return f"{self.base}saved/{_segment(name)}" + (f"@{_segment(release)}" if release else "")

    def prefixes(self) -> dict[str, str]:
        """The prefixes of our Turtle and of the query page."""
        return (
            _NAMESPACES
            | {
                "prj": f"{self.base}id/project/",
                "doc": f"{self.base}doc/project/",
                "cty": f"{self.base}id/country/",
            }
            | {name: f"{self.base}scheme/{name}/" for name in _SCHEMES}
        )


@lru_cache(maxsize=4096)
def _segment(text: str) -> str:
    return quote(text, safe="")


def local_name(iri: str) -> str:
    """The part after the last `#` or `/`.

    >>> local_name("https://w3id.org/iomld/ns#budgetUSD")
    'budgetUSD'
    """
    return iri.rsplit("#", 1)[-1].rsplit("/", 1)[-1]
