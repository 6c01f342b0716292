"""The figures of the house: how many modules, how large, what stands twice, who imports whom.

`python -m tests.unit.house [FOLDER]` prints them, for the package in FOLDER/src/iomld or in this repository.
"""

import ast
import io
import sys
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "iomld"

MOST_MODULE_LINES = 500
MOST_FUNCTION_LINES = 50
MOST_MODULES_IN_A_FOLDER = 18
MOST_LONE_SMALL_MODULES = 10
MOST_CLASS_NAMES_USED_TWICE = 3
SMALL_LINES = 60

_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


@dataclass(frozen=True)
class Module:
    """A module of the package, as its text says.

    Attributes:
        path: Its file.
        name: Its dotted name.
        text: Its text.
    """

    path: Path
    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        """Lines of the file."""
        return self.text.count("\n")

    @property
    def package(self) -> str:
        """The package in which it stands; a package stands in itself."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @property
    def is_package(self) -> bool:
        """Whether it is the `__init__` of a package."""
        return self.path.stem == "__init__"

    @cached_property
    def code_lines(self) -> int:
        """Lines with code: no blank lines, comments and docstrings."""
        numbers: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type not in _NO_CODE:
                numbers.update(range(token.start[0], token.end[0] + 1))
        return len(numbers - set(self._docstring_lines()))

    def _docstring_lines(self) -> Iterator[int]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (
                ast.get_docstring(node, clean=False) is not None
            ):
                text = node.body[0]
                yield from range(text.lineno, (text.end_lineno or text.lineno) + 1)

    def functions(self) -> Iterator[tuple[str, int]]:
        """Name and length of each function."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1

    def classes(self) -> Iterator[str]:
        """The name of each class, nested ones too."""
        return (node.name for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))

    def imported(self) -> Iterator[str]:
        """What it imports, by dotted name: of `from a import b` both `a` and `a.b`, since `b` may be a module."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


class House:
    """All modules of the package."""

    def __init__(self, root: Path = ROOT) -> None:
        source = root / "src"
        self.modules = tuple(_module(path, source) for path in sorted((source / PACKAGE).rglob("*.py")))

    @cached_property
    def with_code(self) -> tuple[Module, ...]:
        """Modules that hold more than a docstring."""
        return tuple(module for module in self.modules if module.code_lines)

    @cached_property
    def importers(self) -> Mapping[str, frozenset[str]]:
        """For each module the modules that import it, by name."""
        names = {module.name for module in self.modules}
        found: dict[str, set[str]] = defaultdict(set)
        for module in self.modules:
            for name in names.intersection(module.imported()) - {module.name}:
                found[name].add(module.name)
        return {name: frozenset(found[name]) for name in names}

    def lone_small_modules(self) -> dict[str, int]:
        """Modules with fewer than 60 lines of code that only one neighbour in their own package imports, with these."""
        return {
            module.name: module.code_lines
            for module in self.with_code
            if not module.is_package and module.code_lines < SMALL_LINES and self._serves_one_neighbour(module)
        }

    def small_modules(self) -> dict[str, int]:
        """Modules whose files have fewer than 60 lines, with these, whoever imports them."""
        return {
            module.name: module.lines
            for module in self.with_code
            if not module.is_package and module.lines < SMALL_LINES
        }

    def _serves_one_neighbour(self, module: Module) -> bool:
        packages = {known.name: known.package for known in self.modules}
        return [packages[name] for name in self.importers[module.name]] == [module.package]

    def classes_used_twice(self) -> dict[str, tuple[str, ...]]:
        """Class names that stand in several modules, with these."""
        places: dict[str, set[str]] = defaultdict(set)
        for module in self.modules:
            for name in module.classes():
                places[name].add(module.name)
        return {name: tuple(sorted(found)) for name, found in sorted(places.items()) if len(found) > 1}

    def modules_by_folder(self) -> Counter[str]:
        """How many modules with code each folder holds, folders in it not counted."""
        return Counter(module.path.parent.name for module in self.with_code)

    def libraries(self) -> dict[str, frozenset[str]]:
        """The third-party libraries, each with the modules that import it."""
        found: dict[str, set[str]] = defaultdict(set)
        for module in self.modules:
            for name in module.imported():
                library = name.partition(".")[0]
                if library != PACKAGE and library not in sys.stdlib_module_names:
                    found[library].add(module.name)
        return {library: frozenset(names) for library, names in sorted(found.items())}


def _module(path: Path, source: Path) -> Module:
    parts = path.relative_to(source).with_suffix("").parts
    return Module(path, ".".join(part for part in parts if part != "__init__"), path.read_text(encoding="utf-8"))


def report(house: House) -> Iterator[str]:
    """The figures, line by line."""
    modules = house.with_code
    largest = max(modules, key=lambda module: module.lines)
    longest = max(((length, f"{module.name}.{name}") for module in modules for name, length in module.functions()))
    folder, most = house.modules_by_folder().most_common(1)[0]
    lone, small, twice = house.lone_small_modules(), house.small_modules(), house.classes_used_twice()
    yield f"modules with code          {len(modules)}"
    yield f"lines                      {sum(module.lines for module in modules)}"
    yield f"lines of code              {sum(module.code_lines for module in modules)}"
    yield f"modules under 100 lines    {sum(module.lines < 100 for module in modules)}"
    yield f"largest module             {largest.lines} ({largest.name})"
    yield f"longest function           {longest[0]} ({longest[1]})"
    yield f"files in fullest folder    {most} ({folder}/)"
    yield f"files under 60 lines       {len(small)}"
    yield from (f"  {lines:4} {name}" for name, lines in small.items())
    yield f"lone small modules         {len(lone)} (lines of code)"
    yield from (f"  {lines:4} {name}" for name, lines in lone.items())
    yield f"class names used twice     {len(twice)}"
    yield from (f"  {name}: {', '.join(places)}" for name, places in twice.items())
    yield "libraries and the parts that import them"
    for library, names in house.libraries().items():
        yield f"  {library}: {', '.join(sorted({part_of(name) for name in names}))}"


def part_of(name: str) -> str:
    """The part of the package in which a module stands: the first word after `iomld`."""
    return [*name.split("."), ""][1]


if __name__ == "__main__":
    print("\n".join(report(House(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT))))  # noqa: T201 (a report)
