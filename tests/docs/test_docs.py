"""The documents agree with the code: settings, commands, routes, rules, links and examples."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from fastapi import FastAPI
from starlette.routing import Mount
from tests.docs.tables import PARTS, ROOT, documents, parts, with_parts

import iomld
from iomld.assets import load_fields
from iomld.cli.main import iomld as group
from iomld.config import Settings
from iomld.iris import DEFAULT_BASE
from iomld.link.project import unknown_word_rule
from iomld.validate import all_rules
from iomld.validate.reading_rules import READING_RULES
from iomld.web.app import create_app

DOCS = ROOT / "docs"
_CODE_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
# Paths of one machine, and addresses of one package host.
_FORBIDDEN = re.compile(r"/home/\w|/root/|/work/|localhost:\d{4,5}/simple")
# Words that we write with -ize. French has the same stems; "Finalisation" and "OrganisationRole" are names of IATI.
_WITH_S = re.compile(
    r"(?i)(?:capital|categor|initial|minim|neutral|normal|optim|organ|recogn|serial|standard|summar|synchron|util)"
    r"is(?:ations?|ed?|es|ers?|ing)(?![a-zé]|Role)"
)
_FRENCH = re.compile(r"@fr\b|[’'](?:O|o)rganisation")
_BINARY = frozenset({".woff2", ".png", ".webp", ".gz", ".ico"})
_THIS = Path(__file__)
PACKAGE = ROOT / "src" / "iomld"
# A path of a file or folder, none with a part to fill in, such as `read/NAME.py`.
_PATH = re.compile(r"(?!\S*(?:NAME|FILE|DATADIR|CODE))(?:[a-z_][\w.-]*/)[\w./*-]*|[a-z_]+\.(?:py|toml|cfg)")
_CONSTANT = re.compile(r"_?[A-Z][A-Z_]{3,}")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _blocks(path: Path, *languages: str) -> Iterator[str]:
    return (match[2] for match in _CODE_BLOCK.finditer(_read(path)) if match[1] in languages)


def _commands() -> Iterator[tuple[str, click.Command]]:
    """Each command with its full name, commands of groups included."""
    context = click.Context(group, info_name="iomld")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", one) for inner, one in command.commands.items())


def _examples() -> Iterator[tuple[str, list[str]]]:
    """Each call of iomld in the shell blocks of a document: where it stands, and its arguments."""
    for path in documents():
        for block in (*_blocks(path, "sh"), *_blocks(path, "console")):
            is_console = "\n$ " in f"\n{block}"
            for line in block.splitlines():
                if not is_console or line.startswith("$ "):
                    for call in _calls(line.removeprefix("$ ")):
                        yield f"{path.relative_to(ROOT)}: {line}", call


def _calls(line: str) -> Iterator[list[str]]:
    """The arguments of each iomld in a line of shell."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    call: list[str] | None = None
    begins = True  # whether a command does here; variables may stand before it
    for token in lexer:
        if set(token) <= set("|&;<>"):
            if call is not None:
                yield call
            call, begins = None, True
        elif call is not None:
            call.append(token)
        elif begins and token.rpartition("/")[2] == "iomld":
            call = []
        else:
            begins = begins and "=" in token
    if call is not None:
        yield call


def _parse(command: click.Command, arguments: list[str], parent: click.Context | None = None) -> None:
    """Parse arguments as the command would, without running it."""
    try:
        context = command.make_context(command.name or "iomld", list(arguments), parent=parent)
    except click.exceptions.Exit:
        return  # --help and --version end here
    rest = [*context._protected_args, *context.args]
    if isinstance(command, click.Group) and rest:
        name, inner, left = command.resolve_command(context, rest)
        assert inner is not None, name
        _parse(inner, left, context)


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_written_from_the_code_is_up_to_date(path: Path) -> None:
    """Tables equal the code; `python -m tests.docs.tables` brings them up to date."""
    text = _read(path)
    assert dict(parts(text)) == dict(parts(with_parts(text)))


def test_every_part_from_the_code_stands_somewhere() -> None:
    """No table was lost."""
    assert {name for path in documents() for name, _ in parts(_read(path))} == set(PARTS)


