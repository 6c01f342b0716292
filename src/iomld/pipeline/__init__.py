"""The pipeline: merge, link, convert and validate, and the place of each finding in its source."""
