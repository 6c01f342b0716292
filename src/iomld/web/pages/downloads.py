"""The downloads page: the files of a release by what they are needed for, each with its size, hash and command."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from iomld.browse.dataset import (
    ListedFile,
    class_subsets,
    dataset_downloads,
    dataset_facts,
    region_subsets,
    triple_count,
)
from iomld.browse.view import ReleaseView
from iomld.messages import gettext_noop
from iomld.release.downloads import MENTIONS_FILE, METADATA_FILE, PACKAGE_FILE, PROJECTS_FILE
from iomld.web.pages.frame import page_html
from iomld.web.pages.structured_data import dataset_markup

_NEEDS = (
    (
        "json",
        gettext_noop("Projects as JSON"),
        gettext_noop(
            "The list “@graph” has first a JSON object for each record, with its project: budget, dates, countries and "
            "the policy frameworks that its texts name. Then come all other resources; take the objects with "
            "“type”: “Project”. It is also JSON-LD, with its context inside, so RDF tools need to fetch nothing."
        ),
        (("dataset.jsonld", gettext_noop("for programs: any JSON tool can read it")),),
    ),
    (
        "tables",
        gettext_noop("Tables for a spreadsheet"),
        gettext_noop(
            "CSV files in UTF-8 with all fields of the records, for a spreadsheet or a statistics program; iomld reads "
            "them back. Both tables have the code of the project, by which you can join them."
        ),
        (
            (PROJECTS_FILE, gettext_noop("the projects, one in each row")),
            (MENTIONS_FILE, gettext_noop("the passages that name a policy framework, one in each row")),
        ),
    ),
    (
        "rdf",
        gettext_noop("RDF for a graph library or a triple store"),
        gettext_noop(
            "All triples of the release in one graph: projects, countries, frameworks, lists and the ontology. "
            "Both files hold the same; choose one."
        ),
        (
            ("dataset.ttl", gettext_noop("Turtle: shorter, and easier to read for people")),
            ("dataset.nt", gettext_noop("N-Triples: one triple on each line, for large data and line by line")),
        ),
    ),
    (
        "everything",
        gettext_noop("Everything, with its named graphs"),
        gettext_noop(
            "N-Quads name the graph of each triple, so you can see which project record states it. "
            "The same records always give the same bytes."
        ),
        (("dataset.nq", gettext_noop("for a triple store with named graphs, or to compare two releases")),),
    ),
)


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """A file with its compressed form.

    Attributes:
        plain: The file.
        compressed: The same, compressed.
        use: What it is for, in English.
        command: A command that downloads the compressed form.
    """

    plain: ListedFile
    compressed: ListedFile
    use: str
    command: str


@dataclass(frozen=True, slots=True)
class Need:
    """What files are needed for.

    Attributes:
        anchor: The identifier of its section.
        title: Its title, in English.
        text: What the files hold, in English.
        files: The files.
    """

    anchor: str
    title: str
    text: str
    files: tuple[OfferedFile, ...]

    @property
    def measured(self) -> tuple[ListedFile, ...]:
        """The files whose hash is known, which is all of them but long ones without compression."""
        return tuple(one for offered in self.files for one in (offered.compressed, offered.plain) if one.facts.sha256)


def downloads_html(view: ReleaseView, server: str) -> bytes:
    """The downloads page.

    Args:
        view: The release.
        server: The server's address in commands, without a slash at the end.
    """
    facts = dataset_facts(view)
    return page_html(
        view,
        "downloads.html",
        "/downloads",
        manifest=view.release.manifest,
        triples=triple_count(view),
        needs=tuple(_needs(view, server)),
        column_files=(METADATA_FILE, PACKAGE_FILE),
        pages_command=f"curl -L {shlex.quote(f'{server}/projects.jsonld')}",
        classes=class_subsets(view),
        regions=region_subsets(view),
        markup=dataset_markup(facts) if facts else "",
    )


def _needs(view: ReleaseView, server: str) -> Iterator[Need]:
    listed = {file.name: file for file in dataset_downloads(view)}
    for anchor, title, text, uses in _NEEDS:
        files = (
            OfferedFile(
                listed[name], listed[f"{name}.gz"], use, f"curl -LO {shlex.quote(f'{server}/downloads/{name}.gz')}"
            )
            for name, use in uses
            if name in listed and f"{name}.gz" in listed  # a release of an earlier version does not hold all
        )
        yield Need(anchor, title, text, tuple(files))
