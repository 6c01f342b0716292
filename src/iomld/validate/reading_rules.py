"""The rules of reading and linking, whose findings are made before a value reaches the shapes."""

from collections.abc import Collection
from dataclasses import dataclass

from iomld.messages import gettext_noop
from iomld.model import Severity

STAGE = "reading"  # of these rules, where those of the shapes have their profiles


@dataclass(frozen=True, slots=True)
class ReadingRule:
    """A rule of reading or linking; it applies in every profile.

    Attributes:
        id: Its name in findings.
        severity: The severity of its findings; of two, the lower one.
        sentence: When it is broken, and what becomes of the value; an English sentence, which pages translate.
        worst: The severity of its worst findings.
    """

    id: str
    severity: Severity
    sentence: str
    worst: Severity


def _rule(
    id_: str, sentence: str, severity: Severity = Severity.VIOLATION, worst: Severity | None = None
) -> ReadingRule:
    return ReadingRule(id_, severity, sentence, worst or severity)


_WARNING, _INFO = Severity.WARNING, Severity.INFO

# Rules of whole files, of JSON, of tables, of IATI, of pages, of several records of a project, and of values.
READING_RULES = (
    _rule(
        "unreadableFile", gettext_noop("The file is empty, binary, not in UTF-8, or in a format that is not supported.")
    ),
    _rule("notJson", gettext_noop("A line of JSON Lines is not valid JSON.")),
    _rule("notText", gettext_noop("A line of JSON Lines is not in UTF-8.")),
    _rule("lineTooLong", gettext_noop("A line of JSON Lines is longer than 8 MiB.")),
    _rule("nestedTooDeeply", gettext_noop("The record is nested too deeply.")),
    _rule("notARecord", gettext_noop("An element of a JSON array, or a line, is not an object.")),
    _rule("repeatedKey", gettext_noop("A JSON object has the same key twice.")),
    _rule("unknownKey", gettext_noop("No field has this JSON key; its value was ignored."), _WARNING),
    _rule("wrongKind", gettext_noop("The value has a JSON type that the field does not take.")),
    _rule("controlCharacter", gettext_noop("The text contains a control character or half of a surrogate pair.")),
    _rule("languageTag", gettext_noop("The key of a text is not a language tag.")),
    _rule(
        "encodingGuessed",
        gettext_noop("The file is not in UTF-8 and does not name its encoding; it was read as Windows-1252."),
        _WARNING,
    ),
    _rule("statedSource", gettext_noop("The “sources” of a record that was published before are malformed.")),
    _rule("otherThings", gettext_noop("The RDF also describes other resources; they were ignored."), _INFO),
    _rule("sourceAddress", gettext_noop("The address of the source is not a web address.")),
    _rule("retrievalTime", gettext_noop("The retrieval time is not a date and time with a time zone.")),
    _rule("mentionForm", gettext_noop("A mention in the record is malformed.")),
    _rule(
        "unknownColumn", gettext_noop("A column of the table is unknown or has no heading; it was ignored."), _WARNING
    ),
    _rule("unmetMapping", gettext_noop("The mapping names headings that the table does not have."), _INFO),
    _rule(
        "duplicateColumn",
        gettext_noop("Two columns of the table are for the same field; it is a violation where their values differ."),
        _WARNING,
        Severity.VIOLATION,
    ),
    _rule("tooManyCells", gettext_noop("The row has more cells than the header.")),
    _rule("badQuotes", gettext_noop("The quotation marks of a cell do not match.")),
    _rule("decimalComma", gettext_noop("The budgets of the file have a decimal comma, and were read so."), _INFO),
    _rule("formulaWithoutValue", gettext_noop("A cell of the workbook has a formula that was never computed.")),
    _rule("cellError", gettext_noop("A cell of the workbook has an error value.")),
    _rule("badNumber", gettext_noop("A cell of the workbook is stored as a number but is not one.")),
    _rule("hiddenSheet", gettext_noop("A hidden sheet has a table; it was ignored."), _WARNING),
    _rule(
        "noRecordRow",
        gettext_noop("A row of the table looks like a total, a note or a repeated heading; it was ignored."),
        _WARNING,
    ),
    _rule("hiddenRow", gettext_noop("A hidden row was read."), _INFO),
    _rule("hiddenColumn", gettext_noop("A hidden column was read."), _INFO),
    _rule(
        "ignoredSheet",
        gettext_noop("A sheet has no known header, or is a second table of mentions; it was ignored."),
        _INFO,
        _WARNING,
    ),
    _rule("budgetFromIati", gettext_noop("The budget is the only budget of the IATI activity."), _INFO),
    _rule(
        "budgetCurrency",
        gettext_noop("The budget has no currency, two currencies, or one that is not a code of ISO 4217."),
    ),
    _rule(
        "budgetNotRead",
        gettext_noop("The IATI activity has several budgets, or none with a currency; they were ignored."),
        _INFO,
    ),
    _rule("foreignActivity", gettext_noop("IATI activities of other organizations were ignored."), _INFO),
    _rule(
        "funderNotRead", gettext_noop("A funder of the IATI activity has no identifier; the funder was ignored."), _INFO
    ),
    _rule("plannedDate", gettext_noop("The IATI activity gives only a planned day; it was used."), _INFO),
    _rule("unknownLabel", gettext_noop("A label of the page is unknown; its value was ignored."), _WARNING),
    _rule(
        "falseEndYear",
        gettext_noop(
            "A French page without a start year gives 2024 as its end, which the site invented; it was ignored."
        ),
        _WARNING,
    ),
    _rule("repeatedField", gettext_noop("The page has a label twice, with different values.")),
    _rule(
        "sourcesDiffer",
        gettext_noop("Two records of the project disagree; both values are named, and the first is published."),
        _WARNING,
    ),
    _rule(
        "unreadableCopy",
        gettext_noop(
            "A value cannot be read, but another record of the project has one that can; that one is published."
        ),
        _WARNING,
    ),
    _rule(
        "codeMissing",
        gettext_noop("There is neither a project code nor a PRIMA identifier, so the project cannot be identified."),
    ),
    _rule(
        "garbledText", gettext_noop("The text was decoded with a wrong encoding, such as “lâ€™Ã©migration”."), _WARNING
    ),
    _rule("unknownFunder", gettext_noop("A funder without an identifier is not in the list of funds.")),
    _rule("unknownStatus", gettext_noop("The status is not in the list.")),
    _rule(
        "unknownType",
        gettext_noop(
            "The project type is not in the list; if the project code begins with a type, that type is published."
        ),
        _WARNING,
    ),
    _rule("unknownCoverage", gettext_noop("The coverage is not in the list.")),
    _rule("unknownRegion", gettext_noop("The region is not in the list.")),
    _rule("unknownTheme", gettext_noop("A theme is not in the list.")),
    _rule("unknownLine", gettext_noop("The funding line is not in the list.")),
    _rule("unknownOrigin", gettext_noop("The origin of the abstract is not in the list.")),
    _rule("unknownState", gettext_noop("Words among the countries are not a country name or code.")),
    _rule("ambiguousStates", gettext_noop("A list of country names without separators can be read in several ways.")),
    _rule(
        "notAMember",
        gettext_noop("A country among the member states is not a member; it is kept among the other countries."),
        _WARNING,
    ),
    _rule("doubledState", gettext_noop("A country is listed twice; it is kept once."), _INFO),
    _rule("unknownFramework", gettext_noop("A framework in the record is not in the list.")),
    _rule("unreadableYear", gettext_noop("The year does not have four digits.")),
    _rule("unreadableDate", gettext_noop("The date is not a day of the calendar, written as 2017-06-30.")),
    _rule("unreadableAddress", gettext_noop("The value of a field for web addresses is not a web address.")),
    _rule("unreadableBudget", gettext_noop("The amount is not a plain number, or can be read in two ways.")),
    _rule("primaUnique", gettext_noop("Another project has this PRIMA identifier.")),
    _rule(
        "unpublishedProject",
        gettext_noop("A submission changes a project that is not published, so it would add one."),
        _WARNING,
        Severity.VIOLATION,
    ),
    _rule("unreadable", gettext_noop("The record could not be checked.")),
)


def reading_rules(shape_rules: Collection[str]) -> tuple[ReadingRule, ...]:
    """The rules that no shape has.

    Args:
        shape_rules: Ids of the rules of the shapes; a few are found while reading as well.
    """
    return tuple(rule for rule in READING_RULES if rule.id not in shape_rules)
