"""An example on the pages: a record with mistakes."""

EXAMPLE_RECORD = """{
  "projectCode": "PO.9001",
  "title": {"en": "An example with mistakes"},
  "status": "finished",
  "projectType": "PO",
  "coverage": "national",
  "region": "africa",
  "startYear": "2019",
  "endYear": "2017",
  "budgetUSD": "100 000 USD",
  "benefitingMemberStates": ["Kenia"]
}
"""
