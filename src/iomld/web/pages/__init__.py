"""Pages for people: their routes, and the values and charts that templates show."""
