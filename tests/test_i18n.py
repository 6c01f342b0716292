"""Sentences and numbers in three languages."""

from decimal import Decimal

import pytest

from iomld.i18n import decimal_text, is_translated, ngettext, worded
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
