"""Check projects against the shapes: one port, two engines (SHACL 1.0)."""

from iomld.validate.duplicates import Identifiers, duplicate_identifiers
from iomld.validate.shapes import PROFILES, Rule, all_rules
from iomld.validate.validator import ENGINES, Validator, load_validator

__all__ = [
    "ENGINES",
    "PROFILES",
    "Identifiers",
    "Rule",
    "Validator",
    "all_rules",
    "duplicate_identifiers",
    "load_validator",
]
