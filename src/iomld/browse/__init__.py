"""The read side: projects, countries, frameworks and terms of a release as values for pages and documents."""
