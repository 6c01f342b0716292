"""Submissions over HTTP: send, see the difference, accept or reject, and follow the receipt."""
