"""Data for programs: documents, downloads and validation."""
