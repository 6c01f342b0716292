"""The commands `iomld queries add`, `list`, `show`, `check`, `remove`, `pin` and `unpin`."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from iomld import release
from iomld.cli.main import EXIT_DONE, EXIT_REFUSED
from iomld.cli.options import datadir_option, served_release, settings
from iomld.errors import IomldError, NotFoundError, QueryError
from iomld.iris import Iris
from iomld.release import Release
from iomld.release.choice import release_by_name
from iomld.saved.answers import SavedAnswer, answer_facts, answers_of, release_asker
from iomld.saved.decorators import QueryFileError
from iomld.saved.drift import QueryDrift, current_drift, recorded_drift
from iomld.saved.folder import (
    SUFFIX,
    Pin,
    add_pin,
    no_such_query,
    pins,
    query_file,
    remove_pin,
    remove_query,
    save_query,
    saved_queries,
    version_in,
)
from iomld.saved.parameters import Parameter
from iomld.saved.query import SavedQuery, check_name, parse_saved_query


@click.group(invoke_without_command=True)
@click.pass_context
def queries_command(context: click.Context) -> int:
    """Save queries with a title and parameters, see whether their answers change, and keep versions to cite.

    A server shows them at /saved. Each publish records their answers.

    \b
    Example:
      iomld queries add examples/projects-of-a-region.rq
      iomld queries list
      iomld queries check
      iomld queries pin projects-of-a-region
    """
    if context.invoked_subcommand is None:
        return int(context.invoke(list_queries, datadir=None))
    return EXIT_DONE


@queries_command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--name", help="Name of the query.  [default: that of the file, without .rq]")
@click.option("--replace", "replaces", is_flag=True, help="Replace the query that has this name.")
@datadir_option
def add(*, file: Path, name: str | None, replaces: bool, datadir: Path | None) -> None:
    """Check FILE and save it as a query. Servers offer it at once, and the next publish records its answer.

    \b
    Example:
      iomld queries add examples/projects-of-a-region.rq
      iomld queries add question.rq --name budgets-by-year --replace
    """
    folder = datadir or settings().data_dir
    query = _query_in(file, file.stem if name is None else name)
    place = query_file(folder, query.name)
    if place.exists() and not replaces and place.read_bytes() != query.text.encode():
        raise QueryError(f"{place}: there is a query of this name already. Give another --name, or add --replace.")
    save_query(folder, query)
    click.echo(f"saved      {query.name}: {query.title}")
    for parameter in query.parameters:
        click.echo(f"parameter  {_described(parameter)}")


def _query_in(file: Path, name: str) -> SavedQuery:
    try:
        check_name(name)
        return parse_saved_query(name, file.read_bytes(), str(file))
    except OSError as error:
        raise QueryError(f"{file}: cannot be read ({error.strerror}). Name a file that holds a query.") from error


def _described(parameter: Parameter) -> str:
    kind = f"text in {parameter.language}" if parameter.language else parameter.type.value
    choices = f", one of {', '.join(map(parameter.text_of, parameter.choices))}" if parameter.choices else ""
    return f"{parameter.name}={parameter.text_of(parameter.default)}  {kind}{choices}"


@queries_command.command("list")
@datadir_option
def list_queries(*, datadir: Path | None) -> int:
    """List the saved queries.

    Each has the rows that it has in the current release, and the versions that are pinned.

    \b
    Example:
      iomld queries list
    """
    folder = datadir or settings().data_dir
    saved, current = saved_queries(folder), release.current_release(folder)
    recorded = answers_of(current) if current else {}
    kept = pins(folder)
    for query in saved.queries:
        click.echo(f"{query.name}  {_rows(recorded.get(query.name), query)}  {query.title}")
    for pin in kept:
        click.echo(f"pinned     {pin.query}@{pin.release}")
    for fault in saved.faults:
        click.echo(f"not used   {fault}", err=True)
    if not (saved.queries or kept or saved.faults):
        click.echo(f"{folder} has no saved queries. 'iomld queries add FILE.rq' saves one.")
    return EXIT_REFUSED if saved.faults else EXIT_DONE


def _rows(recorded: SavedAnswer | None, query: SavedQuery) -> str:
    if recorded is None or recorded.text != query.text:
        return "in no release yet"
    return f"{recorded.facts.rows} rows" if recorded.facts else "no answer"


@queries_command.command()
@click.argument("name")
@datadir_option
def show(*, name: str, datadir: Path | None) -> None:
    """Show a saved query and its parameters.

    Shown are the parameters with their defaults, the versions that are pinned, and the text.

    \b
    Example:
      iomld queries show projects-of-a-region
    """
    folder = datadir or settings().data_dir
    query = _query_named(folder, name)
    click.echo(f"title      {query.title}")
    if query.summary:
        click.echo(f"summary    {query.summary}")
    for parameter in query.parameters:
        click.echo(f"parameter  {_described(parameter)}")
    for pin in pins(folder):
        if pin.query == name:
            click.echo(f"pinned     {name}@{pin.release}")
    click.echo(f"\n{query.text.rstrip()}")


def _query_named(folder: Path, name: str) -> SavedQuery:
    query = saved_queries(folder).find(name)
    if query is None:
        raise NotFoundError(no_such_query(folder, name))
    return query


@queries_command.command()
@click.option("--since", metavar="NAME", help="Compare with this release instead of the one before.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format of the report.",
)
@datadir_option
def check(*, since: str | None, form: str, datadir: Path | None) -> int:
    """Run the saved queries again and compare answers.

    They run on the current release, and are compared with the answers of the release before.

    The exit status is 1 if an answer differs or is empty, or a query fails. Each query may take half a minute.

    \b
    Example:
      iomld queries check
      iomld queries check --since 20261123T190000Z-ab12cd34 --format json
    """
    folder = datadir or settings().data_dir
    current = served_release(folder)
    compared = release_by_name(folder, since) if since else None
    ask = release_asker(current.query_store, current.manifest.base)
    found = [*current_drift(folder, saved_queries(folder), current, compared, ask)]
    if form == "json":
        click.echo(_drift_json(current, found))
    for drift in found if form == "text" else ():
        click.echo(f"{'' if drift.is_quiet else '! '}{drift.name}: {drift.sentence}")
    if form == "text" and not found:
        click.echo(f"{folder} has no saved queries. 'iomld queries add FILE.rq' saves one.")
    return EXIT_DONE if all(drift.is_quiet for drift in found) else EXIT_REFUSED


def _drift_json(current: Release, found: list[QueryDrift]) -> str:
    listed = [
        {
            "name": drift.name,
            "drift": drift.kind.value,
            "was": drift.was and asdict(drift.was),
            "is": drift.now and asdict(drift.now),
            "since": drift.since or None,
            "textChanged": drift.is_new_text,
            "sentence": drift.sentence,
        }
        for drift in found
    ]
    return json.dumps({"release": current.manifest.name, "queries": listed}, indent=2, ensure_ascii=False)


def drift_lines(datadir: Path, made: str | None) -> Iterator[str]:
    """What a new release says of saved queries: those whose answers differ, those that fail, and files with faults.

    Args:
        datadir: Folder of the releases.
        made: Name of the new release; None if none was made.
    """
    if made is None:
        return
    for answer in answers_of(release.open_release(datadir, made)).values():
        drift = recorded_drift(answer)
        if not drift.is_quiet:
            yield f"query      {drift.name}: {drift.sentence}"
    for fault in saved_queries(datadir).faults:
        yield f"query      not used: {fault}"


@queries_command.command()
@click.argument("name")
@datadir_option
def remove(*, name: str, datadir: Path | None) -> None:
    """Remove a saved query. Releases keep the version that they were made with, and pinned versions stay.

    \b
    Example:
      iomld queries remove projects-of-a-region
    """
    folder = datadir or settings().data_dir
    remove_query(folder, name.removesuffix(SUFFIX))
    click.echo(f"removed    {name}")
    for pin in pins(folder):
        if pin.query == name:
            click.echo(f"still pinned: {name}@{pin.release}. 'iomld queries unpin {name} {pin.release}' ends that.")


@queries_command.command()
@click.argument("name")
@click.argument("release_name", metavar="RELEASE", required=False)
@datadir_option
def pin(*, name: str, release_name: str | None, datadir: Path | None) -> None:
    """Keep a release whose answer is cited.

    It is RELEASE, or the current one; the answer is that of the query NAME.

    'iomld releases prune' does not remove it then. A query that was saved after the release was made is pinned with
    the text that it has now.

    \b
    Example:
      iomld queries pin projects-of-a-region
      iomld queries pin projects-of-a-region 20261123T190000Z-ab12cd34
    """
    folder = datadir or settings().data_dir
    if not release.release_names(folder):
        raise NotFoundError(f"{folder}: nothing is published here. Run 'iomld publish SOURCE… --to {folder}' first.")
    with release.publisher_lock(folder):
        pinned = release_by_name(folder, release_name) if release_name else served_release(folder)
        version = version_in(folder, pinned, name) or _version_of_today(folder, pinned, name)
        if version.facts is None:
            raise QueryError(f"{name}@{pinned.manifest.name} has no answer to cite: {version.failure}")
        made = add_pin(folder, pinned, version)
    click.echo(f"pinned     {made.query}@{made.release}")
    click.echo(f"cite       {Iris(pinned.manifest.base).saved_query(made.query, made.release)}")
    if _has_changed(folder, version):
        click.echo("The text of the query has changed since. To cite it as it is now, publish, and pin that release.")


def _has_changed(folder: Path, version: SavedAnswer) -> bool:
    try:
        query = saved_queries(folder).find(version.name)
    except QueryFileError:
        return True
    return query is not None and query.text != version.text


def _version_of_today(folder: Path, pinned: Release, name: str) -> SavedAnswer:
    """A query with its answer in a release that was made before the query was saved."""
    query = _query_named(folder, name)
    try:
        facts = answer_facts(query, release_asker(pinned.query_store, pinned.manifest.base))
    except IomldError as error:
        return SavedAnswer(name, query.text, None, str(error))
    return SavedAnswer(name, query.text, facts)


@queries_command.command()
@click.argument("name")
@click.argument("release_name", metavar="RELEASE")
@datadir_option
def unpin(*, name: str, release_name: str, datadir: Path | None) -> None:
    """Keep a release no longer.

    RELEASE was kept for the query NAME; the next prune may remove it.

    \b
    Example:
      iomld queries unpin projects-of-a-region 20261123T190000Z-ab12cd34
    """
    folder = datadir or settings().data_dir
    remove_pin(folder, Pin(name, release_name))
    click.echo(f"unpinned   {name}@{release_name}")
