"""The fields that the shapes declare."""

import subprocess
import sys

import pytest

from iomld.assets import asset_names, asset_text, load_fields, load_vocabulary
from iomld.fields.declared import Field, FieldKind
from iomld.formats.rdf import TURTLE, parse
from iomld.iris import IOMLD

FIELDS = load_fields()
_EACH = pytest.mark.parametrize("field", FIELDS.declared, ids=lambda field: field.key)


@pytest.mark.parametrize(
    ("key", "kind", "more"),
    [
        ("title", FieldKind.TEXT, {"given": True, "many": False, "required": True}),
        ("narrative", FieldKind.TEXT, {"long": True}),
        ("projectCode", FieldKind.STRING, {"given": True, "required": False}),
        ("projectType", FieldKind.CONCEPT, {"scheme": "type", "path": "scheme/type/", "many": False}),
        ("region", FieldKind.CONCEPT, {"scheme": "region"}),
        ("themes", FieldKind.CONCEPT, {"scheme": "theme", "many": True, "iri": f"{IOMLD}theme"}),
        ("allocationYear", FieldKind.YEAR, {"example": "2017", "pattern": "^[0-9]{4}$"}),
        ("startDate", FieldKind.DAY, {"given": True, "many": False}),
        ("budgetUSD", FieldKind.AMOUNT, {"given": True, "many": False}),
        ("benefitingMemberStates", FieldKind.COUNTRY, {"members": True, "many": True, "path": "id/country/"}),
        ("benefitingCountries", FieldKind.COUNTRY, {"members": False, "many": True}),
        ("managingOfficeCountry", FieldKind.COUNTRY, {"given": False, "many": False}),
        ("budget", FieldKind.MONEY, {"given": True, "many": False, "path": "", "is_nested": True}),
        ("budgetCurrency", FieldKind.CURRENCY, {"given": True, "many": False, "is_nested": True}),
        ("fundedBy", FieldKind.FUNDER, {"given": True, "many": True, "path": "", "is_nested": True}),
        ("record", FieldKind.LINK, {"given": False, "path": ""}),
    ],
)
def test_the_kind_follows_from_the_shape(key: str, kind: FieldKind, more: dict[str, object]) -> None:
    """Datatype, class and scheme give the kind, the counts whether there are several, the profile who states it."""
    field = FIELDS.by_key[key]
    assert (field.kind, {name: getattr(field, name) for name in more}) == (kind, more)


@_EACH
def test_a_field_is_named_and_explained_in_three_languages(field: Field) -> None:
    """People read names and meanings in tables, forms, notes and documents."""
    assert sorted(field.names) == sorted(field.meanings) == ["en", "es", "fr"]
    assert not field.given or field.example


@_EACH
def test_a_scheme_is_one_of_ours(field: Field) -> None:
    """The scheme of a field is a list that the vocabulary has."""
    assert not field.scheme or field.scheme in load_vocabulary().concepts


def test_keys_and_properties_are_declared_once() -> None:
    """No two shapes declare the same key or the same property."""
    assert len(FIELDS.by_key) == len(FIELDS.by_property) == len(FIELDS.declared)


def test_every_declaration_is_read() -> None:
    """As many fields as shapes with a key; each property is a term of a namespace that we use."""
    quads = [quad for name in asset_names("shapes") for quad in parse(asset_text(name), TURTLE)]
    assert len(FIELDS.declared) == sum(quad.predicate.value.endswith("#codeIdentifier") for quad in quads)


def test_importing_reads_no_shapes() -> None:
    """The declarations are read when the first reader needs them, not at import."""
    script = "import iomld.cli.main, iomld.read, iomld.fund_folder as f; print(f.own_folder.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
