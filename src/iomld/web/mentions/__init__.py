"""The review of mentions over HTTP: a page on which people accept and reject them by the keyboard."""
