"""The tables of columns in `docs/RECORDS.md`, written from the code: `python -m tests.read.documented_columns`."""

from collections.abc import Iterable
from pathlib import Path

from iomld.assets import load_fields
from iomld.read.table.columns import Column, mention_columns, project_columns

DOCUMENT = Path(__file__).parents[2] / "docs" / "RECORDS.md"


def columns_table(columns: Iterable[Column]) -> str:
    """Each column with its meaning, an example, and its other headings."""
    rows = [("column", "holds", "example", "other headings"), ("---", "---", "---", "---")]
    for column in columns:
        name = f"{column.name}_en" if column.name in load_fields().texts else column.name
        rows.append((f"`{name}`", column.meaning, f"`{column.example.strip()}`", column.other_headings))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def tables() -> tuple[str, str]:
    """The columns of projects and those of mentions."""
    return columns_table(project_columns()), columns_table(mention_columns())


if __name__ == "__main__":
    print("\n".join(tables()))  # noqa: T201  # what it is for
