"""The budget of a client: seconds of work that it may use at once, for queries, checks of uploads, and pages."""

import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache, wraps
from ipaddress import IPv6Address, IPv6Network
from threading import BoundedSemaphore, Lock
from typing import ParamSpec, TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

from iomld.messages import message
from iomld.web.problems import ProblemError
from iomld.workers.errors import JobTimeoutError, WorkerCrashedError
from iomld.workers.protocol import Reply

_P = ParamSpec("_P")
_R = TypeVar("_R")
_MAX_CLIENTS = 2000
_CLIENT_BITS = 64  # of the address of a network of IPv6 as providers give them to one client
_AT_ONCE = 4  # metered functions; more threads would only keep the interpreter lock from the event loop
_ROUNDING_S = 1e-9  # what floating-point arithmetic may leave of a debt that is paid


class ClientQuotas:
    """The seconds of work left to each client: a token bucket that use drains and time fills.

    Work is charged after it is done, for the time that it took, so the last one may leave a debt. Any thread may do it.
    """

    def __init__(
        self,
        full_s: float,
        refill_s: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        most: int = _MAX_CLIENTS,
    ) -> None:
        """Start with full buckets.

        Args:
            full_s: Seconds in a full bucket.
            refill_s: Seconds added each minute.
            clock: Gives seconds that never decrease.
            most: The number of clients remembered; beyond it, the one charged least recently is forgotten.
        """
        self._full_s, self._rate = full_s, refill_s / 60
        self._clock, self._most = clock, most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # seconds left, and when that was
        self._lock = Lock()

    def retry_after_s(self, client: str) -> int:
        """Whole seconds until a client may ask again; 0 if it may ask now."""
        debt = -self._left_at(self._clock(), client)
        return math.ceil((debt - _ROUNDING_S) / self._rate) if debt > _ROUNDING_S else 0

    def require(self, client: str) -> None:
        """Check that a client may ask.

        Raises:
            ProblemError: It has used its time.
        """
        wait_s = self.retry_after_s(client)
        if wait_s:
            seconds = f"{self._full_s:g}"
            detail = message(
                "You have used up the {seconds} s of work that each client has. Try again in {wait} s, "
                "or download the whole dataset.",
                seconds=seconds,
                wait=wait_s,
            )
            raise ProblemError(429, "client-budget", detail, headers={"Retry-After": str(wait_s)})

    def charge(self, client: str, seconds: float) -> None:
        """Take seconds from the bucket of a client."""
        with self._lock:
            now = self._clock()
            self._left[client] = self._left_at(now, client) - seconds, now
            self._left.move_to_end(client)
            if len(self._left) > self._most:
                self._left.popitem(last=False)

    def _left_at(self, now: float, client: str) -> float:
        left, at = self._left.get(client, (self._full_s, now))
        return min(self._full_s, left + (now - at) * self._rate)


async def charged_reply(quotas: ClientQuotas, client: str, job: Awaitable[Reply]) -> Reply:
    """The reply of a worker, whose time is charged to a client, also if the job is stopped or the worker ends.

    Raises:
        WorkerError: There is no reply.
    """
    started, used_s = time.monotonic(), 0.0
    try:
        reply = await job
        used_s = reply.took_s
    except (JobTimeoutError, WorkerCrashedError):  # a worker had begun
        used_s = time.monotonic() - started
        raise
    finally:
        quotas.charge(client, used_s)
    return reply


@dataclass(frozen=True, slots=True)
class _Account:
    """The budget of the client whose request is being answered."""

    quotas: ClientQuotas
    client: str


_running = BoundedSemaphore(_AT_ONCE)
_account: ContextVar[_Account | None] = ContextVar("account", default=None)


def metered(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """A function that is charged to the client whose request is being answered: its processor time in this thread.

    It waits while four others run, and raises `ProblemError` instead of beginning if the client has used its time.
    Outside of requests it is free.
    """

    @wraps(function)
    def charged(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        account = _account.get()
        if account is None:
            return function(*args, **kwargs)
        with _running:
            account.quotas.require(account.client)
            started = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                account.quotas.charge(account.client, time.thread_time() - started)

    return charged


class ClientBudgetMiddleware:
    """Tells `metered` functions which client to charge."""

    def __init__(self, app: ASGIApp, quotas: ClientQuotas) -> None:
        """Wrap an application."""
        self._app, self._quotas = app, quotas

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        token = _account.set(_Account(self._quotas, client_of(scope)))
        try:
            await self._app(scope, receive, send)
        finally:
            _account.reset(token)


def client_of(scope: Scope) -> str:
    """Address of the client; behind a trusted proxy, of the proxy's client. Empty if it is unknown.

    Of an address of IPv6 it is the network, since one client has all the addresses in it.
    """
    address = scope.get("client")
    if not address:
        return ""
    return _network_of(address[0]) if ":" in address[0] else str(address[0])


@lru_cache(maxsize=_MAX_CLIENTS)
def _network_of(address: str) -> str:
    """The /64 network of an IPv6 address; or the IPv4 address that it represents, if any.

    >>> _network_of("2001:db8::1"), _network_of("::ffff:192.0.2.1")
    ('2001:db8::/64', '192.0.2.1')
    """
    parsed = IPv6Address(address)
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped else str(IPv6Network((parsed, _CLIENT_BITS), strict=False))
