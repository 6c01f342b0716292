"""The inbox of a folder of releases: submissions with their states and receipts, and the tokens of senders."""
