"""The fields of a project record, declared once in the shapes, and what is generated from them."""
