"""The code blocks of the documents: where each stands, its commands, and the output that it shows.

Directly above a block, a comment that readers do not see can say how it is tested:

- `<!-- not run: REASON -->`: it is not run.
- `<!-- exit status: 1, 0 -->`: the exit statuses of its last commands, here of two. Those not named are 0.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SHELL = frozenset({"sh", "console", "bash"})
PYTHON = frozenset({"python", "pycon"})
# Languages that another program runs: its command, which reads the block from standard input.
PROGRAMS = {"js": ("node", "--input-type=module", "-"), "r": ("Rscript", "-")}
_BLOCK = re.compile(
    r"(?P<marks>(?:^<!-- [^\n]* -->\n)*)"
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
_STATUSES = re.compile(r"<!-- exit status: (\d+(?:, \d+)*) -->")
_HEREDOC = re.compile(r"<<-? *'?(\w+)'?")
# What differs between two runs or two machines, and stands for anything like it.
_VARYING = (
    (re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}"), r"\d{8}T\d{6}Z-[0-9a-f]{8}"),  # a release
    (re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{12}\b"), r"[0-9a-f]{12}"),  # a hash
    (re.compile(r"(?<=seconds) +[\d.]+"), r" +[\d.]+"),
    (re.compile("…"), r".*"),
    (re.compile(" +"), r" +"),
)


@dataclass(frozen=True)
class Command:
    """A command of a shell block.

    Attributes:
        text: The command as a person types it.
        output: What the document shows below it, or None if it shows no output.
        status: The exit status that it has to have.
        line: Its line in the document.
    """

    text: str
    output: str | None
    status: int
    line: int


@dataclass(frozen=True)
class Block:
    """A code block of a document.

    Attributes:
        path: The document.
        line: The line of its first line.
        language: The word after its fence.
        text: Its content.
        reason: Why it is not run; empty if it is.
        statuses: The exit statuses of its last commands; those of the others are 0.
    """

    path: Path
    line: int
    language: str
    text: str
    reason: str = ""
    statuses: tuple[int, ...] = ()

    @property
    def place(self) -> str:
        """The file and line, for messages."""
        return f"{self.path.name}:{self.line}"

    def commands(self) -> tuple[Command, ...]:
        """The commands of a shell block: with `$ ` before each and output below, or one on each line."""
        lines = self.text.splitlines()
        found = tuple(_with_output(lines) if any(line.startswith("$ ") for line in lines) else _plain(lines))
        statuses = (*(0 for _ in found[len(self.statuses) :]), *self.statuses)
        return tuple(
            Command(text, output, status, self.line + offset)
            for (text, output, offset), status in zip(found, statuses, strict=True)
        )


def blocks(path: Path) -> Iterator[Block]:
    """The code blocks of a document, in their order."""
    text = path.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        reason, statuses = _NOT_RUN.search(match["marks"]), _STATUSES.search(match["marks"])
        yield Block(
            path=path,
            line=text.count("\n", 0, match.start("text")) + 1,
            language=match["language"],
            text=re.sub(f"^{match['indent']}", "", match["text"], flags=re.MULTILINE),
            reason=reason[1] if reason else "",
            statuses=tuple(map(int, statuses[1].split(", "))) if statuses else (),
        )


def matches(shown: str, written: str) -> bool:
    r"""Whether a command wrote what a document shows.

    A line `…` stands for any lines, `…` in a line for any characters, and a number of spaces for any other. Names of
    releases, hashes and times may differ; everything else, such as a figure, may not.

    >>> matches("a  1\n…\nz", "a 1\nb\nc\nz\n"), matches("a  1", "a 2")
    (True, False)
    """
    lines = shown.strip().splitlines()
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "…" else _pattern(line.rstrip()) + r" *\n" for line in lines)
    return re.fullmatch(pattern, written.strip("\n") + "\n") is not None


def _pattern(line: str) -> str:
    """A regular expression for a line: what varies by its own expression, the rest as it is."""
    for varying, expression in _VARYING:
        if found := varying.search(line):
            return _pattern(line[: found.start()]) + expression + _pattern(line[found.end() :])
    return re.escape(line)


def _with_output(lines: list[str]) -> Iterator[tuple[str, str | None, int]]:
    """Commands after `$ ` with their outputs; a command goes on below a backslash."""
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    assert starts[0] == 0, lines[0]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        rest = start + 1
        while lines[rest - 1].endswith("\\"):
            rest += 1
        command = "\n".join(lines[start:rest]).removeprefix("$ ")
        shown = "\n".join(lines[rest:end]).strip()
        yield command, shown or None, start


def _plain(lines: list[str]) -> Iterator[tuple[str, None, int]]:
    """Commands without outputs; one goes on below a backslash, and to the end of a here-document."""
    number = 0
    while number < len(lines):
        start = number
        number += 1
        while lines[number - 1].endswith("\\"):
            number += 1
        if found := _HEREDOC.search(lines[start]):
            number = lines.index(found[1], number) + 1
        command = "\n".join(lines[start:number])
        if command.strip() and not command.startswith("#"):
            yield command, None, start
