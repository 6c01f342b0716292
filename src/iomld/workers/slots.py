"""A table in shared memory that says which job each worker holds, and since when."""

import mmap
import os

_WORDS = 8  # a cache line for each worker, so that they do not slow each other down
_JOB, _START = 0, 1


class Slots:
    """One slot a worker: job number (0 for none) and start (CLOCK_MONOTONIC, ns).

    A worker writes its own slot and the pool reads it. Each word is written by one aligned store of eight bytes,
    so a reader never sees half a number.
    """

    def __init__(self, fd: int, count: int) -> None:
        """Map the table.

        Args:
            fd: An anonymous file of at least the size of the table; stays the caller's.
            count: Number of slots.
        """
        self._memory = mmap.mmap(fd, count * _WORDS * 8)
        self._words = memoryview(self._memory).cast("Q")

    def hold(self, slot: int, job: int, start_ns: int) -> None:
        """Write that the worker of this slot holds a job."""
        self._words[slot * _WORDS + _START] = start_ns
        self._words[slot * _WORDS + _JOB] = job

    def clear(self, slot: int) -> None:
        """Write that the worker of this slot holds none."""
        self._words[slot * _WORDS + _JOB] = 0

    def job(self, slot: int) -> int:
        """Number of the job held, or 0."""
        return self._words[slot * _WORDS + _JOB]

    def start_ns(self, slot: int) -> int:
        """When the job was taken."""
        return self._words[slot * _WORDS + _START]

    def close(self) -> None:
        """Unmap the table."""
        self._words.release()
        self._memory.close()


def slots_file(count: int) -> int:
    """Make the anonymous file for a table; the descriptor is the caller's."""
    fd = os.memfd_create("iomld-slots", os.MFD_CLOEXEC)
    os.ftruncate(fd, count * _WORDS * 8)
    return fd
