"""The programs under an answer send the very query, whatever stands in it, and run as they are copied."""

import ast
import csv
import io
import json
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import httpx
import pytest
from tests.serving import Server

pytestmark = pytest.mark.server

# What would end a text, run a command, be put in or hide something in one of the languages.
HOSTILE = (
    "it's \"\"\" ''' \\ ` ${x} $(touch hacked) `touch hacked` !! %0A {y} </pre> & \\n"
    "\x1b[2J \u202e\u200b \ufeff é \U0001f30d"
)
_LITERAL = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
QUERY = f'# it\'s `here` ${{now}} \\\r\nSELECT ("{_LITERAL}" AS ?x) (1 AS ?n) {{}}'


@pytest.fixture(scope="module")
def programs(bundled_server: Server) -> dict[str, str]:
    """The programs on the page with the answer, by language."""
    return programs_of(bundled_server, QUERY)


def programs_of(server: Server, query: str) -> dict[str, str]:
    """The programs on the page with the answer to a query."""
    answer = httpx.get(f"{server.address}/query", params={"query": query, "run": "1"}, timeout=60)
    assert answer.status_code == 200, answer.text
    found = re.findall(
        r'<h3 id="in-\d">(.*?)</h3>\s*<div class="command"><pre[^>]*>(.*?)</pre>', answer.text, re.DOTALL
    )
    return {language: unescape(text) for language, text in found}


def run(folder: Path, *command: str, text: str = "") -> str:
    """The output of a program that runs without an error in an empty folder, and leaves nothing there."""
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False, cwd=folder, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    assert [*folder.iterdir()] == []
    return done.stdout.decode()


def program(name: str) -> str:
    """The path of a program of this machine."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not on this machine")
    return path


def test_no_program_has_characters_that_are_hidden(programs: dict[str, str]) -> None:
    """The copied text has no invisible characters."""
    assert [*programs] == ["curl", "Python", "R", "JavaScript"]
    for text in programs.values():
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\ufeff]", text)
        assert "u001B" in text


def test_curl_sends_the_query(programs: dict[str, str], tmp_path: Path) -> None:
    """A shell runs no part of it."""
    program("curl")
    output = run(tmp_path, "sh", "-s", text=programs["curl"])
    assert [*csv.DictReader(io.StringIO(output, newline=""))] == [{"x": HOSTILE, "n": "1"}]


def test_python_sends_the_query(programs: dict[str, str], tmp_path: Path) -> None:
    """It needs the standard library alone."""
    output = run(tmp_path, sys.executable, "-I", "-X", "utf8", "-", text=programs["Python"])
    assert ast.literal_eval(output) == {"x": HOSTILE, "n": "1"}


def test_javascript_sends_the_query(programs: dict[str, str], tmp_path: Path) -> None:
    """As a module, in Node.js as in a browser."""
    text = f"{programs['JavaScript']}\nconsole.log(JSON.stringify(results.bindings[0].x.value));"
    output = run(tmp_path, program("node"), "--input-type=module", "-", text=text)
    assert json.loads(output.splitlines()[-1]) == HOSTILE


def test_r_sends_the_query(programs: dict[str, str], tmp_path: Path) -> None:
    """With base R alone."""
    text = f"{programs['R']}\ncat(rows$n)"
    assert run(tmp_path, program("Rscript"), "-e", text).endswith("1")


@pytest.mark.parametrize(
    ("query", "said"),
    [("ASK {}", "True"), ("CONSTRUCT { <urn:a> <urn:b> 'é' } WHERE {}", '<urn:a> <urn:b> "é"')],
)
def test_python_shows_other_answers(bundled_server: Server, tmp_path: Path, query: str, said: str) -> None:
    """A boolean, and a graph in Turtle."""
    text = programs_of(bundled_server, query)["Python"]
    assert said in run(tmp_path, sys.executable, "-I", "-X", "utf8", "-", text=text)
