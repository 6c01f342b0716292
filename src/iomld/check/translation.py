"""Translates findings and reports into a language of iomld, just before they are shown.

A finding carries the identifiers and values of its messages. Translations are in the catalogues of `iomld.i18n`; those
of shape rules are in the shapes themselves.
"""

from collections.abc import Mapping
from dataclasses import replace

from iomld.check.report import CheckReport
from iomld.fund_folder import cached
from iomld.i18n import ENGLISH, gettext, is_translated, ngettext, worded
from iomld.messages import Message, gettext_noop
from iomld.model import Finding, Severity
from iomld.validate import all_rules

_VERSIONED = {"shapes": gettext_noop("shapes {version}"), "vocabularies": gettext_noop("vocabularies {version}")}
_SEVERITIES = {
    Severity.VIOLATION: gettext_noop("violation"),
    Severity.WARNING: gettext_noop("warning"),
    Severity.INFO: gettext_noop("info"),
}


def worded_finding(finding: Finding, language: str) -> Finding:
    """A finding with message and fix in a language, or in English unless both have a translation.

    Args:
        finding: The finding; one that is not in English is returned as it is.
        language: One of `iomld.i18n.LANGUAGES`.
    """
    if finding.language != ENGLISH:
        return finding
    text = _translated(finding.message, finding.rule, language)
    fix = _translated(finding.fix, finding.rule, language) if finding.fix else None
    if text is None or (finding.fix and fix is None):
        return replace(
            finding, message=Message(str(finding.message)), fix=Message(str(finding.fix)) if finding.fix else None
        )
    return replace(finding, message=text, fix=fix, language=language)


def worded_report(report: CheckReport, language: str) -> CheckReport:
    """A report with its findings in a language.

    Args:
        report: The report.
        language: One of `iomld.i18n.LANGUAGES`.
    """
    return replace(
        report,
        groups=tuple(replace(group, example=worded_finding(group.example, language)) for group in report.groups),
        findings=tuple(worded_finding(finding, language) for finding in report.findings),
        language=language,
        warnings=tuple(worded_finding(warning, language) for warning in report.warnings),
    )


def severity_word(severity: Severity, language: str) -> str:
    """The noun for findings of a severity, in lower case."""
    return gettext(_SEVERITIES[severity], language)


def counted_findings(count: int, severity: Severity, language: str) -> str:
    """The number of findings of a severity with its noun."""
    match severity:
        case Severity.VIOLATION:
            text = ngettext("{count} violation", "{count} violations", count, language)
        case Severity.WARNING:
            text = ngettext("{count} warning", "{count} warnings", count, language)
        case Severity.INFO:
            text = ngettext("{count} info", "{count} infos", count, language)
    return text.format(count=count)


def counted_records(count: int, language: str) -> str:
    """The number of records with its noun."""
    return ngettext("{count} record", "{count} records", count, language).format(count=count)


def counted_projects(count: int, language: str) -> str:
    """The number of projects with its noun."""
    return ngettext("{count} project", "{count} projects", count, language).format(count=count)


def version_words(versions: Mapping[str, str], language: str) -> tuple[str, ...]:
    """The versions that records were checked with, in words (`shapes 872376c3526d`); names of programs stay."""
    return tuple(
        gettext(_VERSIONED.get(name, "{name} {version}"), language).format(name=name, version=version)
        for name, version in versions.items()
    )


def colon(language: str) -> str:
    """A colon with the space that the language sets before it."""
    return "\u00a0:" if language == "fr" else ":"


def _translated(message: Message, rule: str, language: str) -> Message | None:
    """A message as a plain sentence of the language; None if there is no translation."""
    own = _rule_messages(language).get((rule, message.id))
    if own is not None:
        return Message(str(Message(own, message.values)))
    parts = {name: _part(value, rule, language) for name, value in message.values.items()}
    whole = Message(message.id, parts)
    return Message(worded(whole, language)) if is_translated(whole, language) else None


def _part(value: object, rule: str, language: str) -> object:
    """A value of a message; the name or the message of the rule is put into the language."""
    own = _rule_messages(language).get((rule, value.id)) if isinstance(value, Message) else None
    return value if own is None or not isinstance(value, Message) else str(Message(own, value.values))


@cached
def _rule_messages(language: str) -> Mapping[tuple[str, str], str]:
    """The messages and names of the shape rules that a language has, by rule and English text."""
    rules = all_rules()
    names = {(rule.id, rule.name): rule.names[language] for rule in rules if language in rule.names}
    return names | {(rule.id, rule.message): rule.messages[language] for rule in rules if language in rule.messages}
