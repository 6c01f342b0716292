"""Reviews of mentions: what people decided, in a file beside the releases, and what becomes of it in each graph."""
