"""The columns of our tables, with their other headings in English, French and Spanish."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        name: Its heading in our own tables; texts add their language: `title_en`.
        meaning: Its content, in one sentence.
        example: A value.
        other_headings: Other headings of the column, separated by semicolons.
    """

    name: str
    meaning: str
    example: str
    other_headings: str = ""

    @property
    def headings(self) -> tuple[str, ...]:
        """All headings of the column, its name first."""
        return (self.name, *(heading.strip() for heading in self.other_headings.split(";") if heading.strip()))


PROJECT_COLUMNS = (
    Column(
        "projectCode",
        "The Projects ID; the same in every language.",
        "PO.0105",
        "project code; project id; projects id; projet id; proyecto id; id; code; code du projet; código del "
        "proyecto; identifiant du projet; código",
    ),
    Column(
        "primaId",
        "Identifier in PRIMA.",
        "CN10P0002",
        "prima; prima code; code prima; código prima; identifiant prima",
    ),
    Column(
        "title",
        "The title; one column a language.",
        "Migrant Protection in the Pacific",
        "project title; titre; titre du projet; título; título del proyecto; project name",
    ),
    Column(
        "abstract",
        "A short description; one column a language.",
        "Help for migrants in four island states.",
        "summary; short description; résumé; resumen",
    ),
    Column(
        "narrative",
        "The whole text; one column a language.",
        "The project supports …",
        "description; project description; description du projet; descripción; descripción del proyecto; "
        "narratif; narrativa",
    ),
    Column(
        "status",
        "Whether the project is active or completed: a code or a page word.",
        "completed",
        "project status; statut; statut du projet; état; estado; estado del proyecto",
    ),
    Column(
        "projectType",
        "Code or name of the project type.",
        "PO",
        "type; type of project; type de projet; tipo; tipo de proyecto",
    ),
    Column(
        "coverage",
        "How far the project reaches.",
        "national",
        "cobertura; cobertura geográfica; couverture; scope; portée",
    ),
    Column(
        "region",
        "Region of the Fund: a code or a name.",
        "asia-and-oceania",
        "idf region; fund region; région du fonds; región del fondo",
    ),
    Column(
        "startYear",
        "Year of the start, four digits.",
        "2017",
        "start; start date; date de début; fecha de inicio; year of start; année de début; año de inicio; "
        "début; inicio",
    ),
    Column(
        "endYear",
        "Year of the end, four digits.",
        "2019",
        "end; end date; date de fin; fecha de finalización; year of end; année de fin; año de finalización; fin",
    ),
    Column(
        "allocationYear",
        "Year in which the Fund gave the money.",
        "2017",
        "year; année; año; year of allocation; year of funding; funding year; année d'allocation; année de "
        "financement; año de asignación",
    ),
    Column(
        "startDate",
        "First day, where it is known.",
        "2017-03-01",
        "first day; premier jour; primer día",
    ),
    Column(
        "endDate",
        "Last day, where it is known.",
        "2019-02-28",
        "last day; dernier jour; último día",
    ),
    Column(
        "budget",
        "Budget, where its currency is in the next column, in the heading as in `budget (EUR)`, or beside the number.",
        "100000.00",
        "budget amount; montant; presupuesto",
    ),
    Column(
        "budgetCurrency",
        "Currency of the budget: its code of ISO 4217.",
        "EUR",
        "currency; monnaie; devise; moneda; divisa",
    ),
    Column(
        "budgetUSD",
        "Budget in US dollars, without the currency.",
        "100000.00",
    ),
    Column(
        "fundedBy",
        "Who gave the money, a semicolon between several: a name or code of a fund, or an organization with its "
        "identifier in IATI. By default the publisher's own fund; `-` for nobody.",
        "USAID [US-GOV-1]",
        "funder; funders; funded by; bailleur; bailleur de fonds; financé par; financiador; financiado por",
    ),
    Column(
        "benefitingMemberStates",
        "Benefiting member states: names or ISO codes, a semicolon between them.",
        "Egypt; Morocco; Tunisia",
        "benefiting states; member states; beneficiary countries; country; countries; pays; país; países; "
        "états membres bénéficiaires; pays bénéficiaires; estados miembros beneficiarios; países "
        "beneficiarios; estados miembros beneficiarios que reúnen los requisitos; etat(s) membre(s) "
        "beneficiaires remplissant les conditions requises",
    ),
    Column(
        "benefitingCountries",
        "Other benefiting countries, written likewise.",
        "Chile; Uruguay",
        "other countries benefiting at time of allocation; other countries; other benefiting countries; "
        "autres pays bénéficiaires; otros países beneficiarios; autres pays; otros países",
    ),
    Column(
        "sourceUrl",
        "Address of the page.",
        "https://www.iom.int/project/example",
        "url; source; link; page; lien; enlace; adresse; dirección; website",
    ),
    Column(
        "retrievedAt",
        "When the page was fetched, with a time zone.",
        "2026-11-23T19:00:00Z",
        "retrieved; date retrieved; consulté le; consultado el",
    ),
    Column(
        "sources",
        "For tables that iomld exported: the original sources. Leave it as it is, or empty.",
        '[{"file": "a.txt", "sha256": "…", "mediaType": "text/plain"}]',
    ),
)

MENTION_COLUMNS = (
    Column(
        "projectCode",
        "Code of the project, as in the table of projects.",
        "PO.0105",
        PROJECT_COLUMNS[0].other_headings,
    ),
    Column(
        "framework",
        "Code of the framework or of its part.",
        "gcm",
        "cadre; marco; policy framework",
    ),
    Column(
        "quote",
        "The words that name it.",
        "Global Compact for Migration",
        "citation; cita; exact",
    ),
    Column(
        "prefix",
        "A few words before the quote.",
        "ongoing discussions of the ",
        "before; avant; antes",
    ),
    Column(
        "suffix",
        "A few words after it.",
        " and becoming",
        "after; après; después",
    ),
    Column(
        "language",
        "Language of the text.",
        "en",
        "langue; idioma; lang",
    ),
    Column(
        "field",
        "The text it stands in: narrative, abstract or title.",
        "narrative",
        "champ; campo",
    ),
    Column(
        "position",
        "Offset of the quote in that text, in code points from 0.",
        "683",
        "posición; start",
    ),
    Column(
        "method",
        "How it was found.",
        "exact-label",
        "méthode; método",
    ),
    Column(
        "confidence",
        "From 0 to 1, meaningful with the method.",
        "0.98",
        "confiance; confianza",
    ),
)
