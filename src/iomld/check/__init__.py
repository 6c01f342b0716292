"""Validate files without storing anything: records in, findings with their places out."""
