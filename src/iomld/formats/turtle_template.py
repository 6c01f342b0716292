"""Turtle templates: Turtle with placeholders such as `$name` for terms, and blocks that are repeated for each row.

Values are RDF terms, which pyoxigraph serializes, so text of a publisher or a record cannot inject Turtle.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from string import Template

from pyoxigraph import Literal, NamedNode

TurtleRow = Mapping[str, NamedNode | Literal]

_BLOCK = re.compile(r"^# FOR EACH (\w+)\n(.*?)^# END\n", re.MULTILINE | re.DOTALL)


def filled_template(template: str, values: TurtleRow, rows: Mapping[str, Sequence[TurtleRow]]) -> str:
    r"""Fill in a template.

    Args:
        template: The template. A block starts with the line `# FOR EACH name` and ends with the line `# END`.
        values: The term of each placeholder.
        rows: For each block, the terms of its placeholders in each repetition; they take precedence over `values`.

    Raises:
        KeyError: A placeholder or a block has no value.

    >>> text = "$s a $c .\n# FOR EACH label\n$s <x:label> $label .\n# END\n"
    >>> terms = {"s": NamedNode("x:s"), "c": NamedNode("x:c")}
    >>> print(filled_template(text, terms, {"label": [{"label": Literal("$c")}]}), end="")
    <x:s> a <x:c> .
    <x:s> <x:label> "$c" .
    """
    return "".join(_chunks(template, values, rows))


def _chunks(template: str, values: TurtleRow, rows: Mapping[str, Sequence[TurtleRow]]) -> Iterator[str]:
    """The filled chunks; each is filled once, so that a `$` in a value is kept."""
    start = 0
    for block in _BLOCK.finditer(template):
        yield Template(template[start : block.start()]).substitute(values)
        body = Template(block[2])
        for row in rows[block[1]]:
            yield body.substitute({**values, **row})
        start = block.end()
    yield Template(template[start:]).substitute(values)
