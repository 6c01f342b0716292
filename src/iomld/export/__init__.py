"""The export of published records as files, an empty table to fill in, and differences between releases."""
