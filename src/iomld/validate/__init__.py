"""Validation of projects against our SHACL shapes, with a choice of two engines."""

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
