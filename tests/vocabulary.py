"""A small vocabulary, enough for each rule of looking words up and of linking."""

from iomld.assets import load_fields
from iomld.vocab import Concept, Country, Label, LabelKind, Vocabulary


def label(text: str, language: str = "en", kind: LabelKind = LabelKind.PREFERRED) -> Label:
    """A name."""
    return Label(text, language, kind)


def concept(code: str, *names: str, broader: str | None = None) -> Concept:
    """A concept with an English preferred name and alternative names."""
    first, *others = names
    labels = (label(first), *(label(name, kind=LabelKind.ALTERNATIVE) for name in others))
    return Concept(code, labels, broader=broader)


def country(code: str, *names: str, is_member: bool = True) -> Country:
    """A country with an English preferred name and alternative names."""
    return Country(code, concept(code, *names).labels, is_member=is_member)


def small_vocabulary() -> Vocabulary:
    """A vocabulary made by hand."""
    gcm = Concept(
        "gcm",
        (
            label("Global Compact for Safe, Orderly and Regular Migration"),
            label("Pacte mondial pour des migrations sûres, ordonnées et régulières", "fr"),
            label("Global Compact for Migration", kind=LabelKind.ALTERNATIVE),
            label("GCM", kind=LabelKind.ALTERNATIVE),
            label("Pacte mondial sur les migrations", "fr", LabelKind.ALTERNATIVE),
        ),
    )
    rcm = Concept("rcm", (label("Regional Conference on Migration"), label("CRM", "es", LabelKind.ALTERNATIVE)))
    other = Concept("other", (label("Coalition Register"), label("CRM", "fr", LabelKind.ALTERNATIVE)))
    frameworks = [
        gcm,
        rcm,
        other,
        concept("gcr", "Global Compact on Refugees"),
        concept("mcof", "Migration Crisis Operational Framework", "MCOF"),
        concept("sdg", "Sustainable Development Goals", "SDGs", "SDG"),
        concept("plan", "Strategic Plan"),
        concept("gcm-objective-2", "Minimize drivers", broader="gcm"),
        concept("gcm-objective-23", "Strengthen cooperation", broader="gcm"),
        concept("sdg-goal-8", "Decent work", "SDG8", broader="sdg"),
        concept("sdg-goal-10", "Reduced inequalities", broader="sdg"),
        concept("sdg-target-10.7", "Orderly migration", broader="sdg"),
    ]
    countries = [
        country("CN", "China"),
        country("CL", "Chile", "Chili"),
        country("CD", "Democratic Republic of the Congo", "Congo, Democratic Republic of the"),
        country("CG", "Congo"),
        country("GN", "Guinea", "Guinée"),
        country("GW", "Guinea-Bissau", "Guinée-Bissau"),
        country("MD", "Republic of Moldova", "Moldova"),
        country("NA", "Namibia"),
        country("SD", "Sudan"),
        country("SS", "South Sudan"),
        country("UY", "Uruguay"),
        country("VE", "Venezuela (Bolivarian Republic of)"),
        country("ID", "Indonesia", is_member=False),
        country("X1", "Alpha"),
        country("X2", "Beta Gamma"),
        country("X3", "Alpha Beta"),
        country("X4", "Gamma"),
    ]
    finished = Concept("completed", (label("Completed"), label("Achevé", "fr"), label("Finalizado", "es")))
    return Vocabulary(
        fields=load_fields(),
        concepts={
            "status": {"active": concept("active", "Active"), "completed": finished},
            "type": {"PO": concept("PO", "Migration Policy Activities")},
            "coverage": {"national": concept("national", "National")},
            "region": {"africa": concept("africa", "Africa"), "asia": concept("asia", "Asia and Oceania")},
            "framework": {item.code: item for item in frameworks},
        },
        countries={item.code: item for item in countries},
        decoys=(label("Compact of Free Association"), label("United Nations Global Compact")),
    )
