"""iomld: publish, validate and query development-project records as linked data."""

__version__ = "0.1.0"
