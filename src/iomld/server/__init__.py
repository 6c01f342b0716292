"""The HTTP server: uvicorn, with limits on its connections."""
