"""Project pages, as text in any known layout and as saved HTML."""
