"""The read side: what a release says of projects, states, frameworks and terms, as values for pages and documents."""
