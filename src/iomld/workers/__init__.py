"""A pool of worker processes that can be killed, fed from one socket.

The package knows nothing of what its jobs do: a payload goes in, a head and a body come out.
"""
