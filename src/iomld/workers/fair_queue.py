"""The jobs that wait, one client after the other, so that no client's many jobs hold up another's one."""

from collections import OrderedDict, deque
from collections.abc import Container, Iterator

from iomld.workers.jobs import Job


class FairQueue:
    """Gives out one job of each client in turn; a client's own jobs keep their order."""

    def __init__(self) -> None:
        """Start empty."""
        self._by_client: OrderedDict[str, deque[Job]] = OrderedDict()  # no empty ones; the first is next
        self._size = 0

    def __len__(self) -> int:
        """How many jobs wait."""
        return self._size

    def __iter__(self) -> Iterator[Job]:
        """All jobs, client by client."""
        return (job for jobs in self._by_client.values() for job in jobs)

    def append(self, job: Job) -> None:
        """Add a job behind the others of its client; a client that has none waits behind the other clients."""
        self._by_client.setdefault(job.client, deque()).append(job)
        self._size += 1

    def first(self, full: Container[str] = ()) -> Job | None:
        """The job that is next, of a client that is not among those who have their share already."""
        return next((jobs[0] for client, jobs in self._by_client.items() if client not in full), None)

    def pop(self, job: Job) -> None:
        """Take the first job of its client out; the client goes behind the others."""
        jobs = self._by_client[job.client]
        jobs.popleft()
        self._size -= 1
        if jobs:
            self._by_client.move_to_end(job.client)
        else:
            del self._by_client[job.client]

    def remove(self, job: Job) -> None:
        """Take a job out, if it is in."""
        jobs = self._by_client.get(job.client, deque())
        if job in jobs:
            jobs.remove(job)
            self._size -= 1
            if not jobs:
                del self._by_client[job.client]

    def clear(self) -> None:
        """Take all jobs out."""
        self._by_client.clear()
        self._size = 0
