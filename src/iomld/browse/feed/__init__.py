"""The revisions of records as feeds: their pages, the event stream for programs, and the entries for feed readers."""
