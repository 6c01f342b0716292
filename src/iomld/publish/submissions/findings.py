"""The findings in a preview: kept with the parts of their sentences, and shown in the language of the reader."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from iomld.messages import message_from_json, message_to_json
from iomld.model import Finding, Severity
from iomld.publish.report import finding_json

_SENTENCES = "sentences"  # the key that is kept and not shown: message and fix, in parts that can be translated


def kept_finding(finding: Finding) -> dict[str, object]:
    """A finding as the inbox keeps it."""
    sentences = {"message": message_to_json(finding.message)}
    if finding.fix:
        sentences["fix"] = message_to_json(finding.fix)
    return finding_json(finding) | {_SENTENCES: sentences}


def shown_preview(content: bytes, worded: Callable[[Finding], Finding] | None = None) -> dict[str, Any]:
    """A preview for whoever reads it, without the parts of sentences.

    Args:
        content: The preview, as the inbox keeps it.
        worded: Gives a finding with its sentences in a language; without it, they are English.
    """
    preview: dict[str, Any] = json.loads(content)
    for one in _findings(preview):
        sentences = one.pop(_SENTENCES, None)  # those that an earlier version kept have none
        if sentences and worded:
            shown = worded(_finding(one["rule"], sentences))
            one |= {"message": str(shown.message), "fix": str(shown.fix or "")}
    return preview


def _findings(preview: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All findings in a preview: of what changes, of what does not, and of what is refused."""
    for project in preview.get("projects", ()):
        yield from project["findings"]
    yield from preview.get("findings", ())
    for refused in preview.get("refused", ()):
        yield from refused["reasons"]
        yield from refused.get("findings", ())  # not in previews of earlier versions


def _finding(rule: str, sentences: Mapping[str, Any]) -> Finding:
    """A finding with its sentences, which is all that a translation needs."""
    fix = sentences.get("fix")
    return Finding(
        rule, Severity.INFO, message_from_json(sentences["message"]), message_from_json(fix) if fix else None
    )
