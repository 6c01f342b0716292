"""The architecture, checked: who may import whom, how large modules are, what stands twice, where libraries live.

`python -m tests.unit.house` prints the figures and lists behind these tests.
"""

import json
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest
from tests.unit.house import (
    MOST_CLASS_NAMES_USED_TWICE,
    MOST_FUNCTION_LINES,
    MOST_LONE_SMALL_MODULES,
    MOST_MODULE_LINES,
    MOST_MODULES_IN_A_FOLDER,
    ROOT,
    House,
    part_of,
)

# Why a small module that serves one neighbour stands alone, by its name.
LONE_SMALL_MODULES: Mapping[str, str] = {
    "iomld.link.funders": "Who pays is a subject of its own, with tests of its own, as what is paid (`link.money`) is.",
    "iomld.link.numbered_names": "Lists of whole frameworks, as `framework_parts` finds lists of parts.",
    "iomld.store.solutions": "The formats of solutions; the worker decides what to run, and this how to write it.",
    "iomld.publish.index_building": "The database of projects is built beside the store, with which it shares nothing.",
    "iomld.web.data.iati": "Documents are RDF and negotiate their format; an activity is neither, and may not exist.",
    "iomld.web.data.form_parts": "One rule for records, shapes and mappings: which part of a form counts.",
    "iomld.web.submissions.previewer": "How workers are asked for previews; the desk decides about submissions.",
    "iomld.spark.executor": "What executors run; the other side needs PySpark, its Java program and the files.",
}
# Why a class name stands in several modules.
CLASS_NAMES_USED_TWICE: Mapping[str, str] = {}
# The parts of the package that may import a library. pyoxigraph's terms are our model of RDF, and go everywhere but
# into readers, linking, settings and workers; of checking, .importlinter lets in the SHACL report alone.
HOMES: Mapping[str, frozenset[str]] = {
    "babel": frozenset({"i18n"}),
    "click": frozenset({"cli"}),
    "fastapi": frozenset({"web"}),
    "httptools": frozenset({"server"}),
    "jinja2": frozenset({"web"}),
    "lxml": frozenset({"read"}),
    "markdown_it": frozenset({"web"}),
    "markupsafe": frozenset({"web"}),
    "openpyxl": frozenset({"export", "read"}),
    "prometheus_client": frozenset({"web"}),
    "pyoxigraph": frozenset(
        {
            "browse",
            "check",
            "cli",
            "convert",
            "export",
            "formats",
            "library",
            "pipeline",
            "publish",
            "release",
            "remote",
            "review",
            "saved",
            "store",
            "validate",
            "web",
        }
    ),
    "pyarrow": frozenset({"export"}),  # an extra
    "pydantic": frozenset({"web"}),  # comes with fastapi: schemas of parameters
    "py4j": frozenset({"spark"}),  # comes with pyspark: its errors
    "pyshacl": frozenset({"validate"}),
    "pyspark": frozenset({"spark"}),
    "rdflib": frozenset({"library", "validate"}),
    "shacl": frozenset({"validate"}),
    "starlette": frozenset({"web"}),
    "starlette_compress": frozenset({"web"}),
    "uvicorn": frozenset({"server"}),
    "uvloop": frozenset({"server"}),
    "zlib_ng": frozenset({"release"}),
}


@pytest.fixture(scope="module")
def house() -> House:
    """All modules."""
    return House()


def test_imports_point_down() -> None:
    """Every contract of .importlinter holds."""
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_importing_the_package_loads_little() -> None:
    """`import iomld` and the command line's help load no RDF, no web and no SHACL library."""
    code = (
        "import sys, iomld.cli.main; print(sorted({'pyoxigraph', 'rdflib', 'fastapi', 'pyshacl'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# What a command that reads JSON Lines has no use for: libraries, and readers and reports of other forms.
_UNUSED = {
    "convert": "asyncio babel email fastapi http.client lxml openpyxl pyshacl rdflib shacl "
    "iomld.check iomld.read.iati iomld.read.page iomld.read.table.rows iomld.validate iomld.workers",
    "validate": "asyncio babel.messages email fastapi http.client lxml openpyxl pyshacl rdflib "
    "iomld.check.foreign_shapes iomld.check.reports.html iomld.read.iati iomld.read.page iomld.read.table.rows",
}


@pytest.mark.parametrize("command", _UNUSED)
def test_commands_load_what_they_use(command: str, tmp_path: Path) -> None:
    """A command imports readers, reports, Babel and SHACL engines when something needs them, and pyshacl on request."""
    source = tmp_path / "records.jsonl"
    source.write_text(json.dumps({"projectCode": "PO.0105", "title": {"en": "Two ports"}}) + "\n", encoding="utf-8")
    code = (
        "import sys; from iomld.cli.main import iomld\n"
        f"iomld.main([{command!r}, {str(source)!r}], standalone_mode=False)\n"
        f"print(sorted(set({_UNUSED[command].split()!r}) & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_modules_stay_short(house: House) -> None:
    """No module has more than 500 lines."""
    assert {module.name: module.lines for module in house.modules if module.lines > MOST_MODULE_LINES} == {}


def test_functions_stay_short(house: House) -> None:
    """No function has 50 lines."""
    functions = ((f"{module.name}.{name}", lines) for module in house.modules for name, lines in module.functions())
    assert {name: lines for name, lines in functions if lines >= MOST_FUNCTION_LINES} == {}


def test_a_folder_can_be_overlooked(house: House) -> None:
    """No folder of the package holds more than 18 modules."""
    folders = house.modules_by_folder()
    assert {name: number for name, number in folders.items() if number > MOST_MODULES_IN_A_FOLDER} == {}


def test_small_modules_stand_alone_for_a_reason(house: House) -> None:
    """A module with little code that only a neighbour imports has a reason in the list; the list is short and true."""
    assert set(house.lone_small_modules()) == set(LONE_SMALL_MODULES)
    assert len(LONE_SMALL_MODULES) <= MOST_LONE_SMALL_MODULES
    assert all(LONE_SMALL_MODULES.values())


def test_a_class_name_means_one_thing(house: House) -> None:
    """No class name stands in two modules, but for those in the list with a reason."""
    assert set(house.classes_used_twice()) == set(CLASS_NAMES_USED_TWICE)
    assert len(CLASS_NAMES_USED_TWICE) <= MOST_CLASS_NAMES_USED_TWICE
    assert all(CLASS_NAMES_USED_TWICE.values())


@pytest.fixture(scope="module")
def libraries(house: House) -> Mapping[str, Collection[str]]:
    """The modules that import each library."""
    return house.libraries()


@pytest.mark.parametrize("library", sorted(HOMES))
def test_a_library_is_imported_in_its_homes(libraries: Mapping[str, Collection[str]], library: str) -> None:
    """A library is imported nowhere else, so that it can be changed in one place."""
    parts = {part_of(name) for name in libraries.get(library, ())}
    assert parts <= HOMES[library]


def test_every_library_has_a_home(libraries: Mapping[str, Collection[str]]) -> None:
    """Whoever takes a library says where it lives; uvicorn loads uvloop by its name."""
    assert set(libraries) | {"uvloop"} == set(HOMES)
