"""The pictures that README.md shows."""

import re

from tests.conftest import ROOT
from tests.docs.pictures import FOLDER, LARGEST_BYTES, PICTURES


def test_each_picture_is_small_and_shown() -> None:
    """WebP under 60 KB; README.md shows each with alternative text; none is left over."""
    names = {f"{picture.name}.webp" for picture in PICTURES}
    assert {file.name for file in FOLDER.iterdir()} == names
    for name in names:
        image = (FOLDER / name).read_bytes()
        assert image[8:12] == b"WEBP"
        assert len(image) < LARGEST_BYTES
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[([^\]]+)\]\(docs/images/([\w-]+\.webp)\)", text)
    shown += [(alt, file) for file, alt in re.findall(r'<img src="docs/images/([\w.-]+)"[^>]* alt="([^"]+)"', text)]
    assert {file for _, file in shown} == names
