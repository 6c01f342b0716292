"""The vocabulary as plain values: concepts, countries and frameworks with all their labels.

`iomld.assets` reads it from the SKOS files in `ontology/`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from iomld.fields.declared import NO_FIELDS, Fields
from iomld.messages import LocalizedText


class LabelKind(StrEnum):
    """The kinds of labels (SKOS section 5)."""

    PREFERRED = "prefLabel"
    ALTERNATIVE = "altLabel"
    HIDDEN = "hiddenLabel"


@dataclass(frozen=True, slots=True)
class Label:
    """A label with its language (en, fr or es); a code that stands for one has none."""

    text: str
    language: str
    kind: LabelKind


def _preferred(labels: Iterable[Label], language: str, code: str) -> Label:
    english = other = None
    for label in labels:  # a page has hundreds of names
        if label.kind is LabelKind.PREFERRED and label.text:
            if label.language == language:
                return label
            if label.language == "en":
                english = label
            other = other or label
    return english or other or Label(code, "", LabelKind.PREFERRED)


def _names(labels: Sequence[Label], code: str) -> LocalizedText:
    languages = {"en", *(label.language for label in labels if label.kind is LabelKind.PREFERRED)}
    return LocalizedText({language: _preferred(labels, language, code).text for language in sorted(languages)})


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept of a scheme.

    Attributes:
        code: Its notation, the last segment of its IRI (`completed`, `PO`, `gcm`, `gcm-objective-23`).
        labels: All its labels.
        broader: For a part of a framework, the code of the framework.
        role: For a part, what the framework calls it (`objective`, `guiding principle`).
        number: For a part, its number or letter (`23`, `10.7`, `a`).
        kind: For frameworks, the kind of text or body (`treaty`, `process`).
        issuer: For frameworks, the name of the body that issued it.
        symbol: For frameworks, the symbol of the document (`A/RES/70/1`).
        iati_codes: The codes in IATI's own list that say the same (`2` for `active`).
    """

    code: str
    labels: tuple[Label, ...]
    broader: str | None = None
    role: str | None = None
    number: str | None = None
    kind: str | None = None
    issuer: str | None = None
    symbol: str | None = None
    iati_codes: tuple[str, ...] = ()

    def label(self, language: str) -> Label:
        """The preferred label in a language, else in English, else in any language, else the code."""
        return _preferred(self.labels, language, self.code)

    def name(self, language: str = "en") -> str:
        """The text of this label."""
        return self.label(language).text

    @property
    def names(self) -> LocalizedText:
        """Its name in each language of its labels, for messages."""
        return _names(self.labels, self.code)


@dataclass(frozen=True, slots=True)
class Country:
    """A member state or another country.

    Attributes:
        code: ISO 3166-1 alpha-2 (`CN`); for Kosovo the code of the EU authority table (`1A0`).
        labels: All its names and spellings.
        is_member: Whether it is a member state of the organization.
        region: Code of its region in the fund's statistics, if known.
    """

    code: str
    labels: tuple[Label, ...]
    is_member: bool
    region: str | None = None

    def label(self, language: str) -> Label:
        """The preferred label in a language, else in English, else in any language, else the code."""
        return _preferred(self.labels, language, self.code)

    def name(self, language: str = "en") -> str:
        """The text of this label."""
        return self.label(language).text

    @property
    def names(self) -> LocalizedText:
        """Its name in each language of its labels, for messages."""
        return _names(self.labels, self.code)


@dataclass(frozen=True, slots=True)
class Fund:
    """A fund that pays for projects.

    Attributes:
        code: Last segment of its IRI (`idf`).
        labels: All its names.
        currency: The currency (ISO 4217) of amounts that name none; None if no currency may be assumed.
        iati_organization: Its own identifier as an organization in IATI, if it has one.
    """

    code: str
    labels: tuple[Label, ...]
    currency: str | None = None
    iati_organization: str | None = None

    def label(self, language: str) -> Label:
        """The preferred name in a language, else in English, else in any language, else the code."""
        return _preferred(self.labels, language, self.code)

    def name(self, language: str = "en") -> str:
        """The text of this name."""
        return self.label(language).text

    @property
    def names(self) -> LocalizedText:
        """Its name in each language of its labels, for messages."""
        return _names(self.labels, self.code)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All controlled lists.

    Attributes:
        concepts: The concepts of each scheme (`status`, `type`, `coverage`, `region`, `framework` …) by code.
        countries: Countries by code.
        decoys: Names that look like a framework but are none (Compact of Free Association); never published.
        fields: The fields of a project, which say where its codes stand.
        funds: The funds of `ontology/fund.ttl`.
        fund: The publisher's own fund, one of them.
        currency: The publisher's own currency (ISO 4217), of amounts that name none; None if none may be assumed.
    """

    concepts: Mapping[str, Mapping[str, Concept]]
    countries: Mapping[str, Country]
    decoys: tuple[Label, ...] = ()
    fields: Fields = NO_FIELDS
    funds: tuple[Fund, ...] = ()
    fund: Fund | None = None
    currency: str | None = None
