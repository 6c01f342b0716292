"""RDF, JSON-LD and SPARQL results formats, content negotiation, and graphs in memory."""
