"""A project as values for its page: its statements, texts, sources, revisions, and similar projects."""
