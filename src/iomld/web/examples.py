"""Examples on the pages: the same record with mistakes, in the forms that people send."""

from collections.abc import Mapping

from iomld.i18n import gettext_noop

_JSON = """{
  "projectCode": "PO.9001",
  "title": {"en": "An example with mistakes"},
  "status": "finished",
  "projectType": "PO",
  "coverage": "national",
  "region": "africa",
  "startYear": "2019",
  "endYear": "2017",
  "allocationYear": "2019",
  "budgetUSD": "100 000 USD",
  "benefitingMemberStates": ["Kenia"]
}
"""

_CSV = """projectCode,title_en,status,projectType,coverage,region,startYear,endYear,allocationYear,budgetUSD,\
benefitingMemberStates
PO.9001,An example with mistakes,finished,PO,national,africa,2019,2017,2019,100 000 USD,Kenia
PO.9002,An example without mistakes,Completed,PO,national,africa,2019,2020,2019,90000,Ghana
"""

_PAGE = """An example with mistakes
-
Start Date
2019
-
End Date
2017
-
Project Status
finished
-
Project Type
Migration Policy Activities
-
Budget Amount (USD)
100 000 USD
-
Coverage
National
-
Year
2019
-
IDF Region
Africa
-
Projects ID
PO.9001
-
Benefiting Member States
Kenia
-
The text of the page says what the project does.
"""

# By the word of `?example=`; `1` is the first.
EXAMPLES: Mapping[str, str] = {"json": _JSON, "csv": _CSV, "text": _PAGE}
FORMS = (("text", gettext_noop("text of a page")), ("csv", "CSV"), ("json", "JSON"))


def example_record(name: str) -> str:
    """The example in a form; empty where none is asked for, the first where the form is not known.

    >>> example_record("csv").partition(",")[0]
    'projectCode'
    """
    return EXAMPLES.get(name, _JSON) if name else ""
