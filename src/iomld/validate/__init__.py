"""Check projects against the shapes: one port, two engines (SHACL 1.0)."""

from iomld.validate.engines import ENGINES
from iomld.validate.shapes import PROFILES, Rule, all_rules
from iomld.validate.validator import Validator, load_validator

__all__ = [
    "ENGINES",
    "PROFILES",
    "Rule",
    "Validator",
    "all_rules",
    "load_validator",
]
