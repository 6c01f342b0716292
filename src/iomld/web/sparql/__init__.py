"""The SPARQL endpoint, and what uses it: the Graph Store Protocol and explanations of empty answers."""
