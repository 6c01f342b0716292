"""The parts of the documents that are generated from the code; `python -m tests.docs.tables` brings them up to date.

Each stands between `<!-- from the code: NAME -->` and `<!-- end -->`.
"""

import ast
import configparser
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.read.documented_columns import columns_table

from iomld.config import SETTINGS, Settings
from iomld.read.table.columns import mention_columns, project_columns
from iomld.validate import all_rules
from iomld.validate.reading_rules import READING_RULES

ROOT = Path(__file__).parents[2]
_PART = re.compile(r"(<!-- from the code: ([\w-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def documents() -> tuple[Path, ...]:
    """The Markdown files of the project."""
    folders = (ROOT.glob("*.md"), (ROOT / "docs").rglob("*.md"))
    others = (ROOT.glob(f"{name}/*.md") for name in ("benchmarks", "data", "deploy", "examples"))
    return tuple(sorted(path for paths in (*folders, *others) for path in paths))


def settings_table() -> str:
    """Each setting with its default and meaning."""
    defaults = Settings()
    rows = ((f"`{one.variable}`", _shown(getattr(defaults, one.name)), one.meaning) for one in SETTINGS)
    return _table(("variable", "default", "meaning"), rows)


def rules_table() -> str:
    """Each rule of the shapes."""
    rows = (
        (f"`{rule.id}`", str(rule.severity), ", ".join(rule.profiles), _sentence(rule.description))
        for rule in all_rules()
    )
    return _table(("rule", "severity", "profiles", "what it asks for"), rows)


def reading_rules_table() -> str:
    """Each rule of reading and linking."""
    rows = (
        (f"`{rule.id}`", ", ".join(dict.fromkeys((rule.severity, rule.worst))), rule.sentence) for rule in READING_RULES
    )
    return _table(("rule", "severity", "when"), rows)


def layers_block() -> str:
    """The layers of the package, the uppermost first, from the configuration of the import checker."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    layers = contracts["importlinter:contract:layers"]["layers"].split("\n")
    return "\n".join(["```text", *(line.strip() for line in layers if line.strip()), "```"]) + "\n"


def packages_table() -> str:
    """Each package with its purpose and its modules."""
    rows = (
        (f"`{name}`", _summary(path / "__init__.py"), ", ".join(f"`{module.stem}`" for module in _modules(path)))
        for name, path in _packages()
    )
    return _table(("package", "what it is for", "modules"), rows)


def modules_tables() -> str:
    """Each module of each package with its job, the first line of its docstring."""
    return "\n".join(_modules_table(name, path) for name, path in _packages())


def decisions_table() -> str:
    """Each decision with its title."""
    titles = ((path, path.read_text(encoding="utf-8").partition("\n")[0]) for path in _decisions())
    rows = ((str(int(path.name[:4])), f"[{title.partition('. ')[2]}](decisions/{path.name})") for path, title in titles)
    return _table(("number", "decision"), rows)


PARTS: Mapping[str, Callable[[], str]] = {
    "settings": settings_table,
    "rules": rules_table,
    "reading-rules": reading_rules_table,
    "layers": layers_block,
    "packages": packages_table,
    "decisions": decisions_table,
    "modules": modules_tables,
    "project-columns": lambda: columns_table(project_columns()),
    "mention-columns": lambda: columns_table(mention_columns()),
}


def parts(text: str) -> Iterator[tuple[str, str]]:
    """The name and the content of each part in a document."""
    return ((match[2], match[3]) for match in _PART.finditer(text))


def with_parts(text: str) -> str:
    """A document with its parts up to date."""
    return _PART.sub(lambda match: f"{match[1]}{PARTS[match[2]]()}{match[4]}", text)


def _decisions() -> list[Path]:
    return sorted((ROOT / "docs" / "decisions").glob("*.md"))


def _packages() -> Iterator[tuple[str, Path]]:
    """The packages by their dotted names below `iomld`, the package itself first, in the order of their names."""
    package = ROOT / "src" / "iomld"
    for init in sorted(package.rglob("__init__.py"), key=lambda path: path.parent):
        name = ".".join(("iomld", *init.parent.relative_to(package).parts))
        yield name, init.parent


def _modules(package: Path) -> list[Path]:
    return sorted(path for path in package.glob("*.py") if path.name != "__init__.py")


def _modules_table(name: str, package: Path) -> str:
    folder = package.relative_to(ROOT)
    rows = ((f"[`{path.stem}`](../{folder}/{path.name})", _summary(path)) for path in _modules(package))
    return f"## {name}\n\n{_summary(package / '__init__.py')}\n\n{_table(('module', 'job'), rows)}"


def _summary(path: Path) -> str:
    """The first line of a module's docstring."""
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _shown(default: object) -> str:
    """A default as it is written in the environment."""
    match default:
        case () | None:
            return "empty"
        case bool():
            return "`1`" if default else "`0`"
        case float():
            return f"`{default:g}`"
        case _:
            return f"`{default}`" if str(default) else "empty"


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


if __name__ == "__main__":
    for path in documents():
        path.write_text(with_parts(path.read_text(encoding="utf-8")), encoding="utf-8")
