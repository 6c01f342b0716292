"""The web application: pages, data, and the SPARQL endpoint."""
