"""The sentences that pages say, read from the templates and the code."""

import ast
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

import iomld.web.words
from iomld.browse.project import fact_labels

WEB = Path(iomld.web.words.__file__).parent
SOURCES = WEB.parent
# Modules that make sentences of problems besides those of the web.
_FAULTS = ("store/query.py", "store/scan.py", "store/syntax.py", "check/worker.py")
# What is called with a sentence that says what is wrong, and its place among the arguments.
_SENTENCE_OF = {"ProblemError": 2, "_FaultError": 1, "QueryFault": 1, "Fault": 1}
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
    """The sentences of problems and of faults of queries, their values written as `{}`, with where they stand."""
    for path in sorted({*WEB.glob("*.py"), *(SOURCES / name for name in _FAULTS)}):
        module = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(module):
            for sentence in _details(node, module):
                yield _written(sentence), f"{path.name}:{node.lineno}"  # type: ignore[attr-defined]  # it has one


def _details(node: ast.AST, module: ast.Module) -> Iterator[ast.Constant | ast.JoinedStr]:
    """The sentences of a call that tells what is wrong, or of a `return` of a place and a sentence."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=given) if len(given) > _SENTENCE_OF.get(name, len(given)):
            yield from _texts(given[_SENTENCE_OF[name]], module)
        case ast.Return(value=ast.Tuple(elts=[_, sentence])):
            yield from _texts(sentence, module)
        case ast.Assign(targets=[ast.Name(id="_SAID")], value=ast.Dict(values=sentences)):
            for sentence in sentences:
                yield from _texts(sentence, module)


def _texts(value: ast.expr, module: ast.Module) -> Iterator[ast.Constant | ast.JoinedStr]:
    """The texts that an expression may be: itself, what its name is given, what its function returns."""
    match value:
        case ast.Constant(value=str()) | ast.JoinedStr():
            yield value
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one, module)
            yield from _texts(other, module)
        case ast.Name(id=name):
            for node in ast.walk(module):
                if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
                    yield from _texts(node.value, module)
        case ast.Call(func=ast.Name(id=name)):
            functions = (one for one in ast.walk(module) if isinstance(one, ast.FunctionDef) and one.name == name)
            for node in (one for function in functions for one in ast.walk(function)):
                if isinstance(node, ast.Return) and node.value is not None:
                    yield from _texts(node.value, module)


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
