"""The controlled lists as plain values: concepts, countries, frameworks, with all the names they go by.

They are read from the SKOS files in `ontology/` by `iomld.assets`; nothing here knows where they came from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class LabelKind(StrEnum):
    """SKOS section 5: the lexical labels."""

    PREFERRED = "prefLabel"
    ALTERNATIVE = "altLabel"
    HIDDEN = "hiddenLabel"


@dataclass(frozen=True, slots=True)
class Label:
    """A name with its language (en, fr or es)."""

    text: str
    language: str
    kind: LabelKind


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept of a scheme.

    Attributes:
        code: Its notation, the last segment of its IRI (`completed`, `PO`, `gcm`, `gcm-objective-23`).
        labels: All its names.
        broader: Code of the whole, for a part of a framework.
        kind: For frameworks, what sort of text or body it is (`treaty`, `process`).
    """

    code: str
    labels: tuple[Label, ...]
    broader: str | None = None
    kind: str | None = None

    def name(self, language: str = "en") -> str:
        """The preferred name in a language, else in English, else any, else the code."""
        preferred = {label.language: label.text for label in self.labels if label.kind is LabelKind.PREFERRED}
        return preferred.get(language) or preferred.get("en") or next(iter(preferred.values()), self.code)


@dataclass(frozen=True, slots=True)
class Country:
    """A member state or another country.

    Attributes:
        code: ISO 3166-1 alpha-2 (`CN`); for Kosovo the code of the EU authority table (`1A0`).
        labels: All its names and spellings.
        is_member: Whether it is a member state of the organization.
        region: Code of the fund region it counts under, if known.
    """

    code: str
    labels: tuple[Label, ...]
    is_member: bool
    region: str | None = None

    def name(self, language: str = "en") -> str:
        """The preferred name in a language, else in English, else the code."""
        preferred = {label.language: label.text for label in self.labels if label.kind is LabelKind.PREFERRED}
        return preferred.get(language) or preferred.get("en") or self.code


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All lists together.

    Attributes:
        concepts: For each scheme (`status`, `type`, `coverage`, `region`, `framework` …) its concepts by code.
        countries: Countries by code.
        decoys: Names that look like a framework and are none (Compact of Free Association); never published.
    """

    concepts: Mapping[str, Mapping[str, Concept]]
    countries: Mapping[str, Country]
    decoys: tuple[Label, ...] = ()
