"""The package's own files are found, rebased and read into values."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyoxigraph
import pytest

from iomld.assets import asset_names, asset_text, load_vocabulary, reference_graphs, scheme_names
from iomld.vocab import Country, Label, LabelKind, Vocabulary

REPOSITORY = Path(__file__).parents[2]
OTHER_BASE = "http://localhost:8000/data/"


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    """The controlled lists under the default base."""
    return load_vocabulary()


def test_names_are_sorted_and_readable() -> None:
    """Every name that a folder lists can be read."""
    names = asset_names("ontology")
    assert list(names) == sorted(names)
    assert "ontology/status.ttl" in names
    assert all(asset_text(name) for name in names)


def test_a_file_we_do_not_have_is_not_found() -> None:
    """Asking for an unknown file names it."""
    with pytest.raises(FileNotFoundError, match=r"nothing\.ttl"):
        asset_text("ontology/nothing.ttl")


def test_default_base_leaves_the_text_alone() -> None:
    """Without another base the text is the file's."""
    assert asset_text("ontology/framework.ttl") == (REPOSITORY / "ontology/framework.ttl").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in asset_names("ontology") if name.endswith(".ttl")])
def test_rebasing_moves_data_and_keeps_terms(name: str) -> None:
    """Under another base nothing but terms and shapes keeps the default one, and no triple is lost."""
    moved = asset_text(name, base=OTHER_BASE)
    kept = re.findall(r"https://w3id\.org/iomld/([\w-]*)", moved)
    assert set(kept) <= {"ns", "shapes"}
    before = list(pyoxigraph.parse(asset_text(name), pyoxigraph.RdfFormat.TURTLE))
    after = list(pyoxigraph.parse(moved, pyoxigraph.RdfFormat.TURTLE))
    assert len(before) == len(after)


def test_rebasing_takes_the_base_literally() -> None:
    """A base with a backslash sequence is text, not a pattern."""
    assert r"http://x/\1/id/fund/idf" in asset_text("ontology/fund.ttl", base=r"http://x/\1/")


def test_reference_graphs_hold_every_list_and_no_decoys() -> None:
    """Each Turtle file is in exactly one shared graph, the decoys in none."""
    published = [name for names in reference_graphs().values() for name in names]
    turtle = {name for name in asset_names("ontology") if name.endswith(".ttl")}
    assert len(published) == len(set(published))
    assert set(published) == turtle - {"ontology/decoys.ttl"}


def test_vocabulary_has_every_scheme(vocabulary: Vocabulary) -> None:
    """All schemes are read, with the page words of each language."""
    assert set(vocabulary.concepts) == set(scheme_names())
    assert {"status", "type", "framework", "theme", "review"} <= set(scheme_names())
    active = vocabulary.concepts["status"]["active"]
    assert Label("Actif", "fr", LabelKind.PREFERRED) in active.labels
    assert Label("En cours", "fr", LabelKind.ALTERNATIVE) in active.labels
    assert active.name("es") == "En curso"


def test_vocabulary_knows_parts_and_kinds(vocabulary: Vocabulary) -> None:
    """A part points to its whole; a whole says what it is."""
    frameworks = vocabulary.concepts["framework"]
    assert frameworks["gcm-objective-23"].broader == "gcm"
    assert frameworks["sdg-target-10.7"].broader == "sdg"
    assert (frameworks["gcm"].broader, frameworks["gcm"].kind) == (None, "compact")
    assert frameworks["rcm"].kind == "process"


def test_vocabulary_gives_the_labels_that_the_seed_needs(vocabulary: Vocabulary) -> None:
    """The names in the first project text are labels of the right kind."""
    frameworks = vocabulary.concepts["framework"]
    wanted = {
        "gcm": Label("Global Compact for Migration", "en", LabelKind.ALTERNATIVE),
        "mcof": Label("Migration Crisis Operational Framework", "en", LabelKind.PREFERRED),
        "micic": Label("Migrants in Countries in Crisis Initiatives", "en", LabelKind.HIDDEN),
        "migof": Label("Migration Governance Framework", "en", LabelKind.PREFERRED),
    }
    assert all(label in frameworks[code].labels for code, label in wanted.items())


def test_vocabulary_has_countries(vocabulary: Vocabulary) -> None:
    """Members are told from other countries, and regions and names are read."""
    china = vocabulary.countries["CN"]
    assert (china.is_member, china.region, china.name("fr")) == (True, "asia-and-oceania", "Chine")
    kosovo = vocabulary.countries["1A0"]
    assert isinstance(kosovo, Country)
    assert not kosovo.is_member
    assert kosovo.region is None


def test_vocabulary_has_decoys_apart(vocabulary: Vocabulary) -> None:
    """Decoys are labels of their own and in no scheme."""
    texts = {label.text for label in vocabulary.decoys}
    assert {"Compact of Free Association", "COFA", "United Nations Global Compact"} <= texts
    assert set(vocabulary.concepts["framework"]).isdisjoint({"cofa"})


def test_vocabulary_is_the_same_under_another_base(vocabulary: Vocabulary) -> None:
    """Codes and labels do not depend on the base."""
    assert load_vocabulary(OTHER_BASE) == vocabulary


def test_files_are_found_inside_an_installed_package(tmp_path: Path) -> None:
    """Where the files travel inside the package, as in a wheel, they are read from there."""
    package = tmp_path / "iomld"
    shutil.copytree(REPOSITORY / "src/iomld", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPOSITORY / "ontology", package / "files/ontology")
    shutil.copy(REPOSITORY / "iomld.toml", package / "files")
    fund = package / "files/ontology/fund.ttl"
    fund.write_text("# packed\n" + fund.read_text(encoding="utf-8"), encoding="utf-8")
    code = "from iomld.assets import asset_text; print(asset_text('ontology/fund.ttl')[:8])"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "# packed"
