"""The stages, imported only by commands that read records, since importing them takes longer than most commands run."""

from datetime import datetime

import click

from iomld.config import Settings
from iomld.pipeline.stages import Choices, Pipeline, load_pipeline


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


def loaded_pipeline(chosen: Choices) -> Pipeline:
    """Load the stages; report on standard error if another SHACL engine is used than the one chosen."""
    pipeline = load_pipeline(chosen)
    if pipeline.validator.fallback_reason:
        reason = pipeline.validator.fallback_reason
        click.echo(
            f"iomld: {pipeline.validator.engine_name} checks the shapes instead of {chosen.engine}: {reason}", err=True
        )
    return pipeline
