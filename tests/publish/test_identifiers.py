"""Which project keeps an identifier that several claim."""

import itertools
from collections.abc import Mapping

import pytest

from iomld.publish.identifiers import Claim, losing_claims

CASES: Mapping[str, tuple[dict[str, str | None], dict[str, str], dict[str, str]]] = {
    "nobody claims": ({"A": None, "B": None}, {}, {}),
    "each has its own": ({"A": "1", "B": "2"}, {"1": "A"}, {}),
    "the smallest key": ({"C": "1", "A": "1", "B": "1"}, {}, {"B": "A", "C": "A"}),
    "who is published": ({"A": "1", "B": "1"}, {"1": "B"}, {"A": "B"}),
    "who is published and not in this run": ({"A": "1"}, {"1": "Z"}, {"A": "Z"}),
    "given up": ({"A": "1", "Z": "2"}, {"1": "Z"}, {}),
    "given up for one that another has": ({"A": "1", "Z": "2"}, {"1": "Z", "2": "Y"}, {"Z": "Y", "A": "Z"}),
    "exchanged": ({"A": "2", "B": "1"}, {"1": "A", "2": "B"}, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_one_project_keeps_an_identifier(case: str) -> None:
    """The order in which the claims come changes nothing."""
    claimed, served, losing = CASES[case]
    for keys in itertools.permutations(claimed):
        claims = {key: Claim(key, claimed[key], number) for number, key in enumerate(keys)}
        found = losing_claims(claims, served.get)
        assert {key: owner for key, owners in found.items() for owner in owners.values()} == losing
