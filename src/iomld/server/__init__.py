"""The HTTP server: connections with limits, the listening socket, and running uvicorn with both."""
