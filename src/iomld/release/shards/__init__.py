"""The shards of a release: the cut of its graphs, their tables, and the files put together from their pieces."""
