"""The committed files that are generated from the fields are up to date."""

from pathlib import Path

import pytest
from tests.fields.generated import generated_files


@pytest.mark.parametrize(("path", "text"), generated_files().items(), ids=lambda one: getattr(one, "name", ""))
def test_a_generated_file_is_as_committed(path: Path, text: str) -> None:
    """After a change of the shapes: `make fields`."""
    assert path.read_text(encoding="utf-8") == text
