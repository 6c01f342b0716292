"""Diagnosis of a query without solutions, and suggestions for its empty parts."""
