"""Selections of projects as files: the projects that match filters, in every format, written by a worker."""
