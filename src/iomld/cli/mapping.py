"""The commands `iomld mapping …`: help with tables in other layouts."""

from pathlib import Path

import click

from iomld.assets import load_vocabulary
from iomld.cli.options import fund_option, settings
from iomld.lexicon.words import build_lexicon
from iomld.read import expand_sources
from iomld.read.mapping.draft import draft_mapping
from iomld.read.mapping.tables import first_table


@click.group()
def mapping_command() -> None:
    """Help with mappings from tables in other layouts to our columns."""


@mapping_command.command("draft", short_help="Propose a mapping for a table, as TOML.")
@click.argument("file", type=click.Path(path_type=Path))
@fund_option
def draft_command(*, file: Path) -> None:
    """Propose a mapping for the table in FILE (CSV or XLSX), in TOML on standard output.

    Columns are guessed from their headings and cells; a column that fits none becomes a comment with the closest names.
    Each word that is in none of our lists is listed under values, for you to fill in its meaning.

    \b
    Example:
      iomld mapping draft grants.csv > grants.mapping.toml
      iomld validate grants.csv --mapping grants.mapping.toml
    """
    vocabulary = load_vocabulary(settings().base_iri)
    table = first_table(next(iter(expand_sources([file]))))
    for line in draft_mapping(table, build_lexicon(vocabulary)):
        click.echo(line)
