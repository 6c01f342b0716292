"""How much tests try of what has no end, such as made-up texts and queries."""

import os

_TIMES = float(os.environ.get("IOMLD_TEST_AMOUNT", "1"))


def amount(usual: int) -> int:
    """A number of things to try: the usual one, or by IOMLD_TEST_AMOUNT so many times more."""
    return max(1, round(usual * _TIMES))
