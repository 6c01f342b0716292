"""Who sends a request: by a token in its header, or by the cookie of a session that somebody opened on a page."""
