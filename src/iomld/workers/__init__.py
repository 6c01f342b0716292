"""Worker processes that can be killed, and that take their jobs from one socket.

Nothing here knows what a job is: a payload goes in, a head and a body come out.
"""
