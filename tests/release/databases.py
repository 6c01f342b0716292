"""What a database of projects holds, in a form that can be compared."""

import sqlite3
from decimal import Decimal

from iomld.iris import Iris
from iomld.release.project_database import ALL, BUDGET_ORDER, CODE_ORDER, START_ORDER, title_order
from iomld.release.project_index import entry_text
from iomld.release.project_reader import CODES, TEXTS, TITLES, ProjectReader

WORDS = ("port", "ports", "river", "elan", "po", "1", "migration", "m")
DEFAULT = Iris()
_ORDERS = (CODE_ORDER, START_ORDER, BUDGET_ORDER, title_order("en"), title_order("fr"), title_order("de"))


def database_content(database: sqlite3.Connection, iris: Iris = DEFAULT) -> dict[str, object]:
    """What a reader can learn from a database, with IRIs in place of numbers."""
    reader = ProjectReader(database, iris)

    def listed(projects: int, order: str = CODE_ORDER) -> list[str]:
        return [entry.iri for entry in reader.entries(reader.in_order(projects, order))]

    return {
        "entries": [entry_text(entry) for entry in reader.entries(reader.in_order(reader.all, CODE_ORDER))],
        "sets": {
            (facet, value): listed(bits) for facet, values in reader.sets.items() for value, bits in values.items()
        },
        "orders": {order: listed(reader.all, order) for order in _ORDERS},
        "words": {
            (kind, word): listed(reader.with_word(kind, word)) for kind in (CODES, TITLES, TEXTS) for word in WORDS
        },
        "vocabulary": sorted(reader.words()),
        "figures": {name: reader.figures(*name) for name in (ALL, ("country", "KE"), ("country", "GH"))},
        "codes": {
            code: (reader.code(code), listed(reader.with_code(code))) for code in ("po1", "po.1", "x4", "x-4", "po")
        },
        "dollars": listed(reader.with_dollars(Decimal(5), Decimal(6))),
    }
