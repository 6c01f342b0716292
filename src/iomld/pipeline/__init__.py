"""The stages as one line: merge, link, convert, validate; and each finding back to its place in the source."""
