"""The check of records without publishing them: records in, findings with their places out."""
