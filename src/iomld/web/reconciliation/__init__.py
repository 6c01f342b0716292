"""The Reconciliation API over HTTP, in versions 0.2 and 1.0-draft: match names, suggest, preview and extend."""
