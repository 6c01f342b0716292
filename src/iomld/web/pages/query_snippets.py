"""Programs that send a query to the endpoint: curl, Python, R and JavaScript, for the page that shows its answer.

The text of a query may be hostile to the reader who copies a program. It is written as a constant of each language, and
characters that a terminal or an editor would obey or hide are codepoint escapes of SPARQL (section 19.2).
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from iomld.formats import rdf, results

# Controls, invisible and directional characters, and line separators that are not line breaks to all languages.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)

# In JavaScript: the rows as a table, without the kinds of their values.
_TABLE = """const { results } = await answer.json();
const plain = (row) => Object.fromEntries(Object.entries(row).map(([name, { value }]) => [name, value]));
console.table(results.bindings.map(plain));"""


class AnswerKind(StrEnum):
    """The kinds of answer to a query."""

    SOLUTIONS = "solutions"
    BOOLEAN = "boolean"
    GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class Snippet:
    """A program: the name of its language, and its text."""

    language: str
    text: str


def snippets(query: str, endpoint: str, kind: AnswerKind) -> tuple[Snippet, ...]:
    """A program in each language.

    Args:
        query: The query.
        endpoint: Address of the endpoint.
        kind: The kind of its answer.
    """
    text = _portable(query)
    makers: tuple[tuple[str, Callable[[str, str, AnswerKind], str]], ...] = (
        ("curl", _curl),
        ("Python", _python),
        ("R", _r),
        ("JavaScript", _javascript),
    )
    return tuple(Snippet(language, make(text, endpoint, kind)) for language, make in makers)


def address_snippets(address: str, kind: AnswerKind) -> tuple[Snippet, ...]:
    """A program in each language that reads an answer from an address, for answers that have one of their own.

    Args:
        address: The address, percent-encoded, with the parameter `format`.
        kind: The kind of the answer.
    """
    quoted = _double_quoted(address)
    python = {
        AnswerKind.SOLUTIONS: (
            "import csv\nimport io\n",
            'for row in csv.DictReader(io.TextIOWrapper(answer, "utf-8", newline="")):\n        print(row)',
        ),
        AnswerKind.BOOLEAN: ("import json\n", 'print(json.load(answer)["boolean"])'),
        AnswerKind.GRAPH: ("", "print(answer.read().decode())"),
    }[kind]
    r_use = (
        'print(read.csv(address, encoding = "UTF-8"))' if kind is AnswerKind.SOLUTIONS else "cat(readLines(address))"
    )
    return (
        Snippet("curl", f"curl {shlex.quote(address)}"),
        Snippet(
            "Python",
            f"{python[0]}from urllib.request import urlopen\n\nwith urlopen({quoted}) as answer:\n    {python[1]}",
        ),
        Snippet("R", f"address <- {quoted}\n{r_use}"),
        Snippet("JavaScript", f"const answer = await fetch({quoted});\nconsole.log(await answer.text());"),
    )


def _portable(query: str) -> str:
    r"""A query of the same meaning without characters that are hidden.

    >>> _portable("ASK { ?s ?p '\x1b\u202e' }\r\n")
    "ASK { ?s ?p '\\u001B\\u202E' }"
    """
    text = query.replace("\r\n", "\n").replace("\r", "\n").strip()
    return _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04X}", text)


def _curl(query: str, endpoint: str, kind: AnswerKind) -> str:
    accept = {
        AnswerKind.SOLUTIONS: results.CSV.media_type,
        AnswerKind.BOOLEAN: results.JSON.media_type,
        AnswerKind.GRAPH: rdf.TURTLE.media_type,
    }[kind]
    header = shlex.quote(f"Accept: {accept}")
    return f"curl {shlex.quote(endpoint)} -H {header} --data-urlencode {shlex.quote(f'query={query}')}"


def _python(query: str, endpoint: str, kind: AnswerKind) -> str:
    r"""A program in Python.

    >>> print(_python('ASK { ?s ?p "\\"" }', "http://x/sparql", AnswerKind.BOOLEAN))
    import json
    from urllib.parse import urlencode
    from urllib.request import Request, urlopen
    <BLANKLINE>
    query = '''\
    ASK { ?s ?p "\\"" }
    '''
    body = urlencode({"query": query}).encode()
    request = Request("http://x/sparql", body, {"Accept": "application/sparql-results+json"})
    with urlopen(request) as answer:
        print(json.load(answer)["boolean"])
    """
    constant = query.replace("\\", "\\\\").replace("'''", "''\\'")
    modules, media_type, use = {
        AnswerKind.SOLUTIONS: (
            ("csv", "io"),
            results.CSV.media_type,
            'for row in csv.DictReader(io.TextIOWrapper(answer, "utf-8", newline="")):\n        print(row)',
        ),
        AnswerKind.BOOLEAN: (("json",), results.JSON.media_type, 'print(json.load(answer)["boolean"])'),
        AnswerKind.GRAPH: ((), rdf.TURTLE.media_type, "print(answer.read().decode())"),
    }[kind]
    imports = "".join(f"import {name}\n" for name in modules)
    return f"""{imports}from urllib.parse import urlencode
from urllib.request import Request, urlopen

query = '''\\
{constant}
'''
body = urlencode({{"query": query}}).encode()
request = Request({_double_quoted(endpoint)}, body, {{"Accept": "{media_type}"}})
with urlopen(request) as answer:
    {use}"""


def _r(query: str, endpoint: str, kind: AnswerKind) -> str:
    format_, use = {
        AnswerKind.SOLUTIONS: ("csv", 'rows <- read.csv(address, encoding = "UTF-8")\nprint(rows)'),
        AnswerKind.BOOLEAN: ("json", "cat(readLines(address))"),
        AnswerKind.GRAPH: ("turtle", 'cat(readLines(address, encoding = "UTF-8"), sep = "\\n")'),
    }[kind]
    start = _double_quoted(f"{endpoint}?format={format_}&query=")
    return f"""query <- {_double_quoted(query)}
address <- paste0({start}, URLencode(query, reserved = TRUE, repeated = TRUE))
{use}"""


def _javascript(query: str, endpoint: str, kind: AnswerKind) -> str:
    constant = query.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")
    media_type, use = {
        AnswerKind.SOLUTIONS: (results.JSON.media_type, _TABLE),
        AnswerKind.BOOLEAN: (results.JSON.media_type, "console.log((await answer.json()).boolean);"),
        AnswerKind.GRAPH: (rdf.TURTLE.media_type, "console.log(await answer.text());"),
    }[kind]
    return f"""const query = `
{constant}
`;
const answer = await fetch({_double_quoted(endpoint)}, {{
  method: "POST",
  headers: {{ Accept: "{media_type}" }},
  body: new URLSearchParams({{ query }}),
}});
if (!answer.ok) throw new Error(await answer.text());
{use}"""


def _double_quoted(text: str) -> str:
    """A constant in double quotes, the same in Python, R and JavaScript; R lets it have several lines."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
