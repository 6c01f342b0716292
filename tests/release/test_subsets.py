"""Classes and regions of a dataset as files of their own."""

import gzip
from pathlib import Path

import pytest

from iomld.iris import IOMLD, RDF, SKOS, Iris
from iomld.release import subsets
from iomld.release.nquads import write_gzip
from iomld.release.subsets import BY_CLASS, BY_REGION, Subset, SubsetSelection, write_subsets

B = "http://x/"
_COUNTRY, _A, _SHARED = f"<{B}id/country/KE>", f"<{B}id/project/A>", f"<{B}graph/countries>"


def _quad(subject: str, predicate: str, value: str, graph: str) -> bytes:
    return f"{subject} <{predicate}> {value} {graph} .\n".encode()


def _record(key: str) -> str:
    return f"<{B}doc/project/{key}>"


def _region(code: str) -> str:
    return f"<{B}scheme/region/{code}>"


ABOUT_A = [
    _quad(_A, f"{RDF}type", f"<{IOMLD}Project>", _record("A")),
    _quad(_A, f"{IOMLD}region", _region("africa"), _record("A")),
    _quad(f"<{B}id/project/A#budget>", f"{RDF}type", f"<{B}Amount>", _record("A")),
    _quad(f"<{B}prov/source/1>", f"{IOMLD}sha256", '"1 <2> ."', _record("A")),
]
ABOUT_KENYA = [
    _quad(_COUNTRY, f"{RDF}type", f"<{IOMLD}MemberState>", _SHARED),
    _quad(_COUNTRY, f"{IOMLD}inRegion", _region("africa"), _SHARED),
]
ABOUT_AFRICA = [
    _quad(_region("africa"), f"{RDF}type", f"<{SKOS}Concept>", f"<{B}graph/schemes>"),
    _quad(_region("africa"), f"{RDF}type", f"<{SKOS}Concept>", f"<{B}graph/include/more>"),
]
OTHERS = [
    _quad(f"<{B}id/project/B>", f"{RDF}type", f"<{IOMLD}Project>", _record("B")),
    _quad(f"<{B}id/project/C>", f"{IOMLD}region", _region("africa"), f"<{B}graph/include/more>"),
    _quad(f"<{B}id/project/D>", f"{IOMLD}region", _region("europe"), _record("D")),
    _quad(f"<{B}id/project/D>", f"{IOMLD}region", _region("africa"), _record("D")),
]
CLASSES = {f"{IOMLD}Project": 2, f"{IOMLD}MemberState": 1, f"{SKOS}Concept": 1, f"{B}Amount": 1}
REGIONS = {"africa": "Africa", "europe": "Europe"}


def _written(folder: Path, classes: dict[str, int]) -> dict[str, tuple[Subset, list[bytes]]]:
    """The parts of the dataset above by the names of their files, each with its lines."""
    write_gzip(sorted([*ABOUT_A, *ABOUT_KENYA, *ABOUT_AFRICA, *OTHERS]), folder / "dataset.nq.gz", base=B)
    found = write_subsets(folder / "dataset.nq.gz", folder, iris=Iris(B), selection=SubsetSelection(classes, REGIONS))
    return {
        one.file: (one, gzip.decompress((folder / one.file).read_bytes()).splitlines(keepends=True)) for one in found
    }


def test_a_region_has_the_graphs_of_its_projects_itself_and_its_countries(tmp_path: Path) -> None:
    """A project in two regions is in both; statements of another graph about a project are not in its region."""
    found = _written(tmp_path, CLASSES)
    africa, lines = found["by-region/africa.nq.gz"]
    assert lines == sorted([*ABOUT_A, *ABOUT_KENYA, *ABOUT_AFRICA, *OTHERS[2:]])
    assert (africa.partitioning, africa.label, africa.lines) == (BY_REGION, "Africa", len(lines))
    assert found["by-region/europe.nq.gz"][1] == sorted(OTHERS[2:])


def test_a_class_has_what_is_said_of_its_things(tmp_path: Path) -> None:
    """Triples without their graphs, each once; classes of ours have short names, those without a prefix no file."""
    found = _written(tmp_path, CLASSES)
    assert sorted(found) == [
        "by-class/MemberState.nt.gz",
        "by-class/Project.nt.gz",
        "by-class/skos-Concept.nt.gz",
        "by-region/africa.nq.gz",
        "by-region/europe.nq.gz",
    ]
    project, lines = found["by-class/Project.nt.gz"]
    assert lines == [one.rsplit(b" <", 1)[0] + b" .\n" for one in sorted([*ABOUT_A[:2], OTHERS[0]])]
    assert (project.partitioning, project.about, project.lines) == (BY_CLASS, f"{IOMLD}Project", 3)
    assert len(found["by-class/skos-Concept.nt.gz"][1]) == 1


def test_the_largest_classes_have_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are never more files open than a bound; names that lead elsewhere have none."""
    monkeypatch.setattr(subsets, "_MOST_CLASSES", 1)
    found = _written(tmp_path, CLASSES | {f"{IOMLD}../../x": 9})
    assert [name for name in found if name.startswith("by-class/")] == ["by-class/Project.nt.gz"]


def test_equal_datasets_give_equal_files(tmp_path: Path) -> None:
    """The bytes of each file are the same, whenever and wherever it is written."""
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    one, two = ({name: part.facts for name, (part, _) in _written(folder, CLASSES).items()} for folder in folders)
    assert one == two
