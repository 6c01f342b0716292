"""Records submitted as RDF."""
