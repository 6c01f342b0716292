"""A language is added by its catalogue alone; what it lacks is in English, and its direction is that of the script."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import ROOT

import iomld
from iomld.i18n import ENGLISH, LANGUAGES
from iomld.web.templating import static_directory

PACKAGE = Path(iomld.__file__).parent
# Arabic: a sentence, one with a value, a plural of which one form is missing, a value that does not exist, nothing.
CATALOGUE = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=n != 1;\\n"

msgid "Projects"
msgstr "مشاريع"

msgid "Page {page} of {pages}"
msgstr "صفحة {page} من {pages}"

msgid "{count} project"
msgid_plural "{count} projects"
msgstr[0] "مشروع"
msgstr[1] ""

msgid "Search"
msgstr "بحث {nothing}"

msgid "Countries"
msgstr ""

msgid "“{value}” is not a plain number."
msgstr "{value}"
"""
SCRIPT = """
import json, sys
from fastapi import FastAPI
from pathlib import Path
from tests.browse.asking import Asker
from iomld.browse.view import open_view
from iomld.i18n import LANGUAGES
from iomld.release import current_release
from iomld.web.data.resources import resource_routes
from iomld.web.language import LanguageMiddleware
from iomld.web.pages.overview import page_routes
from iomld.web.problems import ProblemError, problem_of

view = open_view(current_release(Path(sys.argv[1])))
app = FastAPI()
app.include_router(page_routes(lambda: view))
app.include_router(resource_routes(lambda: view))
app.add_exception_handler(ProblemError, lambda request, error: problem_of(error, accept="text/html"))
asker = Asker(LanguageMiddleware(app), {"Accept": "text/html", "Accept-Language": "ar"})
paths = ("/", "/projects", "/projects?page=99", "/validate", "/downloads", "/ontology", "/about", "/shapes",
         "/countries", "/regions", "/doc/project/PO.0105", "/doc/country/KE", "/scheme/framework/gcm")
answers = {path: asker.get(path) for path in paths}
json.dump([LANGUAGES, {path: [one.status_code, one.text] for path, one in answers.items()}], sys.stdout)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with the package as it is, but for one more catalogue."""
    package = tmp_path_factory.mktemp("package") / "iomld"
    package.mkdir()
    for one in PACKAGE.iterdir():
        if one.name != "locale":
            (package / one.name).symlink_to(one)
    for language in ("fr", "es"):
        (package / "locale" / language).mkdir(parents=True)
        (package / "locale" / language / "LC_MESSAGES").symlink_to(PACKAGE / "locale" / language / "LC_MESSAGES")
    for name in ("ar", "no-language"):
        folder = package / "locale" / name / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "iomld.po").write_text(CATALOGUE, encoding="utf-8")
    return {**os.environ, "PYTHONPATH": f"{package.parent}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}


def test_pages_fall_back_to_english(environment: dict[str, str], datadir: Path) -> None:
    """Every page is there, from right to left, with what is translated; the rest, and broken entries, is English."""
    command = [sys.executable, "-c", SCRIPT, str(datadir)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    languages, pages = json.loads(done.stdout)
    assert languages == ["en", "fr", "es", "ar"]
    for path, (status, text) in pages.items():
        assert status == (404 if "99" in path else 200), path
        assert '<html lang="ar" dir="rtl">' in text
        assert ">مشاريع</a>" in text
        assert ">Countries</a>" in text
        assert ">العربية</a>" in text
    found = pages["/projects"][1]
    assert "صفحة 1 من" in found
    assert ">Search</button>" in found
    assert " projects, page 1 of" in found
    assert "in-language" in found


def test_reports_fall_back_to_english(environment: dict[str, str], tmp_path: Path) -> None:
    """Findings without a translation are in English, and say so."""
    source = tmp_path / "x.json"
    source.write_text('{"projectCode": "PO.1", "status": "x", "budgetUSD": "1 USD"}', encoding="utf-8")
    start = "from iomld.cli.main import main; main()"
    command = [sys.executable, "-c", start, "validate", "--lang", "ar", "--format", "html", str(source)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert '<html lang="ar" dir="rtl">' in done.stdout
    assert "is not in the list." in done.stdout
    assert "The project" in done.stdout


def test_the_style_sheet_has_no_left_and_no_right() -> None:
    """Sides are those of the text, so that pages can run from right to left."""
    style = (static_directory() / "site.css").read_text(encoding="utf-8")
    physical = (
        r"(?:margin|padding|border)-(?:left|right)|(?<![\w-])(?:left|right):|text-align:(?:left|right)|float:\w+;"
    )
    assert re.findall(physical, style) == []
    sides = re.findall(r"(?<![\w-])(?:margin|padding):([^\s;}]+) ([^\s;}]+) ([^\s;}]+) ([^\s;}]+)[;}]", style)
    assert [one for one in sides if one[1] != one[3]] == []


def test_every_catalogue_is_of_a_language() -> None:
    """A folder that Babel does not know would never be read."""
    assert {one.name for one in (PACKAGE / "locale").iterdir() if one.is_dir()} == set(LANGUAGES) - {ENGLISH}
