"""The SPARQL endpoint and what is built on it: the Graph Store Protocol, explanations of empty answers."""
