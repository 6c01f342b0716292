"""Words of a controlled list to their codes, in any of the languages that the list has."""

from iomld.lexicon.words import ConceptTable
from iomld.model import Finding, Severity, Value, message

# A list of at most this many names is shown whole to who wrote a word that is like none of them.
_SHORT_LIST = 8


def read_concept(value: Value, table: ConceptTable, *, field: str, rule: str) -> tuple[str | None, tuple[Finding, ...]]:
    """Find the code of a word.

    Args:
        value: What the source says.
        table: The names of the scheme.
        field: The record's field, for the finding.
        rule: Name of the rule that an unknown word breaks (`unknownStatus`).

    Returns:
        The code, or None and a Violation that names the closest words of the list.
    """
    code = table.code(value.text)
    if code is not None:
        return code, ()
    near = table.closest(value.text)
    if near:
        fix = message("Closest: {names}.", names=", ".join(near))
    elif len(table.names) <= _SHORT_LIST:
        fix = message("Write one of: {names}.", names=", ".join(table.names.values()))
    else:
        fix = message("Write a name or a code from the list.")
    finding = Finding(
        rule=rule,
        severity=Severity.VIOLATION,
        message=message("“{value}” is not in the list.", value=value.text),
        fix=fix,
        field=field,
        value=value.text,
        place=value.place,
    )
    return None, (finding,)
