"""Links the beneficiaries of a project: member states and other countries."""

from collections.abc import Sequence
from dataclasses import dataclass

from iomld.lexicon.countries import Gazetteer, States
from iomld.messages import LocalizedText, alternatives, joined, message
from iomld.model import Finding, Severity, Value

_MAX_QUOTED = 80  # characters of an unknown name in a message


@dataclass(frozen=True, slots=True)
class Beneficiaries:
    """The countries that benefit from a project.

    Attributes:
        members: Codes of member states, in the order of the source.
        others: Codes of other countries.
    """

    members: tuple[str, ...]
    others: tuple[str, ...]


def read_beneficiaries(
    states: Sequence[Value], countries: Sequence[Value], gazetteer: Gazetteer
) -> tuple[Beneficiaries, tuple[Finding, ...]]:
    """Read both lists of beneficiaries.

    Args:
        states: Values of `benefitingMemberStates`: names, codes or runs of names.
        countries: Values of `benefitingCountries`.
        gazetteer: The names of countries.

    Returns:
        The codes, each once, and the findings: `unknownState` and `ambiguousStates` (Violation), `notAMember` (Warning:
        the country is moved to the others) and `doubledState` (Info).
    """
    listed, state_findings = _read_list(states, gazetteer, "benefitingMemberStates")
    added, country_findings = _read_list(countries, gazetteer, "benefitingCountries")
    members = tuple(code for code in listed if code in gazetteer.members)
    non_members = {code: value for code, value in listed.items() if code not in gazetteer.members}
    others = tuple(dict.fromkeys(code for code in (*added, *non_members) if code not in members))
    warnings = tuple(_not_a_member(gazetteer.labels[code], value) for code, value in non_members.items())
    repeated = tuple(
        _repeated(gazetteer.labels[code], value, "benefitingCountries")
        for code, value in added.items()
        if code in listed
    )
    return Beneficiaries(members, others), (*state_findings, *warnings, *country_findings, *repeated)


def read_countries(
    values: Sequence[Value], gazetteer: Gazetteer, field: str
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Read a list of countries: the codes, each once, and the findings as of `read_beneficiaries`."""
    codes, findings = _read_list(values, gazetteer, field)
    return tuple(codes), findings


def _read_list(
    values: Sequence[Value], gazetteer: Gazetteer, field: str
) -> tuple[dict[str, Value], tuple[Finding, ...]]:
    """The codes in a list, each with the first value that names it, and the findings."""
    codes: dict[str, Value] = {}
    findings: list[Finding] = []
    repeated: dict[str, Value] = {}
    for value in values:
        states = gazetteer.states(value.text)
        findings += _faults(states, value, gazetteer, field)
        if states.rivals:
            continue
        for code in states.codes:
            if code in codes:
                repeated[code] = value
            codes.setdefault(code, value)
    findings += [_repeated(gazetteer.labels[code], value, field) for code, value in repeated.items()]
    return codes, tuple(findings)


def _faults(states: States, value: Value, gazetteer: Gazetteer, field: str) -> list[Finding]:
    """The findings about names in a value that are unknown or ambiguous."""
    faults = [_unknown(leftover, value, gazetteer, field) for leftover in states.leftovers]
    for stretch, readings in states.rivals:
        ways = alternatives([joined([gazetteer.labels[code] for code in reading]) for reading in readings])
        faults.append(
            Finding(
                rule="ambiguousStates",
                severity=Severity.VIOLATION,
                message=message("“{value}” can be read as {ways}.", value=stretch, ways=ways),
                fix=message("Put a semicolon between the names, or write country codes."),
                field=field,
                value=stretch,
                place=value.place,
            )
        )
    return faults


def _unknown(leftover: str, value: Value, gazetteer: Gazetteer, field: str) -> Finding:
    shown = leftover if len(leftover) <= _MAX_QUOTED else f"{leftover[:_MAX_QUOTED]}…"
    closest = gazetteer.closest(leftover)
    return Finding(
        rule="unknownState",
        severity=Severity.VIOLATION,
        message=message("“{value}” is not a known country name.", value=shown),
        fix=message("Did you mean {names}?", names=alternatives(closest))
        if closest
        else message("Write the country's name or its ISO code."),
        field=field,
        value=shown,
        place=value.place,
    )


def _not_a_member(name: LocalizedText, value: Value) -> Finding:
    return Finding(
        rule="notAMember",
        severity=Severity.WARNING,
        message=message("{name} is not a member state, so it was kept with the other benefiting countries.", name=name),
        fix=message("Move it to the other benefiting countries."),
        field="benefitingMemberStates",
        value=str(name),
        place=value.place,
    )


def _repeated(name: LocalizedText, value: Value, field: str) -> Finding:
    return Finding(
        rule="doubledState",
        severity=Severity.INFO,
        message=message("{name} is listed twice and was kept once.", name=name),
        fix=message("Check whether another country was meant."),
        field=field,
        value=str(name),
        place=value.place,
    )
