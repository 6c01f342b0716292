"""The formats of the difference between two releases: text, JSON, CSV, N-Quads and RDF Patch, each in chunks.

RDF Patch (https://afs.github.io/rdf-delta/rdf-patch.html) is exact: applied to the quads of the old release it gives
those of the new one. All its deletions come before its additions, and its ids are the IRIs of the publishing runs.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from iomld.export.csv import csv_head, csv_rows
from iomld.export.differences import GraphDifference, ReleaseDifference
from iomld.pipeline.differences import ProjectDifference

_CSV_HEADER = ("project", "change", "field", "before", "after", "reason")


@dataclass(frozen=True, slots=True)
class DifferenceFormat:
    """A format of the difference between two releases.

    Attributes:
        name: Its name.
        media_type: Its media type (RFC 6838), without a charset.
        chunks: Gives the content, while the releases are compared.
    """

    name: str
    media_type: str
    chunks: Callable[[ReleaseDifference], Iterator[bytes]]


def text_lines(difference: ReleaseDifference) -> Iterator[bytes]:
    """Lines for people: each project with its fields, other graphs with their numbers of quads, and the totals."""
    counts = difference.counts
    yield f"from       {difference.since or 'nothing'}\nto         {difference.until}\n".encode()
    for one in difference.graphs():
        if one.is_record:
            yield "".join(f"{line}\n" for line in difference.project(one).lines()).encode()
        else:
            yield f"{one.change:<10} {one.graph}: {len(one.added())} quads more, {len(one.removed())} less\n".encode()
    yield (
        f"projects   {counts.projects:>8} that differ: {counts.added} added, {counts.changed} changed, "
        f"{counts.removed} removed\n"
    ).encode()
    if counts.graphs:
        yield f"graphs     {counts.graphs:>8} others that differ\n".encode()


def json_chunks(difference: ReleaseDifference) -> Iterator[bytes]:
    """A JSON object: the releases, counts, projects by field as in `report.json`, and other graphs."""
    counts = difference.counts
    head = {
        "since": difference.since,
        "until": difference.until,
        "added": counts.added,
        "changed": counts.changed,
        "removed": counts.removed,
        "otherGraphs": counts.graphs,
    }
    yield json.dumps(head, indent=2).encode().removesuffix(b"\n}") + b',\n  "projects": ['
    separator, is_in_projects = b"\n    ", True
    for one in difference.graphs():
        if is_in_projects and not one.is_record:
            yield b'\n  ],\n  "graphs": ['
            separator, is_in_projects = b"\n    ", False
        values = difference.project(one).to_json() if one.is_record else _graph_json(one)
        yield separator + json.dumps(values, ensure_ascii=False).encode()
        separator = b",\n    "
    yield b"\n  ]\n}\n" if not is_in_projects else b'\n  ],\n  "graphs": []\n}\n'


def _graph_json(one: GraphDifference) -> dict[str, object]:
    return {"graph": one.graph, "change": one.change, "added": len(one.added()), "removed": len(one.removed())}


def csv_chunks(difference: ReleaseDifference) -> Iterator[bytes]:
    """A table with a row for each field of each project that differs; in the form of our other tables."""
    yield csv_head(_CSV_HEADER)
    for one in difference.graphs():
        if one.is_record:
            yield csv_rows(_cells(difference.project(one)))


def _cells(project: ProjectDifference) -> Iterator[tuple[str, ...]]:
    for field in project.fields:
        before, after = ("; ".join(values) for values in (field.before, field.after))
        yield project.key, project.change, field.field, before, after, project.reason


def nquads_lines(difference: ReleaseDifference) -> Iterator[bytes]:
    """N-Quads in two parts, each after a comment: those that were removed, and those that were added."""
    yield f"# removed: only in {difference.since}\n".encode()
    yield from removed_lines(difference)
    yield f"# added: only in {difference.until}\n".encode()
    yield from added_lines(difference)


def removed_lines(difference: ReleaseDifference) -> Iterator[bytes]:
    """The N-Quads that only the old release has."""
    return (line for one in difference.graphs() for line in one.removed())


def added_lines(difference: ReleaseDifference) -> Iterator[bytes]:
    """The N-Quads that only the new release has."""
    return (line for one in difference.graphs() for line in one.added())


def patch_rows(difference: ReleaseDifference) -> Iterator[bytes]:
    """RDF Patch: one transaction with all deletions, then all additions."""
    for word, name in (("id", difference.until), ("prev", difference.since)):
        if name:
            yield f"H {word} <{difference.iris.run(name)}> .\n".encode()
    yield b"TX .\n"
    yield from (b"D " + line for line in removed_lines(difference))
    yield from (b"A " + line for line in added_lines(difference))
    yield b"TC .\n"


DIFFERENCE_FORMATS: Mapping[str, DifferenceFormat] = {
    format_.name: format_
    for format_ in (
        DifferenceFormat("text", "text/plain", text_lines),
        DifferenceFormat("json", "application/json", json_chunks),
        DifferenceFormat("csv", "text/csv", csv_chunks),
        DifferenceFormat("nquads", "application/n-quads", nquads_lines),
        DifferenceFormat("rdf-patch", "application/rdf-patch", patch_rows),
    )
}
