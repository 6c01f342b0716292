"""The `iomld` command: imports a subcommand when it is called, and turns errors into exit statuses."""

import errno
import sys
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper
from typing import NamedTuple, cast

import click

from iomld import __version__
from iomld.errors import IomldError, StoreError

EXIT_DONE = 0
EXIT_REFUSED = 1
EXIT_FAILED = 2
LANGUAGE = "iomld.language"  # in the meta data of the context of a command: the language of its sentences
EXIT_INTERRUPTED = 130  # 128 and the number of SIGINT, as shells have it


class _Command(NamedTuple):
    """A subcommand: the module in `iomld.cli` that defines `NAME_command`, and its line in `iomld --help`."""

    module: str
    summary: str


_COMMANDS = {
    "demo": _Command("serve", "Serve the bundled records, to try iomld out."),
    "publish": _Command("publish", "Read records and publish them as a new release."),
    "serve": _Command("serve", "Serve the current release over HTTP."),
    "validate": _Command("validate", "Check records against the rules."),
    "convert": _Command("convert", "Convert records to RDF or tables."),
    "query": _Command("query", "Run a SPARQL query on a release or an endpoint."),
    "queries": _Command("queries", "Save queries, see whether their answers change, and keep versions to cite."),
    "export": _Command("export", "Write the whole dataset in one format."),
    "template": _Command("export", "Write an empty table to fill in."),
    "mapping": _Command("mapping", "Propose a mapping for a table in another layout."),
    "withdraw": _Command("publish", "Withdraw published records, with a reason."),
    "mentions": _Command("mentions", "List framework mentions, and accept or reject them."),
    "inbox": _Command("submissions.inbox", "List submissions, and accept or reject them."),
    "token": _Command("submissions.inbox", "Make, list and revoke the tokens of senders and reviewers."),
    "work": _Command("submissions.work", "Publish accepted submissions."),
    "releases": _Command("releases", "List releases, or roll back to one."),
    "remote": _Command("remote", "Bring releases into a SPARQL server that answers the queries."),
    "fund": _Command("fund", "Check a publisher's own settings, lists and shapes."),
    "rules": _Command("rules", "Explain the rules that records are checked against."),
}


class _LazyGroup(click.Group):
    """A group that imports a command only when it is called, so that `--help` is fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"iomld.cli.{_COMMANDS[cmd_name].module}")
        return cast("click.Command", getattr(module, f"{cmd_name}_command"))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a name that is none gets the closest one."""
        close = get_close_matches(args[0], _COMMANDS, n=1)
        if args[0] not in _COMMANDS and not args[0].startswith("-") and close:
            raise click.UsageError(f"No such command '{args[0]}'. Did you mean '{close[0]}'?", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; errors of the machine become sentences here, since click takes EOFError for Ctrl-C."""
        try:
            status = super().invoke(ctx)
            sys.stdout.flush()
        except IomldError as error:
            if LANGUAGE not in ctx.meta:
                raise
            from iomld.i18n import worded  # noqa: PLC0415  # loaded already by the command that has a language

            raise IomldError(worded(error.message, ctx.meta[LANGUAGE])) from error
        except BrokenPipeError:
            # The process that reads our output has ended (`iomld export | head`): there is nobody to report to.
            sys.stderr.close()
            sys.exit(EXIT_DONE)
        except EOFError as error:
            raise StoreError(f"a compressed file ends too early ({error}). Copy it again.") from error
        except MemoryError as error:
            raise StoreError("there is not enough memory. Give the command more, or fewer sources at once.") from error
        except OSError as error:
            raise StoreError(_system_sentence(error)) from error
        except RuntimeError as error:
            from iomld.store.oxigraph import is_corruption  # noqa: PLC0415  # loaded already, if the store raised it

            if not is_corruption(error):
                raise
            raise StoreError(f"the store is damaged ({error}). 'iomld releases verify' names its files.") from error
        return status


def _system_sentence(error: OSError) -> str:
    """What the operating system reports, and what to do."""
    place = f"{error.filename}: " if error.filename else ""
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return (
            f"{place}no space left ({error.strerror}). Make room, or name a temporary folder with more of it "
            "in TMPDIR, and run the command again. What was published before is unchanged."
        )
    return f"{place}cannot be used ({error.strerror or error})." if place else f"{error}."


def _show_usage_error(error: click.ClickException) -> None:
    """Write what is wrong with the arguments as one sentence in the style of our own, and the command that helps."""
    if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):  # since click 8.2: the help itself
        error.show()
        return
    text = " ".join(error.format_message().split())  # click lists choices in lines of their own
    if isinstance(error, click.NoSuchOption):  # each version of click words it in its own way
        close = " or ".join(f"'{name}'" for name in error.possibilities or ())
        text = f"No such option '{error.option_name}'." + (f" Did you mean {close}?" if close else "")
    if text[1:2].islower():
        text = text[0].lower() + text[1:]
    if text[-1:] not in {".", "?", ")"}:
        text += "."
    if ". " not in text and "?" not in text:  # it does not say what to do
        context = error.ctx if isinstance(error, click.UsageError) else None
        command = context.command_path if context else "iomld COMMAND"  # the parser's own errors have no context
        text += f" See '{command} --help'."
    click.echo(f"iomld: {text}", err=True)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="iomld")
def iomld() -> None:
    """Publish, validate and query development-project records as linked data.

    \b
    Example:
      iomld demo
      iomld publish records.xlsx && iomld serve

    'iomld COMMAND --help' explains a command.
    """


def main() -> None:
    """Run the command line and exit: 0 done, 1 some records refused, 2 could not run, 130 interrupted."""
    if isinstance(sys.stdout, TextIOWrapper):  # what the encoding of the locale does not have is written as escapes
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = iomld.main(standalone_mode=False)
    except click.ClickException as error:
        _show_usage_error(error)
        sys.exit(EXIT_FAILED)
    except IomldError as error:
        click.echo(f"iomld: {error}", err=True)
        sys.exit(EXIT_FAILED)
    except (click.Abort, KeyboardInterrupt):
        click.echo("iomld: stopped.", err=True)
        sys.exit(EXIT_INTERRUPTED)
    sys.exit(status if isinstance(status, int) else EXIT_DONE)
