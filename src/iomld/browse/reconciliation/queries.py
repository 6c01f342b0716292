"""Reconciliation queries and their answers as values, the same for all versions of the protocol."""

from dataclasses import dataclass
from enum import StrEnum

from iomld.browse.reconciliation.entities import Entity
from iomld.errors import IomldError
from iomld.messages import Message

DEFAULT_LIMIT = 5
MOST_CANDIDATES = 25
BEST_SCORE = 100.0


class ReconciliationError(IomldError):
    """A query that cannot be answered; the others of its batch are.

    Attributes:
        kind: A short name of the type of problem.
    """

    def __init__(self, kind: str, message: Message) -> None:
        """Create it from the kind of problem and the sentence about it."""
        super().__init__(message)
        self.kind = kind


class Quantifier(StrEnum):
    """How many values of a condition an entity must have."""

    ANY = "any"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a property of the entities.

    Attributes:
        property: Identifier of the property.
        values: Values as text: names, codes, numbers, or identifiers of entities.
        is_required: Whether entities that do not meet it are left out; otherwise they rank lower.
        quantifier: How many of the values an entity must have.
    """

    property: str
    values: tuple[str, ...]
    is_required: bool = False
    quantifier: Quantifier = Quantifier.ANY


@dataclass(frozen=True, slots=True)
class ReconciliationQuery:
    """The question which entity a name means.

    Attributes:
        names: The name, or several for the same entity; none if only conditions are known.
        types: Identifiers of the types of entities that it may be; none for all types.
        conditions: What else is known of it.
        limit: Largest number of candidates.
    """

    names: tuple[str, ...]
    types: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity that a name may mean.

    Attributes:
        entity: The entity.
        score: How well it fits, 0 to 100.
        name_score: How well its name alone fits.
        is_match: Whether it is meant without doubt.
    """

    entity: Entity
    score: float
    name_score: float
    is_match: bool = False
