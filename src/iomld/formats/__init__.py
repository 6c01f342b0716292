"""RDF formats as values, and the framed JSON-LD that people like."""
