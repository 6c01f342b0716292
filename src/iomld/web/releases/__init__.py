"""Releases other than the one that is served: chosen by parameters, kept open, and compared."""
