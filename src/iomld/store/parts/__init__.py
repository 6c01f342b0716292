"""A query taken apart, with the place of each part in its text."""
