"""How many connections fit into the files that a process may have open."""

import resource
from contextlib import suppress

_OTHERS = 512  # the store, workers, and clients that are being turned away
_EACH = 2  # a connection, and the file that is sent over it
_FEWEST = 10


def fitting_connections(wanted: int) -> int:
    """The connections that there is room for, at most those wanted; the limit of open files is raised if it may be."""
    needed = _OTHERS + _EACH * wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _is_below(soft, needed):
        with suppress(OSError, ValueError):  # some systems have another limit below this one
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard if _is_below(hard, needed) else needed, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(_FEWEST, (soft - _OTHERS) // _EACH) if _is_below(soft, needed) else wanted


def _is_below(limit: int, needed: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < needed
