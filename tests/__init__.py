"""All tests; a package, so that test folders share `conftest`."""
