"""What anyone's data and shapes may not hold: whatever would make a validator fetch something or run a program.

Each refusal is a sentence that names the file, the line where it can be found, and what to do.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from pyoxigraph import Literal, NamedNode, Quad

from iomld.iris import OWL, SH, local_name

_QUERIES = frozenset(SH + term for term in ("select", "ask", "construct", "update"))
_SKIPPED_OR_WORD = re.compile(
    r"""  <[^<>\s"{}|^`\\]*> | \#[^\n\r]*
        | '{3}(?:'{0,2}(?:[^'\\]|\\.))*+'{3} | "{3}(?:"{0,2}(?:[^"\\]|\\.))*+"{3}
        | '(?:[^'\\\n\r]|\\.)*+' | "(?:[^"\\\n\r]|\\.)*+"
        | [?$:@]\w+ | \w[\w.-]*: [\w.-]*
        | (?P<word>\w+)""",
    re.VERBOSE | re.DOTALL,
)
_CONTEXT = re.compile(r'"@(?:context|import)"\s*:\s*(?:\[[^\[\]"]*)?"(?P<iri>[^"]*)"')


def shapes_refusal(quads: Sequence[Quad], text: str) -> str | None:
    """Why shapes are not run, or None.

    Args:
        quads: The shapes graph.
        text: What it was parsed from.
    """
    if not any(quad.predicate.value.startswith(SH) for quad in quads):
        return "there are no SHACL shapes in it. Choose a file with shapes (http://www.w3.org/ns/shacl#)"
    return next(_imports(quads, text), None) or next(_programs(quads, text), None) or next(_queries(quads, text), None)


def context_refusal(text: str) -> str | None:
    """Why JSON-LD is not read, or None: a context that would have to be fetched."""
    for match in _CONTEXT.finditer(text):
        return (
            f"line {_line(text, match.start())}: the context {json.dumps(match['iri'])} would have to be fetched, and "
            "nothing is fetched here. Write the context into the file"
        )
    return None


def _imports(quads: Iterable[Quad], text: str) -> Iterator[str]:
    """Imports of what the graph itself describes ask for nothing more; others do."""
    described = {quad.subject for quad in quads}
    for quad in quads:
        if quad.predicate.value == f"{OWL}imports" and quad.object not in described:
            where = _where(text, r"owl#imports|\bimports\b")
            yield (
                f"{where}owl:imports names {quad.object}, and nothing is fetched "
                "here. Join the imported shapes to the file and take the import out"
            )


def _programs(quads: Iterable[Quad], text: str) -> Iterator[str]:
    for quad in quads:
        for term in (quad.predicate, quad.object):
            name = local_name(term.value) if isinstance(term, NamedNode) and term.value.startswith(SH) else ""
            if name.startswith(("js", "JS")):
                where = _where(text, rf"\b{name}\b")
                yield f"{where}sh:{name} asks for JavaScript, which is not run here. Write the rule in SHACL or SPARQL"


def _queries(quads: Iterable[Quad], text: str) -> Iterator[str]:
    for quad in quads:
        if quad.predicate.value in _QUERIES and isinstance(quad.object, Literal):
            query = quad.object.value
            for match in _SKIPPED_OR_WORD.finditer(query):
                word = (match["word"] or "").upper()
                if word in {"FROM", "SERVICE"}:
                    start = text.find(query)
                    where = f"line {_line(text, start + match.start())}: " if start >= 0 else ""
                    yield (
                        f"{where}sh:{local_name(quad.predicate.value)} holds {word}, which would ask for other data "
                        f"than the file's. Take {word} out of the query"
                    )


def _where(text: str, pattern: str) -> str:
    match = re.search(pattern, text)
    return f"line {_line(text, match.start())}: " if match else ""


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
