"""Options that several commands share, and what a command loads from the settings."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click

from iomld import release
from iomld.config import Settings, read_settings
from iomld.errors import NotFoundError
from iomld.pipeline.stages import Choices, Pipeline, load_pipeline
from iomld.release import Release

ENGINES = ("shacl", "pyshacl")
_Command = TypeVar("_Command", bound=Callable[..., object])

sources_argument = click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
datadir_option = click.option(
    "--from", "datadir", type=click.Path(path_type=Path), help="Folder of the releases.  [default: iomld-data]"
)


mapping_option = click.option(
    "--mapping",
    type=click.Path(path_type=Path, dir_okay=False),
    help="For tables of others: a file that gives our column for each heading of theirs.",
)


def engine_options(command: _Command) -> _Command:
    """Add `--engine` and `--as-of`."""
    engine = click.option(
        "--engine", type=click.Choice(ENGINES), default="shacl", show_default=True, help="SHACL engine."
    )
    as_of = click.option(
        "--as-of",
        type=click.DateTime(["%Y-%m-%d"]),
        help="Day that rules about time compare with where a source has no retrieval time.",
    )
    return engine(as_of(command))


def settings() -> Settings:
    """The settings of this process."""
    return read_settings(os.environ)


def choices(known: Settings, *, profile: str, engine: str = "shacl", as_of: datetime | None = None) -> Choices:
    """What the pipeline is loaded with."""
    return Choices(
        base=known.base_iri,
        license=known.license,
        with_narrative=known.publish_narrative,
        profile=profile,
        engine=engine,
        as_of=as_of.date() if as_of else None,
    )


def loaded(chosen: Choices) -> Pipeline:
    """The stages; says on standard error where another engine had to stand in."""
    pipeline = load_pipeline(chosen)
    if pipeline.validator.fallback_reason:
        reason = pipeline.validator.fallback_reason
        click.echo(
            f"iomld: {pipeline.validator.engine_name} checks the shapes instead of {chosen.engine}: {reason}", err=True
        )
    return pipeline


def served_release(datadir: Path) -> Release:
    """The current release of a folder.

    Raises:
        NotFoundError: Nothing was published there.
    """
    current = release.current_release(datadir)
    if current is None:
        raise NotFoundError(f"{datadir}: nothing is published here. Run 'iomld publish SOURCE… --to {datadir}' first.")
    return current
