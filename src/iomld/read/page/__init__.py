"""Project pages: their text in every layout seen, and saved HTML."""
