"""The library: what is public, and what becomes of bad input. `tests/docs/test_blocks.py` runs its examples."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import DATA, ROOT

import iomld
import iomld.publish.run
import iomld.read.sources
import iomld.validate.engines

PAGE = ROOT / "docs" / "LIBRARY.md"
RECORD = DATA / "projects-es.json"


def test_every_public_name_is_documented_and_no_other_is_public() -> None:
    """On the page and in a docstring; packages of the same names are no attributes, however they were imported."""
    text = PAGE.read_text("utf-8")
    for name in iomld.__all__:
        assert f"`{name}`" in text
        assert inspect.getdoc(getattr(iomld, name))
    assert dir(iomld) == sorted([*iomld.__all__, "__version__"])
    assert not any(inspect.ismodule(getattr(iomld, name)) for name in iomld.__all__)
    assert list(inspect.signature(iomld.read).parameters) == ["path", "mapping", "settings"]
    with pytest.raises(AttributeError, match="has no attribute 'convert_all'"):
        _ = iomld.convert_all  # type: ignore[attr-defined]  # that is what is tested


def test_the_types_of_the_library_are_those_of_its_names() -> None:
    """The stub for type checkers names what the package gives."""
    stub = (ROOT / "src" / "iomld" / "__init__.pyi").read_text("utf-8")
    assert sorted(line.split(" as ")[1] for line in stub.splitlines() if " as " in line) == sorted(iomld.__all__)


def test_importing_the_library_loads_nothing_of_it() -> None:
    """Its functions are imported when one is first used."""
    code = "import sys, iomld; print([name for name in sys.modules if name.startswith('iomld') or name == 'rdflib'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['iomld']"


def test_bad_input_is_an_error_of_iomld(datadir: Path, tmp_path: Path) -> None:
    """A file, a setting, a folder, a release, a project or a query that is not there, each with a sentence."""
    with pytest.raises(iomld.IomldError, match=r"missing\.json"):
        list(iomld.read(tmp_path / "missing.json"))
    with pytest.raises(iomld.IomldError, match="IOMLD_BASE_IRI"):
        iomld.validate(RECORD, settings={"IOMLD_BASE_IRI": "nowhere"})
    with pytest.raises(iomld.IomldError, match="nothing is published here"):
        iomld.open_release(tmp_path)
    with pytest.raises(iomld.IomldError, match="no release '2020'"):
        iomld.open_release(datadir, "2020")
    release = iomld.open_release(datadir)
    with pytest.raises(iomld.IomldError, match=r"There is no project 'PO\.010'\. Did you mean .*PO\.0105"):
        release.project("PO.010")
    with pytest.raises(iomld.IomldError, match="line 1, column"):
        release.query("SELECT ?x WHERE { ?x", timeout_s=300)
    with pytest.raises(iomld.IomldError, match="stopped after"):
        release.query("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", timeout_s=0.5)


def test_rdf_is_checked_against_other_shapes(tmp_path: Path) -> None:
    """The report is that of the shapes."""
    shapes, data = tmp_path / "shapes.ttl", tmp_path / "data.ttl"
    prefixes = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix x: <http://example.org/> .\n"
    shapes.write_text(
        prefixes + "x:S a sh:NodeShape ; sh:targetNode x:a ; sh:property [ sh:path x:p ; sh:minCount 1 ] ."
    )
    data.write_text("<http://example.org/a> <http://example.org/q> 1 .")
    report = iomld.validate(data, shapes=shapes)
    assert not report.conforms
    assert report.total == 1
