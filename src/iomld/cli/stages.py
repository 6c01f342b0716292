"""The stages, imported only by commands that read records, since importing them takes longer than most commands run."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iomld import __version__
from iomld.config import Settings
from iomld.pipeline.conversion import Choices
from iomld.read.table.mapping import NO_MAPPING, TableMapping

if TYPE_CHECKING:
    from iomld.pipeline.stages import Pipeline
    from iomld.publish.runs import PublishingSettings

# New objects after which Python looks for garbage in cycles, by default 700. A batch of records has 4,000 at once; none
# is in a cycle, and each collection would visit them all.
_GARBAGE_THRESHOLD = 10_000


def pipeline_choices(known: Settings, *, profile: str, engine: str = "shacl", as_of: datetime | None = None) -> Choices:
    """The choices that a pipeline is loaded with: the publisher's settings and the options of the command."""
    return Choices(
        base=known.base_iri,
        license=known.license,
        with_narrative=known.publish_narrative,
        profile=profile,
        engine=engine,
        as_of=as_of.date() if as_of else None,
    )


@contextmanager
def loading() -> Iterator[None]:
    """Load what lives to the end: lists, names, patterns and shapes, among which no garbage is to be looked for.

    Afterwards garbage is looked for more rarely than Python does by itself.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(_GARBAGE_THRESHOLD)
        gc.enable()


def publishing_settings(known: Settings, datadir: Path | None) -> "PublishingSettings":
    """What a run without sources is told of the publisher; the folder is that of the settings if none is given."""
    from iomld.publish.runs import PublishingSettings  # noqa: PLC0415  # with the library of the store

    return PublishingSettings(datadir or known.data_dir, known.license, known.publisher, known.contact, __version__)


def loaded_pipeline(chosen: Choices) -> "Pipeline":
    """Load the stages; report on standard error if another SHACL engine is used than the one chosen."""
    with loading():
        from iomld.pipeline.stages import load_pipeline  # noqa: PLC0415  # with the shapes; `iomld convert` needs none

        pipeline = load_pipeline(chosen)
    if pipeline.validator.fallback_reason:
        reason = pipeline.validator.fallback_reason
        click.echo(
            f"iomld: {pipeline.validator.engine_name} checks the shapes instead of {chosen.engine}: {reason}", err=True
        )
    return pipeline


def chosen_mapping(path: Path | None) -> TableMapping:
    """The mapping of a foreign table that `--mapping` names; without it, none.

    Raises:
        SourceError: The file cannot be read, or it is no mapping.
    """
    if path is None:
        return NO_MAPPING
    from iomld.read.mapping.files import read_mapping  # noqa: PLC0415  # with the reader of TOML, and few tables need it

    return read_mapping(path)
