"""Sentences as project pages write them, labelled by hand before the names were looked at.

Measured when first read: the first set (272 sentences) gave precision 0.99 and recall 0.88; the second (181 sentences),
written after the faults of the first were mended, precision 0.99 and recall 0.99.
"""

import csv
from pathlib import Path

import pytest

from iomld.assets import load_vocabulary
from iomld.link.frameworks import build_matcher

SENTENCES = Path(__file__).parent / "sentences"
VOCABULARY = load_vocabulary()
MATCHER = build_matcher(VOCABULARY)
# What is found where the label is missed, and why it stays.
KNOWN_MISSES = {
    # An abbreviation is only judged by a meaning in brackets; an apposition may say anything.
    "SDG, the Sweden Democratic Group, funded a study.": {"sdg"},
}


def with_wholes(codes: set[str]) -> set[str]:
    """Codes with the frameworks of their parts: a text that names a part names its whole."""
    concepts = VOCABULARY.concepts["framework"]
    return codes | {whole for code in codes if (whole := concepts[code].broader)}


@pytest.mark.parametrize("name", ["first", "second"])
def test_labelled_sentences_name_their_frameworks(name: str) -> None:
    """Each sentence gives the frameworks and parts of its label, and none else."""
    with (SENTENCES / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    different = {}
    for row in rows:
        text = row["text"].replace("\\n", "\n")
        labelled = set(row["codes"].split()) - {"-"}
        found = {code for match in MATCHER.matches(text, row["language"]) for code in match.codes}
        if with_wholes(found) != with_wholes(KNOWN_MISSES.get(text, labelled)):
            different[text] = (labelled, found)
    assert different == {}
    assert len(rows) > 150
