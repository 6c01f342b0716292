"""The write side: sources in, a release out, and a report that names what was refused and why."""
