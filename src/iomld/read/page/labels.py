"""The field labels that project pages print, in three languages, and the record field each stands for.

Source: labels seen on public project pages; several stay English on French and Spanish pages.
"""

from collections.abc import Mapping, Sequence

from iomld.folding import fold

# Spanish pages print "Tipo de proyecto" over the status and again over the type: the value or the order decides.
STATUS_OR_TYPE = "tipo de proyecto"

_SHARED = {
    "Budget Amount (USD)": "budgetUSD",
    "IDF Region": "region",
    "Prima ID": "primaId",
    "Other Countries Benefiting at Time of Allocation": "benefitingCountries",
}

_LABELS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "Start Date": "startYear",
        "End Date": "endYear",
        "Project Status": "status",
        "Project Type": "projectType",
        "Coverage": "coverage",
        "Year": "allocationYear",
        "Projects ID": "projectCode",
        "Project ID": "projectCode",
        "Benefiting Member States": "benefitingMemberStates",
        "Benefiting Member State": "benefitingMemberStates",
    },
    "fr": {
        "Date de début": "startYear",
        "Date de fin": "endYear",
        "Statut du projet": "status",
        "Type de projet": "projectType",
        "Couverture": "coverage",
        "Année": "allocationYear",
        "Projet ID": "projectCode",
        "Etat(s) membre(s) beneficiaires remplissant les conditions requises": "benefitingMemberStates",
    },
    "es": {
        "Fecha de inicio": "startYear",
        "Fecha de finalización": "endYear",
        "Tipo de proyecto": "status",
        "Cobertura geográfica": "coverage",
        "Año": "allocationYear",
        "Proyecto ID": "projectCode",
        "Estados Miembros Beneficiarios que Reúnen los Requisitos": "benefitingMemberStates",
    },
}

# By folded label: what differs in case, accents, dashes or spaces is the same label.
_FIELDS: Mapping[str, str] = {
    fold(label): field for labels in (_SHARED, *_LABELS.values()) for label, field in labels.items()
}
_FOLDED: Mapping[str, frozenset[str]] = {language: frozenset(map(fold, labels)) for language, labels in _LABELS.items()}
_LONGEST = 2 * max(map(len, _FIELDS))  # characters; nothing longer is a label, and folding it would be wasted


def field_of(label: str) -> str | None:
    """The record field that a printed label stands for, or None.

    >>> field_of("Projects ID"), field_of("Who we are")
    ('projectCode', None)
    """
    return _FIELDS.get(fold(label)) if len(label) <= _LONGEST else None


def is_status_or_type(label: str) -> bool:
    """Whether the label stands over the status on one page and over the type on another."""
    return fold(label) == STATUS_OR_TYPE


def language_of(labels: Sequence[str]) -> str | None:
    """The language that most of the printed labels are in; None where they do not tell.

    >>> language_of(["Année", "Prima ID"]), language_of(["Prima ID"])
    ('fr', None)
    """
    folded = [fold(label) for label in labels]
    votes = {language: sum(label in known for label in folded) for language, known in _FOLDED.items()}
    best = max(votes, key=lambda language: votes[language])
    return best if votes[best] else None
