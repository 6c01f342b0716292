"""Submissions: their preview against the current release, and the publication of those that were accepted."""
