"""The command `iomld rules`: explains the rules of the shapes, with failing examples."""

import json
import textwrap
from collections.abc import Iterator, Mapping

import click

from iomld.cli.main import EXIT_DONE
from iomld.cli.options import fund_option, settings
from iomld.validate import Rule, all_rules
from iomld.validate.shapes import RuleExample, failing_examples

_LINE_WIDTH = 100
_MAX_EXAMPLE_WIDTH = 200  # characters of a line of an example


@click.command()
@click.argument("rule_ids", metavar="[RULE]…", nargs=-1)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Output format.",
)
@fund_option
def rules_command(*, rule_ids: tuple[str, ...], format_name: str) -> int:
    """Explain all rules of the shapes, or only the named ones.

    For each rule: what it checks, why, its message, and an example that fails. The example is a diff to a valid
    record: triples removed (-) and added (+).

    \b
    Example:
      iomld rules
      iomld rules nationalOne budget --format json
    """
    settings()
    rules = {rule.id: rule for rule in all_rules()}
    unknown = [id_ for id_ in rule_ids if id_ not in rules]
    if unknown:
        raise click.BadParameter(f"there is no rule {unknown[0]!r}; 'iomld rules' lists all.", param_hint="RULE")
    chosen = [rules[id_] for id_ in rule_ids] or list(rules.values())
    click.echo(_WRITERS[format_name](chosen, failing_examples()))
    return EXIT_DONE


def _as_text(rules: list[Rule], examples: Mapping[str, RuleExample]) -> str:
    return "\n\n".join("\n".join(_text_lines(rule, examples.get(rule.id))) for rule in rules)


def _text_lines(rule: Rule, example: RuleExample | None) -> Iterator[str]:
    yield f"{rule.id} · {rule.severity.value} · {', '.join(rule.profiles)}"
    parts = {
        "checks": rule.description,
        "why": rule.reason,
        "says": rule.message,
        "fails": example.name[:1].upper() + example.name[1:] if example else "",
    }
    for label, text in parts.items():
        if not text:  # rules of a fund folder have no example, and perhaps no reason
            continue
        yield textwrap.fill(text, _LINE_WIDTH, initial_indent=f"  {label:7}", subsequent_indent=" " * 9)
    yield from (f"         {line}" for line in _changes(example)) if example else ()


def _as_markdown(rules: list[Rule], examples: Mapping[str, RuleExample]) -> str:
    return "\n\n".join(_section(rule, examples.get(rule.id)) for rule in rules)


def _section(rule: Rule, example: RuleExample | None) -> str:
    changes = "\n".join(_changes(example)) if example else ""
    text = (
        f"## {rule.id}\n\n"
        f"{rule.severity.value}; {', '.join(rule.profiles)}. {rule.description} {rule.reason}\n\n"
        f"> {rule.message}"
    )
    return f"{text}\n\nFails: {example.name}.\n\n```diff\n{changes}\n```" if example else text


def _as_json(rules: list[Rule], examples: Mapping[str, RuleExample]) -> str:
    return json.dumps([_document(rule, examples.get(rule.id)) for rule in rules], indent=2, ensure_ascii=False)


def _document(rule: Rule, example: RuleExample | None) -> dict[str, object]:
    return {
        "id": rule.id,
        "severity": rule.severity.value,
        "profiles": rule.profiles,
        "name": rule.name,
        "checks": rule.description,
        "why": rule.reason,
        "message": rule.message,
        "properties": rule.subjects,
        "example": example and {"name": example.name, "without": example.without, "added": example.added},
    }


def _changes(example: RuleExample) -> Iterator[str]:
    yield from (f"- {text}" for text in example.without)
    yield from (f"+ {_shortened(text)}" for text in example.added.splitlines() if text)


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_EXAMPLE_WIDTH else f"{text[: _MAX_EXAMPLE_WIDTH - 2]} …"


_WRITERS = {"text": _as_text, "json": _as_json, "markdown": _as_markdown}
