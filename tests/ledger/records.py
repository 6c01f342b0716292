"""A record that the tests of the ledger publish under many codes and titles."""

RECORD = {
    "status": "completed",
    "projectType": "PO",
    "coverage": "national",
    "region": "africa",
    "benefitingMemberStates": ["NA"],
    "budgetUSD": "100000",
    "startYear": "2018",
    "source": {"url": "https://example.org/project"},
}
