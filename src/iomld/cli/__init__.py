"""The command line: one module for each command or pair of commands, put together in `iomld.cli.main`."""
