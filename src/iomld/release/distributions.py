"""Describe the files of a release to catalogues: distributions, and the datasets that are parts of the dataset.

A part is a dataset of its own (`dcterms:isPartOf`), because all distributions of one dataset hold the same (DCAT 3,
section 6.8). The catalogue lists the whole alone, so that a portal does not show its parts beside it as others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyoxigraph import Quad

from iomld.formats import rdf
from iomld.formats.rdf import Format
from iomld.iris import DCAT, DCTERMS, RDF, SPDX, VOID
from iomld.release.catalogued import FILE_TYPES, entry_quads
from iomld.release.nquads import FileFacts
from iomld.release.sayer import Sayer
from iomld.release.subsets import BY_CLASS, FORMAT_NAMES, Part, part_file

_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
_ABOUT = {
    rdf.NQUADS.media_type: "A line for each triple, with the graph that says it; the lines are sorted.",
    rdf.NTRIPLES.media_type: "A line for each triple; the lines are sorted.",
    rdf.TURTLE.media_type: "The triples of each subject together, with prefixes.",
    rdf.JSONLD.media_type: "A list of nodes, expanded, without a context.",
    "text/csv": "A row for each, with a row of headings.",
}
_TABLES = (("projects.csv", "Table of projects, CSV"), ("mentions.csv", "Table of mentions, CSV"))


@dataclass(frozen=True, slots=True)
class Distribution:
    """A file as catalogues want to know it.

    Attributes:
        file: Its name under `/downloads/`.
        title: What it is.
        media_type: Its type, unpacked.
        license: IRI of the licence.
        facts: Length and hash, where they are known.
    """

    file: str
    title: str
    media_type: str
    license: str
    facts: FileFacts | None = None


def whole_distributions(license_: str, plain: FileFacts, packed: FileFacts) -> Iterator[Distribution]:
    """The files that hold the whole dataset, and its tables, each packed and not.

    Args:
        license_: IRI of the licence.
        plain: The N-Quads file.
        packed: The same, packed.
    """
    known = {"dataset.nq": plain, "dataset.nq.gz": packed}
    dumps = [(f"dataset.{form.suffix}", f"All records, {name}", form.media_type) for form, name in FORMAT_NAMES.items()]
    for file, title, media_type in (*dumps, *((file, title, "text/csv") for file, title in _TABLES)):
        yield Distribution(file, title, media_type, license_, known.get(file))
        yield Distribution(f"{file}.gz", f"{title}, packed", media_type, license_, known.get(f"{file}.gz"))


def distribution_quads(say: Sayer, dataset: str, node: str, one: Distribution) -> Iterator[Quad]:
    """Describe a file of a dataset.

    Args:
        say: Makes the quads.
        dataset: IRI of the dataset.
        node: IRI of the distribution.
        one: The file.
    """
    address = f"{say.iris.base}downloads/{one.file}"
    if one.media_type != "text/csv":
        yield say.link(dataset, f"{VOID}dataDump", address)
    yield say.link(dataset, f"{DCAT}distribution", node)
    yield say.link(node, f"{RDF}type", f"{DCAT}Distribution")
    yield say.words(node, f"{DCTERMS}title", one.title)
    yield say.link(node, f"{DCAT}accessURL", f"{say.iris.base}downloads")
    yield say.link(node, f"{DCAT}downloadURL", address)
    yield say.link(node, f"{DCAT}mediaType", _MEDIA_TYPES + one.media_type)
    yield say.link(node, f"{DCTERMS}format", FILE_TYPES[one.media_type])
    yield say.words(node, f"{DCTERMS}description", _ABOUT[one.media_type])
    yield say.link(node, f"{DCTERMS}license", one.license)
    if one.file.endswith(".gz"):
        yield say.link(node, f"{DCAT}compressFormat", f"{_MEDIA_TYPES}application/gzip")
    if one.facts:
        yield from _file_facts(say, node, one.facts)


def part_quads(say: Sayer, parts: Sequence[Part], title: str, license_: str) -> Iterator[Quad]:
    """Describe the parts of the dataset, each as a dataset with its files.

    Args:
        say: Makes the quads.
        parts: The parts.
        title: Title of the whole.
        license_: IRI of the licence.
    """
    for part in parts:
        node = part_node(say, part)
        yield say.link(say.dataset, f"{DCTERMS}hasPart", node)
        yield say.link(node, f"{DCTERMS}isPartOf", say.dataset)
        yield say.link(node, f"{RDF}type", f"{DCAT}Dataset")
        yield say.link(node, f"{RDF}type", f"{VOID}Dataset")
        yield say.words(node, f"{DCTERMS}title", f"{title}: {part.label}")
        yield say.words(node, f"{DCTERMS}description", _about(part))
        yield say.text(node, f"{DCTERMS}identifier", node)
        yield from entry_quads(say, node, license_)
        if part.kind is not BY_CLASS:  # what a class has is its void:classPartition already
            yield say.link(say.dataset, f"{VOID}subset", node)
            yield say.link(node, f"{DCTERMS}spatial", part.about)
        for form in part.kind.offered:
            yield from distribution_quads(say, node, f"{node}-{form.suffix}", _of_part(part, form, license_))


def part_node(say: Sayer, part: Part) -> str:
    """The IRI of a part of the dataset; of a class its `void:classPartition`."""
    return say.partition("class", part.about) if part.kind is BY_CLASS else say.part(f"region-{part.name}")


def _about(part: Part) -> str:
    if part.kind is BY_CLASS:
        return f"What the dataset says of each thing of the class <{part.about}>."
    return f"The projects of the region {part.label} with all that their graphs hold, the region and its countries."


def _of_part(part: Part, form: Format, license_: str) -> Distribution:
    facts = part.facts if form is part.kind.written else None
    title = f"{part.label}, {FORMAT_NAMES[form]}, packed"
    return Distribution(part_file(part.kind, part.name, form), title, form.media_type, license_, facts)


def _file_facts(say: Sayer, distribution: str, facts: FileFacts) -> Iterator[Quad]:
    checksum = f"{distribution}-checksum"
    yield say.text(distribution, f"{DCAT}byteSize", facts.size_bytes, "nonNegativeInteger")
    yield say.link(distribution, f"{SPDX}checksum", checksum)
    yield say.link(checksum, f"{RDF}type", f"{SPDX}Checksum")
    yield say.link(checksum, f"{SPDX}algorithm", f"{SPDX}checksumAlgorithm_sha256")
    yield say.text(checksum, f"{SPDX}checksumValue", facts.sha256, "hexBinary")
