"""A SPARQL server elsewhere that holds a copy of the release and answers queries: its client, and how it is filled."""
