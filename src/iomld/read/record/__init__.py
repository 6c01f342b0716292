"""Records in JSON: the record form, JSON Lines, and our own framed JSON-LD."""
