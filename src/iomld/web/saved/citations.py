"""The citation of a saved query's answer in a release: a sentence, a CITATION.cff and an entry for BibTeX."""

import json
from collections.abc import Mapping

from iomld.browse.dataset import publisher_name
from iomld.browse.view import license_of
from iomld.release.description import unnamed_publisher
from iomld.saved.parameters import Value
from iomld.web.pages.structured_data import Citation, bibtex_entry, tex_text
from iomld.web.saved.versions import SavedVersion

CFF_TYPE = "application/yaml"
BIBTEX_TYPE = "application/x-bibtex"


def answer_citation(version: SavedVersion, values: Mapping[str, Value]) -> Citation:
    """The sentence and the entry for BibTeX; nobody is named without a publisher."""
    title, day = _title(version, values), version.view.release.manifest.created[:10]
    publisher = publisher_name(version.view)
    edition = ", ".join(filter(None, (publisher, f"{'release' if publisher else 'Release'} {version.release}", day)))
    fields = {
        "title": f"{{{tex_text(title)}}}",
        "publisher": f"{{{tex_text(publisher)}}}" if publisher else "",
        "year": day[:4],
        "version": version.release,
        "url": version.iri(values),
    }
    return Citation(f"{title}. {edition}. {version.iri(values)}", bibtex_entry(f"{version.query.name}-{day}", fields))


def citation_file(version: SavedVersion, values: Mapping[str, Value]) -> bytes:
    """The citation in the Citation File Format 1.2.0 (https://citation-file-format.github.io/).

    Texts are written as in JSON, which YAML reads.
    """
    lines = {
        "cff-version": "1.2.0",
        "message": "If you use this answer, please cite it as below.",
        "type": "dataset",
        "title": _title(version, values),
        "authors": [{"name": publisher_name(version.view) or unnamed_publisher(version.view.iris)}],
        "version": version.release,
        "date-released": version.view.release.manifest.created[:10],
        "url": version.iri(values),
        "abstract": version.query.summary,
        "keywords": list(version.query.tags),
        "license-url": license_of(version.view) or "",
    }
    return "".join(f"{name}: {_yaml(value)}\n" for name, value in lines.items() if value).encode()


def _yaml(value: object) -> str:
    """A text or a list in YAML; a date in quotes is still a text, as the format wants."""
    return json.dumps(value, ensure_ascii=False)


def _title(version: SavedVersion, values: Mapping[str, Value]) -> str:
    """The title, with the parameters that are not the defaults."""
    given = ", ".join(f"{name}: {text}" for name, text in version.query.given(values).items())
    return f"{version.query.title} ({given})" if given else version.query.title
