"""Rules across projects: no two share a project code or a PRIMA identifier.

The same rules stand in the shapes as `codeUnique` and `primaUnique` (profile `dataset`); over a large dataset one pass
over the identifiers does it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from iomld.iris import IOMLD
from iomld.model import Finding, Severity


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The identifiers of one project.

    Attributes:
        key: Key of the project.
        code: Its project code, if it has one.
        prima_id: Its PRIMA identifier, if it has one.
    """

    key: str
    code: str | None = None
    prima_id: str | None = None


def duplicate_identifiers(projects: Iterable[Identifiers]) -> Mapping[str, tuple[Finding, ...]]:
    """Find the projects that share an identifier.

    Args:
        projects: The identifiers of all projects, one entry a project.

    Returns:
        For each key with a fault its findings, code first; keys in the order in which they came.

    >>> found = duplicate_identifiers([Identifiers("A", "A", "CN10P0002"), Identifiers("B", "B", "CN10P0002")])
    >>> [(key, finding.rule, finding.value) for key, findings in found.items() for finding in findings]
    [('A', 'primaUnique', 'CN10P0002'), ('B', 'primaUnique', 'CN10P0002')]
    """
    entries = tuple(dict.fromkeys(projects))
    codes = _sharers(entries, lambda entry: entry.code)
    prima_ids = _sharers(entries, lambda entry: entry.prima_id)
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    for entry in entries:
        for other in _others(codes, entry.code, entry.key):
            found[entry.key].append(_shared_code(entry.code or "", other))
        for other in _others(prima_ids, entry.prima_id, entry.key):
            found[entry.key].append(_shared_prima_id(entry.prima_id or "", other))
    return {key: tuple(findings) for key, findings in found.items()}


def _sharers(
    entries: Iterable[Identifiers], identifier: Callable[[Identifiers], str | None]
) -> Mapping[str, tuple[str, ...]]:
    keys: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for entry in entries:
        value = identifier(entry)
        if value is not None:
            keys[value][entry.key] = None
    return {value: tuple(sharers) for value, sharers in keys.items() if len(sharers) > 1}


def _others(sharers: Mapping[str, tuple[str, ...]], value: str | None, key: str) -> tuple[str, ...]:
    return tuple(other for other in sharers.get(value or "", ()) if other != key)


def _shared_code(code: str, other: str) -> Finding:
    return Finding(
        rule="codeUnique",
        severity=Severity.VIOLATION,
        message=f"Project code {code} is also used by {other}. "
        "One of the two is a duplicate or carries a mistyped code.",
        field="projectCode",
        value=code,
        path=f"{IOMLD}projectCode",
    )


def _shared_prima_id(prima_id: str, other: str) -> Finding:
    return Finding(
        rule="primaUnique",
        severity=Severity.VIOLATION,
        message=f"PRIMA identifier {prima_id} is also used by {other}. "
        "One of the two is a duplicate or carries a mistyped identifier.",
        field="primaId",
        value=prima_id,
        path=f"{IOMLD}primaId",
    )
