"""The command line: one file a command; `iomld.cli.main` puts them together."""
