"""Documents, downloads and validation for programs."""
