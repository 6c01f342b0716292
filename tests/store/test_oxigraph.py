"""Stores on disk: built, copied, changed graph by graph, read."""

from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad

from iomld import store
from iomld.errors import StoreError
from iomld.store import oxigraph

EX = "http://example.org/"


def quad(subject: str, value: str, graph: str) -> Quad:
    """A quad with a text."""
    return Quad(NamedNode(EX + subject), NamedNode(f"{EX}p"), Literal(value), NamedNode(EX + graph))


def test_a_store_is_built_from_quads_or_a_file(tmp_path: Path) -> None:
    """Both ways give the same graphs."""
    quads = [quad("a", "1", "g2"), quad("b", "2", "g1")]
    file = tmp_path / "some.nq"
    file.write_text("".join(f"{one} .\n" for one in quads), encoding="utf-8")
    store.build_store(tmp_path / "one", quads)
    store.build_store(tmp_path / "two", file)
    expected = [(f"{EX}g1", [quads[1]]), (f"{EX}g2", [quads[0]])]
    for name in ("one", "two"):
        assert list(store.quads_by_graph(store.open_read_only(tmp_path / name))) == expected


def test_a_copy_is_changed_without_the_old_one(tmp_path: Path) -> None:
    """Graphs are replaced in a hard-linked copy while the old store stays open, and as it was."""
    store.build_store(tmp_path / "old", [quad("a", "1", "g1"), quad("b", "2", "g2"), quad("c", "3", "g3")])
    old = store.open_read_only(tmp_path / "old")
    store.copy_store(tmp_path / "old", tmp_path / "new")
    more = tmp_path / "more.nq"
    more.write_text(f"{quad('d', '4', 'g4')} .\n", encoding="utf-8")
    store.update_store(tmp_path / "new", remove=[f"{EX}g1", f"{EX}absent"], files=[more], quads=[quad("a", "9", "g1")])
    new = store.open_read_only(tmp_path / "new")
    assert store.sorted_graphs(new) == [f"{EX}g{number}" for number in (1, 2, 3, 4)]
    assert list(store.graph_quads(new, f"{EX}g1")) == [quad("a", "9", "g1")]
    assert list(store.graph_quads(old, f"{EX}g1")) == [quad("a", "1", "g1")]


def test_optimizing_changes_nothing_that_is_said(tmp_path: Path) -> None:
    """A compacted store holds the same quads."""
    store.update_store(tmp_path / "s", quads=[quad("a", "1", "g1")])
    store.optimize_store(tmp_path / "s")
    assert list(store.open_read_only(tmp_path / "s")) == [quad("a", "1", "g1")]


def test_the_subjects_of_a_literal_are_found(tmp_path: Path) -> None:
    """They may be in any graph."""
    store.build_store(tmp_path / "s", [quad("a", "1", "g1"), quad("b", "2", "g2"), quad("c", "1", "g3")])
    opened = store.open_read_only(tmp_path / "s")
    assert sorted(store.subjects_of(opened, f"{EX}p", "1")) == [f"{EX}a", f"{EX}c"]
    assert not list(store.subjects_of(opened, f"{EX}p", "3"))


def test_a_large_file_is_loaded_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line arrives, wherever a batch ends, in a new store and in one that is changed; work can be stopped."""
    monkeypatch.setattr(oxigraph, "_BATCH_BYTES", 100)
    monkeypatch.setattr(oxigraph, "_TRANSACTION_BYTES", 200)
    lines = [f"{quad(f's{number}', 'é' * number, 'g')} .\n" for number in range(40)]
    half = tmp_path / "half.nq", tmp_path / "other.nq"
    half[0].write_text("".join(lines[:20]), encoding="utf-8")
    half[1].write_text("".join(lines[20:]), encoding="utf-8")
    store.update_store(tmp_path / "s", files=[half[0]])
    store.update_store(tmp_path / "s", files=[half[1]], remove=[f"{EX}absent"])
    assert sorted(f"{one} .\n" for one in store.open_read_only(tmp_path / "s")) == sorted(lines)
    store.update_store(tmp_path / "none", files=half, is_wanted=lambda: False)
    assert not list(store.open_read_only(tmp_path / "none"))


def test_faults_name_the_folder(tmp_path: Path) -> None:
    """A missing, a present and a broken store each give a StoreError with the place."""
    with pytest.raises(StoreError, match="absent: no store here"):
        store.open_read_only(tmp_path / "absent")
    store.build_store(tmp_path / "s", [])
    with pytest.raises(StoreError, match="there is a store already"):
        store.build_store(tmp_path / "s", [])
    with pytest.raises(StoreError, match="exists already"):
        store.copy_store(tmp_path / "s", tmp_path / "s")
    broken = tmp_path / "broken.nq"
    broken.write_text("<a:a> <a:b> .\n", encoding="utf-8")
    with pytest.raises(StoreError, match="do not parse"):
        store.update_store(tmp_path / "s", files=[broken])
