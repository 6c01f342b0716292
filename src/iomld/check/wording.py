"""What findings and reports say in English, French and Spanish.

Findings are made in English, far from who reads them, and their English sentence is the key to the other languages, as
in gettext. A template such as `The key '{key}' is not known` stands for all its sentences and gives back their values.
The templates of shape rules are the messages of the shapes, all others stand in `sentences.toml`.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from iomld.check.report import CheckReport
from iomld.model import Finding
from iomld.validate import all_rules

LANGUAGES = ("en", "fr", "es")
ENGLISH = LANGUAGES[0]

# `{?value}` in the shapes, `{value}` in our file; `{=value}` where the value is said in our file too.
_PLACEHOLDER = re.compile(r"\{([?=]?)(\w+)\}")


@dataclass(frozen=True, slots=True)
class _Template:
    """A sentence with places for values.

    Attributes:
        pattern: Matches its English sentences.
        text: The sentence in another language.
    """

    pattern: re.Pattern[str]
    text: str

    def filled(self, values: Mapping[str, str], wording: "Wording") -> str:
        """The sentence with its values."""

        def value(match: re.Match[str]) -> str:
            found = values[match[2]]
            return (wording.known(found) or found) if match[1] == "=" else found

        return _PLACEHOLDER.sub(value, self.text)


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language.

    Attributes:
        language: One of `LANGUAGES`.
        sentences: The whole sentences and words, by the English ones.
        templates: Sentences with values.
        rules: The sentences of the shape rules, by rule.
    """

    language: str
    sentences: Mapping[str, str]
    templates: tuple[_Template, ...]
    rules: Mapping[str, _Template]

    def said(self, sentence: str) -> str:
        """A sentence or a word of ours in this language; as it is where it is not known."""
        return self.known(sentence) or sentence

    def known(self, sentence: str, rule: str = "") -> str | None:
        """An English sentence in this language, or None where it has no translation.

        Args:
            sentence: The sentence, values filled in.
            rule: The rule that says it, where one does.
        """
        if self.language == ENGLISH or sentence in self.sentences:
            return self.sentences.get(sentence, sentence)
        own = self.rules.get(rule)
        for template in (own, *self.templates) if own else self.templates:
            match = template.pattern.fullmatch(sentence)
            if match:
                return template.filled(match.groupdict(), self)
        return None

    @property
    def colon(self) -> str:
        """A colon as it is set in the language."""
        return "\u00a0:" if self.language == "fr" else ":"

    def counted(self, number: int, noun: str) -> str:
        """A number with its noun; nought is one of many in English and Spanish, not in French."""
        is_one = number < 2 if self.language == "fr" else number == 1  # noqa: PLR2004  # the French plural begins at two
        return f"{number} {self.said(noun if is_one else f'{noun}s')}"

    def finding(self, finding: Finding) -> Finding:
        """A finding in this language; one with a part that cannot be said stays whole in English."""
        if finding.language != ENGLISH:
            return finding
        message = self.known(finding.message, finding.rule)
        fix = self.known(finding.fix) if finding.fix else ""
        if message is None or fix is None:
            return finding
        return replace(finding, message=message, fix=fix, language=self.language)

    def report(self, report: CheckReport) -> CheckReport:
        """A report in this language: the same rules, places and values."""
        return replace(
            report,
            groups=tuple(replace(group, example=self.finding(group.example)) for group in report.groups),
            findings=tuple(map(self.finding, report.findings)),
            language=self.language,
        )


@cache
def wording(language: str) -> Wording:
    """The words of a language, read once.

    Args:
        language: One of `LANGUAGES`.

    >>> wording("fr").said("The line is longer than 5 bytes.")
    'La ligne dépasse 5 octets.'
    >>> wording("es").counted(2, "record")
    '2 fichas'
    """
    if language == ENGLISH:
        return Wording(language, {}, (), {})
    pairs = [(entry[ENGLISH], entry[language]) for entry in catalogue()]
    with_values = sorted(
        (pair for pair in pairs if _PLACEHOLDER.search(pair[0])), key=lambda pair: -len(_PLACEHOLDER.sub("", pair[0]))
    )
    return Wording(
        language,
        {english: text for english, text in pairs if not _PLACEHOLDER.search(english)},
        tuple(_template(english, text) for english, text in with_values),
        {rule.id: _template(rule.message, rule.messages[language]) for rule in all_rules()},
    )


@cache
def catalogue() -> tuple[Mapping[str, str], ...]:
    """The sentences of our file, each by language."""
    text = files("iomld.check").joinpath("sentences.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["sentence"])


def template_values(template: str) -> Iterable[str]:
    """The marks and names of a template's values, as they stand."""
    return (match[0] for match in _PLACEHOLDER.finditer(template))


def _template(english: str, text: str) -> _Template:
    pieces = _PLACEHOLDER.split(english)  # text, mark, name, text, mark, name, … text
    pattern = [re.escape(pieces[0])]
    for name, literal in zip(pieces[2::3], pieces[3::3], strict=True):
        pattern.append(f"(?P<{name}>.*?){re.escape(literal)}")
    return _Template(re.compile("".join(pattern), re.DOTALL), text)
