"""Options that several commands share, and the settings and the release that commands load."""

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

import click

from iomld import release
from iomld.cli.main import LANGUAGE
from iomld.config import Settings, read_settings
from iomld.errors import NotFoundError
from iomld.fund_folder import use_folder
from iomld.release import Release
from iomld.release.choice import read_moment, release_at, release_by_name

ENGINES = ("shacl", "pyshacl")
_FUND = "iomld.fund"  # in the meta data of the context of a command
_Command = TypeVar("_Command", bound=Callable[..., object])

sources_argument = click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
datadir_option = click.option(
    "--from", "datadir", type=click.Path(path_type=Path), help="Folder of the releases.  [default: iomld-data]"
)
target_option = click.option(
    "--to", "datadir", type=click.Path(path_type=Path), help="Folder of the releases.  [default: iomld-data]"
)
source_url_option = click.option(
    "--source-url", metavar="URL", help="Address that the SOURCE was saved from; for a single file."
)
mapping_option = click.option(
    "--mapping",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file that maps the headings, words, dates and amounts of a table in another layout to our columns.",
)
fund_option = click.option(
    "--fund",
    type=click.Path(path_type=Path, file_okay=False),
    expose_value=False,
    callback=lambda context, _option, path: context.meta.__setitem__(_FUND, path),
    help="Fund folder of the publisher: its settings, lists and shapes.  [default: IOMLD_FUND]",
)


def language_option(what: str) -> Callable[[_Command], _Command]:
    """Add `--lang`; errors of the command are in this language too.

    Args:
        what: What is written in the language, for the help.
    """
    from iomld.i18n import ENGLISH, LANGUAGES  # noqa: PLC0415  # loads Babel, which most commands do without

    def keep(context: click.Context, _option: click.Parameter, language: str) -> str:
        context.meta[LANGUAGE] = language
        return language

    return click.option(
        "--lang",
        "language",
        type=click.Choice(LANGUAGES),
        default=ENGLISH,
        show_default=True,
        callback=keep,
        help=f"Language of {what}.",
    )


class _Day(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3 alone
    """A day, as midnight; the error of `click.DateTime` names the pattern of a programmer."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read a day, as midnight."""
        if isinstance(value, datetime):
            return value
        try:
            return datetime.strptime(str(value), "%Y-%m-%d")  # noqa: DTZ007  # as click.DateTime; a day has no zone
        except ValueError:
            self.fail(f"{value!r} is not a date. Write it like 2024-12-31.", param, ctx)


class WholeNumber(click.IntRange):
    """A whole number in a range; `click.IntRange` writes the range as a formula, in errors and in the help."""

    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a number."""
        try:
            return int(super().convert(value, param, ctx))  # type: ignore[arg-type]  # text, or the default
        except click.BadParameter:
            self.fail(f"{value!r} is not a whole number from {self._describe_range()}.", param, ctx)

    def _describe_range(self) -> str:
        """The range in words; click puts it into the help of an option."""
        return f"{self.min:g} to {self.max:g}" if self.max is not None else f"{self.min:g} upwards"


def engine_options(command: _Command) -> _Command:
    """Add `--engine` and `--as-of`."""
    engine = click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default="shacl",
        show_default=True,
        help="SHACL engine to use.",
    )
    as_of = click.option(
        "--as-of",
        type=_Day(),
        metavar="YYYY-MM-DD",
        help="Date that rules about time use for sources without a retrieval time.",
    )
    return engine(as_of(command))


def settings() -> Settings:
    """The settings of this process, whose fund folder is in use from now on.

    Raises:
        SettingsError: A setting is wrong, or the fund folder.
    """
    meta = click.get_current_context().meta
    named = meta.get(_FUND)
    known = read_settings(os.environ | {"IOMLD_FUND": str(named)} if named else os.environ)
    if known.fund and _FUND in meta:  # other commands read a release, which has a folder of its own
        from iomld.check.fund import check_fund_folder  # noqa: PLC0415  # half of the commands do without

        check_fund_folder(known.fund)
        use_folder(known.fund)
    return known


def served_release(datadir: Path) -> Release:
    """The current release of a folder, as it was published; its fund folder is in use from now on.

    Raises:
        NotFoundError: The folder holds no release.
        StoreError: The release is damaged, or there is no link to it.
    """
    current = release.readable_release(datadir)
    if current is None:
        raise NotFoundError(f"{datadir}: nothing is published here. Run 'iomld publish SOURCE… --to {datadir}' first.")
    use_folder(current.fund_folder)
    return current


def chosen_release(datadir: Path, name: str | None, as_of: str | None) -> Release:
    """The release of a folder with a name, or that was served at a time; without both, the current one.

    Its fund folder is in use from now on.

    Raises:
        UsageError: Both are given.
        NotFoundError: There is no such release.
        StoreError: The release is damaged.
        IomldError: The time is none.
    """
    if name is not None and as_of is not None:
        raise click.UsageError("Give either --release or --as-of.")
    if name is None and as_of is None:
        return served_release(datadir)
    chosen = release_by_name(datadir, name) if name is not None else release_at(datadir, read_moment(as_of or ""))
    release.require_whole(chosen, read_bytes=release.READ_BYTES)
    use_folder(chosen.fund_folder)
    return chosen


def check_source_url(url: str | None, sources: Sequence[Path]) -> None:
    """Refuse `--source-url` with several files, which were not all saved from one address.

    Raises:
        UsageError: There is an address, and not exactly one file.
        SourceError: The source does not exist.
    """
    if not url:
        return
    from iomld.read import expand_sources  # noqa: PLC0415  # most commands do without

    files = [file.name for file in islice(expand_sources(sources), 2)]
    if len(files) != 1:
        found = f"{files[0]} and {files[1]} are two" if files else "there is none"
        raise click.UsageError(f"--source-url is the address of one file, but {found}. Give each file by itself.")
