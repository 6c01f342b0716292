"""The inputs of the form that makes one record, with the codes of the lists to choose from."""

from iomld.browse.view import ReleaseView
from iomld.fields.declared import FieldKind
from iomld.fields.form import FormInput, form_inputs
from iomld.model import TEXT_LANGUAGES
from iomld.vocab import Vocabulary


def record_inputs(view: ReleaseView, language: str) -> tuple[FormInput, ...]:
    """The inputs with their texts in a language.

    Args:
        view: The release.
        language: The language of the page.
    """
    lists = view.vocabulary
    return tuple(form_inputs(lists.fields, _options(lists, language), TEXT_LANGUAGES, language))


def _options(lists: Vocabulary, language: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """The codes of each field that has a list, countries by name."""
    options: dict[str, tuple[tuple[str, str], ...]] = {}
    for key, field in lists.fields.given.items():
        if field.kind is FieldKind.CONCEPT:
            concepts = lists.concepts.get(field.scheme, {})
            options[key] = tuple((code, concept.name(language)) for code, concept in concepts.items())
        elif field.kind is FieldKind.COUNTRY:
            members = [one for one in lists.countries.items() if one[1].is_member or not field.members]
            named = [(code, country.name(language)) for code, country in members]
            options[key] = tuple(sorted(named, key=lambda one: one[1]))
    return options
