"""Mappings of foreign tables: read from files, and drafted from a table."""
