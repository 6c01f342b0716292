"""The web face: pages, data, and the SPARQL endpoint."""
