"""Decides which project has a PRIMA identifier that several claim, whatever the order in which they are read."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of an accepted project.

    Attributes:
        key: Key of the project.
        prima_id: The PRIMA identifier that it states; None for no claim.
        number: Number of the project in the order of reading.
    """

    key: str
    prima_id: str | None
    number: int


def losing_claims(
    claims: Mapping[str, Claim], served_owner: Callable[[str], str | None]
) -> dict[str, Mapping[str, str]]:
    """The projects that must be refused, since another has their identifier.

    A published project keeps its identifier as long as it states it; else the project with the smallest key has it. A
    project that is refused keeps what it has published, so that a refusal can be the reason for another one.

    Args:
        claims: The claim of each accepted project, by key.
        served_owner: Gives the key of the published project that has an identifier; None if none has it.

    Returns:
        By key, the owner of the identifier that each refused project states.
    """
    keys: defaultdict[str, list[str]] = defaultdict(list)
    for claim in claims.values():
        if claim.prima_id:
            keys[claim.prima_id].append(claim.key)
    losing: dict[str, Mapping[str, str]] = {}
    while found := dict(_losing(keys, claims, losing, served_owner)):
        losing |= found
    return losing


def _losing(
    keys: Mapping[str, list[str]],
    claims: Mapping[str, Claim],
    losing: Mapping[str, object],
    served_owner: Callable[[str], str | None],
) -> dict[str, Mapping[str, str]]:
    """The projects that lose in one round."""
    found: dict[str, Mapping[str, str]] = {}
    for prima_id, claiming in keys.items():
        left = [key for key in claiming if key not in losing]
        if not left:
            continue
        served = served_owner(prima_id)
        stated = claims.get(served or "")
        gives_up = stated is not None and stated.key not in losing and stated.prima_id != prima_id
        owner = min(left) if served is None or gives_up else served
        found |= {key: {prima_id: owner} for key in left if key != owner}
    return found
