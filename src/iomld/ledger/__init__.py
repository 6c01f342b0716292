"""The ledger of a folder of releases: every revision that was ever published, whatever becomes of the releases."""
