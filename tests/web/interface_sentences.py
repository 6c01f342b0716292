"""The sentences that pages say, read from the templates and the code."""

import ast
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

import iomld.web.words
from iomld.browse.project import fact_labels

WEB = Path(iomld.web.words.__file__).parent
# Functions of templates, with how many of their first arguments are sentences.
_TEMPLATE_CALLS = {"_": 1, "_n": 2}


def template_paths() -> list[Path]:
    """All templates."""
    return sorted((WEB / "templates").glob("*.html"))


def said_sentences() -> dict[str, set[str]]:
    """Each sentence with the names of the values that are given with it, as far as the call tells."""
    found: dict[str, set[str]] = {}
    for sentence, values in (*_of_templates(), *_of_code()):
        found.setdefault(sentence, set()).update(values)
    return found | {label: set() for label in fact_labels()}


def problem_details() -> Iterator[tuple[str, str]]:
    """The details of problems, their values written as `{}`, with where they stand."""
    for path in sorted(WEB.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ProblemError":
                detail = node.args[2] if len(node.args) > 2 else None  # status, kind, detail
                if isinstance(detail, ast.Constant | ast.JoinedStr):
                    yield _written(detail), f"{path.name}:{node.lineno}"


def _of_templates() -> Iterator[tuple[str, set[str]]]:
    environment = Environment(autoescape=True)
    for path in template_paths():
        tree = environment.parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            if not (isinstance(call.node, nodes.Name) and call.node.name in _TEMPLATE_CALLS):
                continue
            given = {keyword.key for keyword in call.kwargs} | ({"count"} if call.node.name == "_n" else set())
            for argument in call.args[: _TEMPLATE_CALLS[call.node.name]]:
                if isinstance(argument, nodes.Const):
                    yield str(argument.value), given
                elif isinstance(argument, nodes.CondExpr | nodes.Getitem | nodes.Call):
                    yield from ((str(one.value), given) for one in argument.find_all(nodes.Const))


def _of_code() -> Iterator[tuple[str, set[str]]]:
    for path in sorted(WEB.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"key", "said"}:
                argument = node.args[0] if node.args else None
                if isinstance(argument, ast.Constant):
                    yield str(argument.value), {word.arg for word in node.keywords if word.arg}


def _written(detail: ast.Constant | ast.JoinedStr) -> str:
    parts = detail.values if isinstance(detail, ast.JoinedStr) else [detail]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
