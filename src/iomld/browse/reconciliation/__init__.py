"""Reconciliation: the projects, countries, frameworks, regions and types that names in a spreadsheet may mean."""
