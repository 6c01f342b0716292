"""Selections of projects over HTTP: the projects that match filters as a file in any format."""
