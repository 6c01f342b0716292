"""The field labels that project pages print, in three languages, and the record field each stands for.

Source: labels seen on public project pages; several stay English on French and Spanish pages.
"""

from collections.abc import Mapping

# Spanish pages print "Tipo de proyecto" over the status and again over the type: the order decides.
STATUS_OR_TYPE = "tipo de proyecto"

_SHARED = {
    "budget amount (usd)": "budgetUSD",
    "idf region": "region",
    "prima id": "primaId",
    "other countries benefiting at time of allocation": "benefitingCountries",
}

LABELS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "start date": "startYear",
        "end date": "endYear",
        "project status": "status",
        "project type": "projectType",
        "coverage": "coverage",
        "year": "allocationYear",
        "projects id": "projectCode",
        "benefiting member states": "benefitingMemberStates",
    },
    "fr": {
        "date de début": "startYear",
        "date de fin": "endYear",
        "statut du projet": "status",
        "type de projet": "projectType",
        "couverture": "coverage",
        "année": "allocationYear",
        "projet id": "projectCode",
        "etat(s) membre(s) beneficiaires remplissant les conditions requises": "benefitingMemberStates",
    },
    "es": {
        "fecha de inicio": "startYear",
        "fecha de finalización": "endYear",
        STATUS_OR_TYPE: "status",
        "cobertura geográfica": "coverage",
        "año": "allocationYear",
        "proyecto id": "projectCode",
        "estados miembros beneficiarios que reúnen los requisitos": "benefitingMemberStates",
    },
}


def field_of(label: str) -> str | None:
    """The record field that a printed label stands for, or None.

    >>> field_of("Projects ID"), field_of("Who we are")
    ('projectCode', None)
    """
    folded = " ".join(label.casefold().split())
    if folded in _SHARED:
        return _SHARED[folded]
    return next((labels[folded] for labels in LABELS.values() if folded in labels), None)


def language_of(labels: list[str]) -> str:
    """The language that most of the printed labels are in; English where they do not tell."""
    folded = [" ".join(label.casefold().split()) for label in labels]
    votes = {language: sum(label in known for label in folded) for language, known in LABELS.items()}
    return max(votes, key=lambda language: votes[language])
