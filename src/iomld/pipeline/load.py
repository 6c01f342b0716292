"""Load the stages once, from plain values."""

import hashlib
from dataclasses import dataclass
from datetime import date

from iomld import __version__, assets
from iomld.convert import Publication
from iomld.iris import DEFAULT_BASE, Iris
from iomld.link.project import build_linker
from iomld.pipeline.outcomes import Pipeline
from iomld.validate import load_validator


@dataclass(frozen=True, slots=True)
class Choices:
    """What the publisher and the caller choose.

    Attributes:
        base: Data base of the IRIs.
        license: IRI of the licence of the records.
        with_narrative: Whether narratives are published whole.
        profile: `submission` (what a person supplies) or `published` (the publisher's own rules too).
        engine: SHACL engine: `shacl` or `pyshacl`.
        as_of: Day that rules about time compare with where a source has no retrieval time.
    """

    base: str = DEFAULT_BASE
    license: str = "https://creativecommons.org/licenses/by/4.0/"
    with_narrative: bool = True
    profile: str = "submission"
    engine: str = "shacl"
    as_of: date | None = None


def load_pipeline(choices: Choices) -> Pipeline:
    """Load vocabularies, linker, shapes and engine."""
    return Pipeline(
        linker=build_linker(assets.load_vocabulary(choices.base)),
        publication=Publication(
            iris=Iris(choices.base),
            license=choices.license,
            matcher_version=__version__,
            with_narrative=choices.with_narrative,
        ),
        validator=load_validator(choices.profile, base=choices.base, engine=choices.engine, as_of=choices.as_of),
        versions={
            "iomld": __version__,
            "shapes": _digest("shapes"),
            "vocabularies": _digest("ontology"),
        },
    )


def _digest(folder: str) -> str:
    """Hash of the package's files in a folder: 12 hexadecimal digits of SHA-256."""
    digest = hashlib.sha256()
    for name in assets.asset_names(folder):
        digest.update(assets.asset_text(name).encode())
    return digest.hexdigest()[:12]
