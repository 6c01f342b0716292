"""The command `iomld rules`: explains the rules of the shapes, with examples, and those of reading."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

import click

from iomld.cli.main import EXIT_DONE
from iomld.cli.options import fund_option, settings
from iomld.model import Severity
from iomld.validate import Rule, all_rules
from iomld.validate.reading_rules import STAGE, ReadingRule, reading_rules
from iomld.validate.shapes import RuleExample, failing_examples, passing_example

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
    """Explain all rules, or only the named ones: first those of the shapes, then those of reading.

    For each rule of the shapes: what it checks, why, its message, and two examples, one that fails and one that
    passes. An example is a diff to a valid record: triples removed (-) and added (+). For each rule of reading: when
    it is broken, and what becomes of the value.

    \b
    Example:
      iomld rules
      iomld rules unknownStatus
      iomld rules nationalOne budget --format json
    """
    settings()
    shapes = {rule.id: rule for rule in all_rules()}
    rules: dict[str, Rule | ReadingRule] = {**shapes, **{rule.id: rule for rule in reading_rules(shapes)}}
    unknown = [id_ for id_ in rule_ids if id_ not in rules]
    if unknown:
        close = get_close_matches(unknown[0], rules, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else "'iomld rules' lists all."
        raise click.BadParameter(f"there is no rule {unknown[0]!r}. {hint}", param_hint="RULE")
    chosen = [rules[id_] for id_ in rule_ids] or list(rules.values())
    click.echo(_WRITERS[format_name](chosen))
    return EXIT_DONE


def _severities(rule: ReadingRule) -> tuple[Severity, ...]:
    return tuple(dict.fromkeys((rule.severity, rule.worst)))


def _examples(rule: Rule) -> Mapping[str, RuleExample]:
    """The example that fails and the one that passes; rules of a fund folder have none."""
    failing = failing_examples().get(rule.id)
    return {"fails": failing, "passes": passing_example(rule)} if failing else {}


def _as_text(rules: list[Rule | ReadingRule]) -> str:
    return "\n\n".join("\n".join(_text_lines(rule)) for rule in rules)


def _text_lines(rule: Rule | ReadingRule) -> Iterator[str]:
    if isinstance(rule, ReadingRule):
        yield f"{rule.id} · {', '.join(_severities(rule))} · {STAGE}"
        yield _labelled("when", rule.sentence)
        return
    yield f"{rule.id} · {rule.severity.value} · {', '.join(rule.profiles)}"
    for label, text in {"checks": rule.description, "why": rule.reason, "says": rule.message}.items():
        if text:  # a rule of a fund folder may have no reason
            yield _labelled(label, text)
    for label, example in _examples(rule).items():
        yield _labelled(label, example.name[:1].upper() + example.name[1:])
        yield from (f"         {line}" for line in _changes(example))


def _labelled(label: str, text: str) -> str:
    return textwrap.fill(text, _LINE_WIDTH, initial_indent=f"  {label:7}", subsequent_indent=" " * 9)


def _as_markdown(rules: list[Rule | ReadingRule]) -> str:
    return "\n\n".join(_reading_section(rule) if isinstance(rule, ReadingRule) else _section(rule) for rule in rules)


def _reading_section(rule: ReadingRule) -> str:
    return f"## {rule.id}\n\n{', '.join(_severities(rule))}; {STAGE}. {rule.sentence}"


def _section(rule: Rule) -> str:
    text = (
        f"## {rule.id}\n\n"
        f"{rule.severity.value}; {', '.join(rule.profiles)}. {rule.description} {rule.reason}\n\n"
        f"> {rule.message}"
    )
    for label, example in _examples(rule).items():
        text += f"\n\n{label.title()}: {example.name}."
        if changes := "\n".join(_changes(example)):
            text += f"\n\n```diff\n{changes}\n```"
    return text


def _as_json(rules: list[Rule | ReadingRule]) -> str:
    documents = [_reading_document(rule) if isinstance(rule, ReadingRule) else _document(rule) for rule in rules]
    return json.dumps(documents, indent=2, ensure_ascii=False)


def _reading_document(rule: ReadingRule) -> dict[str, object]:
    return {"id": rule.id, "stage": STAGE, "severity": rule.severity, "worst": rule.worst, "when": rule.sentence}


def _document(rule: Rule) -> dict[str, object]:
    examples = {
        label: {"name": example.name, "without": example.without, "added": example.added}
        for label, example in _examples(rule).items()
    }
    return {
        "id": rule.id,
        "severity": rule.severity.value,
        "profiles": rule.profiles,
        "name": rule.name,
        "checks": rule.description,
        "why": rule.reason,
        "message": rule.message,
        "properties": rule.subjects,
        "example": examples.get("fails"),
        "passing": examples.get("passes"),
    }


def _changes(example: RuleExample) -> Iterator[str]:
    yield from (f"- {text}" for text in example.without)
    yield from (f"+ {_shortened(text)}" for text in example.added.splitlines() if text)


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_EXAMPLE_WIDTH else f"{text[: _MAX_EXAMPLE_WIDTH - 2]} …"


_WRITERS = {"text": _as_text, "json": _as_json, "markdown": _as_markdown}
