"""The command `iomld query`: what it says where there is no answer, or an empty one."""

from pathlib import Path

import pytest
from tests.conftest import Command
from tests.serving import Server


def test_an_empty_answer_is_explained(datadir: Path, iomld: Command) -> None:
    """The part that nothing matches, where it stands in the query as written, and what was probably meant."""
    done = iomld("query", "SELECT ?x { ?x iomld:projectCod ?y }", "--from", datadir)
    assert done.returncode == 0
    assert done.stdout.endswith("(0 rows)\n")
    assert "line 1, column 16: ?x iomld:projectCod ?y" in done.stderr
    assert "iomld:projectCode instead of iomld:projectCod" in done.stderr


def test_an_answer_with_rows_or_for_a_program_is_not(datadir: Path, iomld: Command) -> None:
    """The output has nothing else."""
    for query, *options in (
        ("SELECT ?x { ?x iomld:projectCode ?y } LIMIT 1",),
        ("ASK { ?x iomld:no 1 }", "--format", "json"),
    ):
        done = iomld("query", query, "--from", datadir, *options)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_mistake_has_its_column_in_the_query_as_written(datadir: Path, iomld: Command) -> None:
    """The prefixes that are declared before it do not count."""
    done = iomld("query", "SELECT ?x { ?x iomld:projectCode ?y", "--from", datadir)
    assert done.returncode == 2
    assert done.stderr.startswith("iomld: line 1, column 36: ")


@pytest.mark.server
def test_the_address_of_a_server_leads_to_its_endpoint(bundled_server: Server, iomld: Command) -> None:
    """With and without a slash; what the endpoint says of a wrong query is a sentence, no JSON."""
    for address in (bundled_server.address, f"{bundled_server.address}/", f"{bundled_server.address}/sparql"):
        done = iomld("query", "ASK { ?p iomld:projectCode ?c }", "--from", address)
        assert (done.returncode, done.stdout, done.stderr) == (0, "yes\n", "")
    wrong = iomld("query", "ASK { ?p", "--from", bundled_server.address)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith(f"iomld: {bundled_server.address}/sparql: 400 Bad Request. ")
    assert '"detail"' not in wrong.stderr
    elsewhere = iomld("query", "ASK {}", "--from", f"{bundled_server.address}/nowhere")
    assert f"{bundled_server.address}/nowhere: 404" in elsewhere.stderr


def test_a_file_that_is_missing_is_a_sentence(iomld: Command) -> None:
    """The message says how the argument was interpreted."""
    done = iomld("query", "@missing.rq")
    assert done.returncode == 2
    assert done.stderr == (
        "iomld: missing.rq: cannot be read (No such file or directory). "
        "Write @ and the name of a file that holds a query.\n"
    )


def test_a_misspelt_command_has_the_closest_one(iomld: Command) -> None:
    """As for misspelt options, the message suggests the closest name."""
    done = iomld("publsh")
    assert done.returncode == 2
    assert "no such command 'publsh'. Did you mean 'publish'?" in done.stderr
    assert "Did you mean" not in iomld("xyzzy").stderr


@pytest.mark.parametrize(
    "group",
    ["", "releases", "queries", "mentions", "inbox", "token", "mapping", "fund"],
    ids=lambda name: name or "iomld",
)
def test_the_list_of_commands_cuts_no_sentence(iomld: Command, group: str) -> None:
    """The first sentence of each command is short enough for a line."""
    text = iomld(*group.split(), "--help").stdout.partition("Commands:")[2]
    assert text
    assert "..." not in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["token", "create"], "missing option '--scope'. Choose from: submit, review."),
        (["rules", "codePatern"], "invalid value for RULE: there is no rule 'codePatern'. Did you mean 'codePattern'?"),
        (["query"], "missing argument 'QUERY'. See 'iomld query --help'."),
        (["serve", "--prt", "1"], "no such option '--prt'. Did you mean '--port'?"),
        (["serve", "--port", "x"], "invalid value for '--port': 'x' is not a whole number from 0 to 65535."),
        (["serve", "--port"], "option '--port' requires an argument. See 'iomld COMMAND --help'."),
        (["publish", "x", "--as-of", "2024"], "invalid value for '--as-of': '2024' is not a date. Write it like"),
    ],
)
def test_wrong_arguments_are_a_sentence(iomld: Command, arguments: list[str], sentence: str) -> None:
    """Like any other error, the message is one line that says what to do."""
    done = iomld(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"iomld: {sentence}")


def test_an_order_that_the_engine_cannot_make_is_named(datadir: Path, iomld: Command) -> None:
    """The engine ends its process at values that it cannot compare; the sentence says so and what to write."""
    done = iomld("query", "SELECT * { ?s ?p ?o } ORDER BY ?o", "--from", datadir)
    assert done.returncode in {0, 2}  # a later engine can make it
    if done.returncode:
        assert "ORDER BY STR(?x)" in done.stderr
