"""Saved queries: files with a title and parameters, answered under an address and recorded with each release."""