def test_every_rule_of_reading_and_linking_is_declared() -> None:
    """Each rule that a finding is made with in the code has a sentence, which documents and pages show."""
    named = set(map(unknown_word_rule, load_fields().concepts.values()))
    for path in (ROOT / "src" / "iomld").rglob("*.py"):
        if "web" not in path.parts:
            named |= _rules_named(ast.parse(_read(path)))
    assert {"unreadableYear", "unknownKey", "notJson", "primaUnique"} <= named
    assert named <= {rule.id for rule in READING_RULES} | {rule.id for rule in all_rules()}


def _rules_named(tree: ast.AST) -> set[str]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    found: set[str] = set()
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id in {"Finding", "fault"}:
            given = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "rule")]
            found |= {str(node.value) for node in given if isinstance(node, ast.Constant)}
    return found


@pytest.mark.parametrize(
    ("name", "command"), tuple(_commands()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_and_option_is_documented(name: str, command: click.Command) -> None:
    """Each command has a section with an example or a place in its group's, and each of its options stands there."""
    sections = re.split(r"^(?=##+ )", _read(DOCS / "COMMANDS.md"), flags=re.MULTILINE)
    section = next((text for text in sections if re.match(rf"##+ iomld {name}(?! \w*[a-z])", text)), None)
    assert section, f"no section for iomld {name}"
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert f"`{parameter.opts[0]}" in section, parameter.opts[0]
    assert any(call[: name.count(" ") + 1] == name.split() for _, call in _examples())


def test_every_choice_of_an_option_is_documented() -> None:
    """The values that an option takes are the ones listed."""
    text = _read(DOCS / "COMMANDS.md").replace("\\|", "|")
    for name, command in _commands():
        for parameter in command.params:
            if isinstance(parameter, click.Option) and isinstance(parameter.type, click.Choice):
                listed = f"`{parameter.opts[0]} [{'|'.join(map(str, parameter.type.choices))}]`"
                assert listed in text, f"{name}: {listed}"


@pytest.mark.parametrize(
    ("where", "call"), tuple(_examples()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_example_parses(where: str, call: list[str]) -> None:
    """Commands and options in examples exist and take such values."""
    try:
        _parse(group, call)
    except click.ClickException as error:
        pytest.fail(f"{where}: {error.format_message()}")


def test_every_route_is_documented(datadir: Path) -> None:
    """HTTP.md lists the routes of the application, and no others."""
    documented = {
        path
        for line in _read(DOCS / "HTTP.md").splitlines()
        if line.startswith(("| `/", "## `"))
        for path in re.findall(r"`(?:POST )?(/[^`?]*)`", line.split("|")[1] if line.startswith("|") else line)
    }
    application: object = create_app(datadir, Settings(), DEFAULT_BASE)
    while not isinstance(application, FastAPI):  # behind the layers around it
        application = getattr(application, "_app")  # noqa: B009  # private: the layers are nobody's business but here
    assert documented == {"/sparql", *_routes(application)}


def _routes(app: FastAPI) -> Iterator[str]:
    """Paths that the application describes, where it describes them, and what is mounted."""
    yield from app.openapi()["paths"]
    yield app.openapi_url or ""
    yield from (route.path for route in app.routes if isinstance(route, Mount))


@pytest.mark.parametrize("name", ["README.md", "docs/TUTORIAL.md"])
def test_first_steps_install_into_an_environment(name: str) -> None:
    """Debian and Ubuntu refuse `pip install` outside one."""
    first = next(match[2] for match in _CODE_BLOCK.finditer(_read(ROOT / name)))
    assert first.index("-m venv .venv && . .venv/bin/activate\n") < first.index("pip install .")


def test_readme_sets_up_with_two_commands() -> None:
    """The set-up section names `make serve` and `make test`, and nothing else is to be run."""
    section = _read(ROOT / "README.md").partition("## Set up\n")[2].partition("\n## ")[0]
    commands = [line for match in _CODE_BLOCK.finditer(section) for line in match[2].splitlines() if line.strip()]
    assert commands == ["make serve", "make test"]
    targets = re.findall(r"^(\w+):", _read(ROOT / "Makefile"), re.MULTILINE)
    assert {"serve", "test"} <= set(targets)


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    """Files and headings that documents link to are there."""
    prose = re.sub(r"`[^`\n]*`", "", _CODE_BLOCK.sub("", _read(path)))
    for target in _LINK.findall(prose):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        aim = (path.parent / name).resolve() if name else path
        assert aim.exists(), target
        if anchor:
            assert anchor in {_anchor(heading) for heading in _HEADING.findall(_read(aim))}, target


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/ARCHITECTURE.md"])
def test_files_and_constants_that_recipes_name_exist(name: str) -> None:
    """Paths stand for files of the repository or of the package, and names in capitals for constants of the code."""
    spans = re.findall(r"`([^`\n]+)`", _CODE_BLOCK.sub("", _read(ROOT / name)))
    words = {word for span in spans for word in span.split()}
    paths = {word.rstrip("/") for word in words if _PATH.fullmatch(word)}
    built = "dist/"  # what a build writes
    paths = {path for path in paths if not path.startswith(built)}
    missing = {path for path in paths if not any(any(folder.glob(path)) for folder in (ROOT, PACKAGE))}
    assert missing == set()
    code = "".join(_read(path) for folder in (PACKAGE, ROOT / "tests") for path in folder.rglob("*.py"))
    constants = {word for word in words if _CONSTANT.fullmatch(word)}
    assert {constant for constant in constants if not re.search(rf"\b{constant}\b", code)} == set()


def _anchor(heading: str) -> str:
    """The anchor that a heading gets: small letters, hyphens for spaces, no punctuation."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def test_changelog_names_the_version() -> None:
    """The changes of this version are told, under its number or as unreleased."""
    assert re.search(
        rf"^## \[(Unreleased|{re.escape(iomld.__version__)})\]", _read(ROOT / "CHANGELOG.md"), re.MULTILINE
    )


def test_every_decision_is_short_and_numbered() -> None:
    """Decisions are numbered without a gap, and each says what was needed, decided, why, and at what price."""
    paths = sorted((DOCS / "decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in paths] == list(range(1, len(paths) + 1))
    for path in paths:
        assert _read(path).startswith(f"# {int(path.name[:4])}. ")
        assert _read(path).count("\n") <= 30


def test_every_package_that_iomld_runs_on_is_argued_for() -> None:
    """Each dependency has a row in a decision."""
    project = tomllib.loads(_read(ROOT / "pyproject.toml"))["project"]
    table = _read(DOCS / "decisions" / "0006-run-time-packages.md")
    for requirement in project["dependencies"]:
        name = re.match(r"[\w-]+", requirement)
        assert name
        assert re.search(rf"\b{name[0]}\b", table), name[0]


def test_nothing_tells_of_the_place_where_it_was_made() -> None:
    """No file that is shipped holds a path or name of a workplace."""
    folders = ("src", "tests", "docs", "data", "shapes", "ontology", "benchmarks", ".ci")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    files += [path for path in ROOT.iterdir() if path.suffix in {".md", ".toml", ".lock"} or path.name == "Makefile"]
    for path in files:
        is_cache = any("cache" in part for part in path.relative_to(ROOT).parts)
        if path.is_file() and path.suffix not in _BINARY and not is_cache and path != _THIS:
            found = _FORBIDDEN.search(path.read_text(encoding="utf-8", errors="replace"))
            assert found is None, f"{path.relative_to(ROOT)}: {found}"


def test_words_with_ize_have_a_z() -> None:
    """One spelling for documents, pages, rules and code; what texts of others may say is in lists of words."""
    package = (path for suffix in ("*.py", "*.html", "*.in") for path in PACKAGE.rglob(suffix))
    data = (ROOT / name for name in ("ontology/iomld.ttl", "ontology/queries.ttl"))
    for path in (*documents(), *package, *(ROOT / "shapes").rglob("*.ttl"), *data):
        for line in _read(path).splitlines():
            found = _WITH_S.search(line)
            assert not found or _FRENCH.search(line) or '"labor": "labour"' in line, f"{path.relative_to(ROOT)}: {line}"
