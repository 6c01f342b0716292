"""Framed documents of projects, read from the dataset as JSON-LD, against those made from the store."""

import json
import random
from pathlib import Path

import pytest

from iomld.browse.framed_documents import framed_documents
from iomld.browse.view import ReleaseView, open_view, project_document
from iomld.errors import StoreError
from iomld.export.shard_files import dataset_file
from iomld.formats import rdf
from iomld.formats.jsonld import framed_project
from iomld.release import FILES, Release, current_release
from iomld.release.nquads import read_graphs
from iomld.release.shards.table import read_table


def opened(datadir: Path) -> ReleaseView:
    """The current release of a folder, open."""
    return open_view(served(datadir))


def served(datadir: Path) -> Release:
    """The current release of a folder."""
    release = current_release(datadir)
    assert release is not None
    return release


def test_documents_are_those_of_the_store_in_the_order_of_the_keys(datadir: Path) -> None:
    """All bundled projects, from several shards, in any order; each is one line."""
    view = opened(datadir)
    assert len(read_table(view.release.file(FILES.shards))) > 2
    graphs = read_graphs(view.release.file(FILES.graphs))
    keys = [key for graph in graphs if (key := view.iris.record_key(graph))]
    random.Random(1).shuffle(keys)  # noqa: S311  # for a test alone
    documents = framed_documents(view, keys)
    assert not any(b"\n" in document for document in documents)
    assert [json.loads(document) for document in documents] == [made_from_the_store(view, key) for key in keys]


def made_from_the_store(view: ReleaseView, key: str) -> object:
    """The document of a project, made from its graph in the store."""
    quads = project_document(view, key) or ()
    document = framed_project(quads, base=view.iris.base, fields=view.vocabulary.fields)
    return json.loads(json.dumps(document))


def test_a_damaged_file_is_named(page_data: Path) -> None:
    """No other bytes are served for those that were published."""
    view = opened(page_data)
    name = dataset_file(rdf.JSONLD)
    path, content = view.release.file(name), bytearray(view.release.file(name).read_bytes())
    start = read_table(view.release.file(FILES.shards)).places(name).start(0)
    content[start + 100 : start + 200] = bytes(100)
    path.unlink()  # other tests may have the same file
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"dataset\.jsonld\.gz: the file is damaged"):
        framed_documents(view, ["PO.9001"])


def test_a_release_without_a_table_of_shards_has_documents_too(page_data: Path) -> None:
    """Earlier versions wrote no table, or another one."""
    view = opened(page_data)
    view.release.file(FILES.shards).unlink()
    (document,) = framed_documents(view, ["PO.9001"])
    assert json.loads(document) == made_from_the_store(view, "PO.9001")
