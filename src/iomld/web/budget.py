"""How much query time each client may use: a bucket of seconds that drains with use and fills again with time."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from iomld.model import message
from iomld.web.problems import ProblemError

_MOST_CLIENTS = 2000
_NOTHING = 1e-9  # what floating point may leave of a debt that is paid


class ClientBudgets:
    """The seconds that are left to each client. Only what was used counts, so a last query may go into debt."""

    def __init__(
        self, full_s: float, refill_s: float, *, clock: Callable[[], float] = time.monotonic, most: int = _MOST_CLIENTS
    ) -> None:
        """Start with full buckets.

        Args:
            full_s: Seconds in a full bucket.
            refill_s: Seconds that come back each minute.
            clock: Seconds that never go back.
            most: Clients to remember; one that has not asked for longest is forgotten.
        """
        self._full_s, self._rate = full_s, refill_s / 60
        self._clock, self._most = clock, most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # seconds left, and when that was

    def wait_s(self, client: str) -> int:
        """Whole seconds until a client may ask again; 0 where it may ask now."""
        debt = -self._now_left(client)
        return math.ceil((debt - _NOTHING) / self._rate) if debt > _NOTHING else 0

    def admit(self, client: str) -> None:
        """Let a client ask.

        Raises:
            ProblemError: It has used its time.
        """
        wait_s = self.wait_s(client)
        if wait_s:
            seconds = f"{self._full_s:g}"
            detail = message(
                "Your queries have used the {seconds} seconds that a client may use at once. "
                "Come back in {wait} seconds, or download the whole dataset.",
                seconds=seconds,
                wait=wait_s,
            )
            raise ProblemError(429, "client-budget", detail, headers={"Retry-After": str(wait_s)})

    def spend(self, client: str, seconds: float) -> None:
        """Take seconds from the bucket of a client."""
        self._left[client] = self._now_left(client) - seconds, self._clock()
        self._left.move_to_end(client)
        if len(self._left) > self._most:
            self._left.popitem(last=False)

    def _now_left(self, client: str) -> float:
        left, at = self._left.get(client, (self._full_s, self._clock()))
        return min(self._full_s, left + (self._clock() - at) * self._rate)
