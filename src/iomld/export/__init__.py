"""The records of a release as files: RDF of any kind, tables, record JSON; and an empty table to fill in."""
