"""The write side: sources in, a new release out, and a report with the refusals and their reasons."""
