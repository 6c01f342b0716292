"""The `iomld` command: finds the file of a command when it is asked for, and translates errors once."""

import sys
from importlib import import_module
from typing import cast

import click

from iomld import __version__
from iomld.errors import IomldError

EXIT_DONE = 0
EXIT_REFUSED = 1
EXIT_FAILED = 2

_COMMANDS = {
    "publish": "Read records and make a release.",
    "serve": "Serve the current release.",
    "validate": "Check records against the shapes.",
    "convert": "Write records as RDF or tables.",
    "query": "Ask a release in SPARQL.",
    "export": "Write the whole dataset in one format.",
    "template": "Write an empty table to fill in.",
    "withdraw": "Take records back, and say why.",
    "releases": "List releases and roll back.",
    "rules": "Explain every rule that records are held against.",
}


# Commands that share the module of another.
_MODULES = {"template": "export", "withdraw": "publish"}


class _Commands(click.Group):
    """Commands that are imported when they are used, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"iomld.cli.{_MODULES.get(cmd_name, cmd_name)}")
        return cast("click.Command", getattr(module, f"{cmd_name}_command"))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="iomld")
def iomld() -> None:
    """Publish, validate and query development-project records as linked data.

    \b
    Example:
      iomld publish data/ && iomld serve
    """


def main() -> None:
    """Run the command line; exit 0 done, 1 some records refused, 2 could not run."""
    try:
        status = iomld.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_FAILED)
    except IomldError as error:
        click.echo(f"iomld: {error}", err=True)
        sys.exit(EXIT_FAILED)
    except (click.Abort, KeyboardInterrupt):
        click.echo("iomld: stopped.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has gone away (`iomld export | head`); nobody is left to tell.
        sys.stderr.close()
        sys.exit(EXIT_DONE)
    sys.exit(status if isinstance(status, int) else EXIT_DONE)
