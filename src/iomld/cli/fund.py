"""The command `iomld fund check`: checks a fund folder, and prints its settings, lists and columns."""

from collections.abc import Iterator
from pathlib import Path

import click

from iomld.assets import load_fields, load_vocabulary
from iomld.check.fund import fund_faults
from iomld.cli.main import EXIT_DONE, EXIT_REFUSED
from iomld.cli.options import language_option
from iomld.fund_folder import FundFolder, own_folder, read_fund_folder, using
from iomld.i18n import worded
from iomld.read.table.columns import project_columns

_WIDTH = 24  # characters of the names of columns
# Fields of which a record needs one, by the rule that asks for it.
_EITHER = {
    "codeMissing": ("projectCode", "primaId"),
    "budget": ("budget", "budgetUSD"),
    "benef": ("benefitingMemberStates", "benefitingCountries"),
}


@click.group()
def fund_command() -> None:
    """Check a fund folder: the settings, lists and shapes of a publisher.

    \b
    Example:
      iomld fund check examples/fund
    """


@fund_command.command("check")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@language_option("the faults")
def check(*, folder: Path, language: str) -> int:
    """Check FOLDER, and print the columns of tables that it understands.

    Each fault is one line with its file and line, on standard error; the exit status is then 1.

    \b
    Example:
      iomld fund check examples/fund --lang fr
    """
    fund = read_fund_folder(folder)
    faults = fund_faults(fund)
    for fault in faults:
        click.echo(worded(fault, language), err=True)
    if faults:
        return EXIT_REFUSED
    with using(fund):
        for line in _summary(fund):
            click.echo(line)
    return EXIT_DONE


def _summary(fund: FundFolder) -> Iterator[str]:
    with using(own_folder()):
        known, schemes = set(load_fields().by_key), set(load_vocabulary().concepts)
    fields, vocabulary = load_fields(), load_vocabulary(fund.base)
    yield f"base       {fund.base}"
    yield f"fund       {vocabulary.fund.name() if vocabulary.fund else 'nobody is named'}"
    yield f"currency   {vocabulary.currency or 'none is assumed'}"
    yield f"lists      {', '.join(_list_names(fund, schemes)) or 'those of iomld'}"
    yield f"without    {', '.join(fund.without) or 'nothing: all rules hold'}"
    yield ""
    yield "columns, with other headings; * is always required, + is a field of this folder"
    if pairs := [" or ".join(keys) for rule, keys in _EITHER.items() if rule not in fund.without]:
        yield f"one of each pair is required too: {'; '.join(pairs)}"
    for column in project_columns():
        field = fields.by_key.get(column.name)
        mark = " *" if field and field.required else " +" if field and field.key not in known else ""
        yield f"  {column.name + mark:{_WIDTH}} {column.other_headings}".rstrip()


def _list_names(fund: FundFolder, known: set[str]) -> Iterator[str]:
    """The lists of the folder, with the number of their concepts."""
    concepts = load_vocabulary(fund.base).concepts
    for name in concepts:
        if f"ontology/{name}.ttl" in fund.files():
            yield f"{name} ({len(concepts[name])}{'' if name in known else ', new'})"
