"""The export of published records as files: RDF, tables and record JSON; and an empty table to fill in."""
