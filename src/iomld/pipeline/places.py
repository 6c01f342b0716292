"""Bring each finding back to the place in the source that it is about."""

from dataclasses import replace

from iomld import read
from iomld.model import Dossier, Finding, Place, Record, Value


def placed(findings: tuple[Finding, ...], dossier: Dossier) -> tuple[Finding, ...]:
    """The findings with file, line, column and excerpt, in source order.

    A finding about a value stands where the value does; one about a missing field at the record's first line.
    """
    located = [_placed(finding, dossier) for finding in findings]
    return tuple(sorted(located, key=_source_order))


def _placed(finding: Finding, dossier: Dossier) -> Finding:
    value = None if finding.place else _value_of(finding, dossier)
    if value is not None:
        finding = replace(finding, place=value.place, value=value.text)
    return read.located(finding, _record_of(finding, dossier))


def _value_of(finding: Finding, dossier: Dossier) -> Value | None:
    """The source value that a result is about: the one it names, else the field's first."""
    values = dossier.values.get(finding.field or "", ())
    named = [value for value in values if finding.value and value.text == finding.value]
    return next(iter(named or values), None)


def _record_of(finding: Finding, dossier: Dossier) -> Record:
    place = finding.place
    if place is None:
        return dossier.records[0]
    return next((record for record in dossier.records if _holds(record, place)), dossier.records[0])


def _holds(record: Record, place: Place) -> bool:
    if record.place.file != place.file or (record.place.line or 0) > (place.line or 0):
        return False
    prefix = record.place.pointer
    pointer = place.pointer or ""
    return prefix is None or pointer == prefix or pointer.startswith(f"{prefix}/")


def _source_order(finding: Finding) -> tuple[str, int, int, str, str]:
    place = finding.place or Place("")
    return place.file, place.line or 0, place.column or 0, finding.rule, str(finding.message)
