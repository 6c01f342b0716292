"""Saved queries over HTTP: their list, their answers with parameters, pages, and files to cite them."""
