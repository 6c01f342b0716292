"""Sentences and numbers in three languages."""

import logging
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from iomld import i18n
from iomld.i18n import decimal_text, gettext, is_translated, ngettext, worded
from iomld.messages import ForeignText, Message, Quantity, message, message_from_json, message_to_json


def test_a_message_is_worded_with_the_messages_among_its_values() -> None:
    """Values that are sentences are translated, every other value stands as it is."""
    nested = message("Source {number}: {fault}", number=1234, fault=message("'sources' must be a list."))
    assert str(nested) == worded(nested, "en") == "Source 1234: 'sources' must be a list."
    assert worded(message("{count} rows", count=Quantity(1234)), "es") == "1.234 rows"
    assert worded(nested, "es") == "Fuente 1234: «sources» debe ser una lista."
    assert is_translated(nested, "es")


def test_what_has_no_translation_stays_english() -> None:
    """Also where only a part has none."""
    unknown = message("No catalogue has this {thing}.", thing="sentence")
    assert worded(unknown, "fr") == "No catalogue has this sentence."
    assert not is_translated(unknown, "fr")
    assert is_translated(unknown, "en")
    assert not is_translated(message("Source {number}: {fault}", number=1, fault=unknown), "fr")


def test_values_are_never_read_as_places() -> None:
    """Braces in a value, or in a sentence without values, stay."""
    assert worded(message("'{key}' must be a list.", key="{key}"), "fr").count("{key}") == 1
    assert (
        worded(Message("Write { … } with the keys of the record."), "en") == "Write { … } with the keys of the record."
    )


@pytest.mark.parametrize(("language", "forms"), [("en", "manyonemany"), ("fr", "oneonemany"), ("es", "manyonemany")])
def test_plural_forms_follow_the_language(language: str, forms: str) -> None:
    """French nought is singular."""
    one, many = "{count} project", "{count} projects"
    worded_one, worded_many = ngettext(one, many, 1, language), ngettext(one, many, 2, language)
    named = {worded_one: "one", worded_many: "many"}
    assert "".join(named[ngettext(one, many, count, language)] for count in (0, 1, 1_000_000)) == forms


@pytest.mark.parametrize(
    ("language", "number"),
    [("en", "1,234,567.50"), ("fr", "1\u202f234\u202f567,50"), ("es", "1.234.567,50")],
)
def test_numbers_have_the_separators_of_the_language(language: str, number: str) -> None:
    """Every decimal stays."""
    assert decimal_text(Decimal("1234567.50"), language) == number


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1E+999999999", "1E-999999999", "9" * 29])
def test_numbers_beyond_all_measure_stay_as_they_are(text: str) -> None:
    """Data may hold any number; none takes long or fails."""
    assert decimal_text(Decimal(text), "fr") == str(Decimal(text))


def test_a_message_goes_to_another_process_and_comes_back() -> None:
    """With its messages, its numbers and the mark of foreign words."""
    sent = message("{a} {b} {c}", a=message("x {d}", d=1.5), b=ForeignText("expected ;"), c=Quantity(1234))
    back = message_from_json(message_to_json(sent))
    assert str(back) == str(sent)
    assert isinstance(back.values["a"], Message)
    assert isinstance(back.values["b"], ForeignText)
    assert isinstance(back.values["c"], Quantity)


@pytest.fixture
def french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the French catalogue, read anew, to be damaged."""
    copy = Path(shutil.copytree(Path(i18n.__file__).parent / "locale", tmp_path / "locale"))
    caches = (i18n.catalogue, i18n._translations)  # what was read before must be read again
    monkeypatch.setattr(i18n, "files", lambda _: tmp_path)
    for one in caches:
        one.cache_clear()
    yield copy / "fr" / "LC_MESSAGES" / "iomld.po"
    for one in caches:
        one.cache_clear()


@pytest.mark.parametrize(
    "wrong", ["Source : {fault}", "Source {nombre} : {fault}", "Source {number}, {number : {fault}"]
)
def test_a_translation_with_other_values_is_not_used(
    french: Path, caplog: pytest.LogCaptureFixture, wrong: str
) -> None:
    """The English sentence takes its place, and one sentence in the log names the file and the line; others stay."""
    lines = french.read_text(encoding="utf-8").splitlines()
    number = lines.index('msgid "Source {number}: {fault}"')
    lines[number + 1] = f'msgstr "Source{wrong}"'
    french.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert worded(message("Source {number}: {fault}", number=1, fault="x"), "fr") == "Source 1: x"
        assert gettext("Projects", "fr") == "Projets"
    (record,) = caplog.records
    assert record.getMessage().startswith(f"{french}: 1 translations do not have the values")
    assert f"line {number + 1}," in record.getMessage()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: content.index(b"msgid", 20_000) + len(b"ms")],
        lambda content: content.replace(b"plural=(n > 1)", b"plural=(n >"),
        lambda content: content.replace("é".encode(), b"\xe9", 1),
        lambda _: b"\0\xff" * 100,
        lambda _: None,
    ],
    ids=["cut", "plural rule", "encoding", "binary", "missing"],
)
def test_a_damaged_catalogue_leaves_english(
    french: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[bytes], bytes | None],
) -> None:
    """One sentence in the log says so; nothing is printed, and other languages are as they were."""
    damaged = damage(french.read_bytes())
    french.unlink()
    if damaged is not None:
        french.write_bytes(damaged)
    with caplog.at_level(logging.WARNING):
        assert gettext("Projects", "fr") == "Projects"
        assert ngettext("{count} project", "{count} projects", 2, "fr") == "{count} projects"
        assert gettext("Projects", "es") == "Proyectos"
    (record,) = caplog.records
    assert record.getMessage().startswith(f"{french} cannot be read (")
    assert capsys.readouterr().out == ""
