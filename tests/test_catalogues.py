"""The catalogues hold what the code and the templates say, in every language, with the same places for values."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.pofile import read_po

from iomld.i18n import LANGUAGES, catalogue
from tests.conftest import ROOT

TRANSLATIONS = LANGUAGES[1:]
_FUNCTIONS = {"gettext", "ngettext", "gettext_noop", "gettext_html", "ngettext_html", "message"}
_Id = str | tuple[str, ...]
_MARK = re.compile(r"\{\w+\}|\]\(\w+\)|`[^`]+`")
# Words that a catalogue must not use, because another one stands for the same thing on every page.
_OTHER_TERMS = {
    "fr": r"cadrée?s?\b|IITA|énoncé|\bchoses?\b|devise|\brécit|relecture|cadres? politiques?",
    "es": r"enmarcad|tripleta|\bregistros?\b|\bmontos?\b|\bdélo\b|\brelato|enunciad|\bcosas?\b|Estados? (?-i:M)iembro",
}
_CODE = re.compile(r"`[^`]*`|\{\W.*\}|https?://")


@cache
def sentences() -> dict[_Id, str]:
    """Every sentence that `make messages` extracts, with a place where it stands."""
    keywords = re.search(r"^KEYWORDS := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert keywords
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = extract_from_dir(ROOT / "src", methods, options, keywords=parse_keywords(keywords[1].split()))
    return {id_: f"{file}:{line}" for file, line, id_, _, _ in found}


def entries(language: str) -> Iterator[tuple[Message, tuple[str, ...], tuple[str, ...]]]:
    """The entries of a catalogue, each with its English forms and its translations."""
    for entry in catalogue(language):
        if entry.id:
            yield entry, _forms(entry.id), _forms(entry.string)


def _forms(texts: object) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(map(str, texts)) if isinstance(texts, tuple | list) else ()


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_sentence_is_in_the_catalogue_and_nothing_else(language: str) -> None:
    """After a change, `make messages` adds missing sentences and removes unused ones; then translate them."""
    known = {entry.id for entry, _, _ in entries(language)}
    assert len(known) > 600
    assert {id_: where for id_, where in sentences().items() if id_ not in known} == {}
    assert known - sentences().keys() == set()


def test_every_call_can_be_read_by_pybabel() -> None:
    """It reads no call inside an f-string on Python 3.11, and no sentence that is put together in the call."""
    read = {text for id_ in sentences() for text in ((id_,) if isinstance(id_, str) else id_)}
    unread = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _FUNCTIONS:
                given = [one for one in call.args[:2] if isinstance(one, ast.Constant | ast.JoinedStr | ast.IfExp)]
                texts = {one.value if isinstance(one, ast.Constant) else "" for one in given}
                unread += [f"{path.name}:{call.lineno}: {text}" for text in texts - read if isinstance(text, str)]
    assert unread == []


def test_the_template_of_catalogues_is_up_to_date() -> None:
    """`make messages` writes it; translators begin a new language with it."""
    with (ROOT / "src/iomld/locale/iomld.pot").open("rb") as file:
        assert {entry.id for entry in read_po(file) if entry.id} == sentences().keys()


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_translations_are_whole(language: str) -> None:
    """Each form is there, none is a guess, and each has the values, the links and the code of the English sentence."""
    for entry, english, translated in entries(language):
        assert not entry.fuzzy, entry.id
        assert all(text.strip() for text in translated), entry.id
        marks = {tuple(sorted(_MARK.findall(text))) for text in (*english, *translated)}
        assert len(marks) == 1, entry.id


def test_french_sets_its_spaces_and_apostrophes() -> None:
    """A no-break space before a colon and inside quotes, a narrow one before ; ? and !, no typewriter's apostrophe."""
    texts = (_CODE.sub("", text) for _, _, translated in entries("fr") for text in translated)
    wrong = [text for text in texts if re.search(r"[^\u00a0]:(?!\w)|[^\u202f][;!?](?!\w)|'|« | »", text)]
    assert wrong == []


def test_spanish_opens_its_questions_and_quotes_without_spaces() -> None:
    """A question begins with ¿, an exclamation with ¡, and quotes stand against their words."""
    for _, _, translated in entries("es"):
        for text in translated:
            shown = re.sub(r"`[^`]*`|\?\w+|<[^>]*>", "", text)
            assert shown.count("¿") == len(re.findall(r"\?(?!\w)", shown)), text
            assert not re.search(r"«\s|\s»|'", shown), text


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_one_term_stands_for_one_thing(language: str) -> None:
    """French says statut, couverture, monnaie and cadre d'action; Spanish says ficha, triple, importe and recurso."""
    forbidden = re.compile(_OTHER_TERMS.get(language, r"(?!)"), re.IGNORECASE)
    texts = (text for _, _, translated in entries(language) for text in translated)
    assert [text for text in texts if forbidden.search(text)] == []
