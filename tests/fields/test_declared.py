"""The fields that the shapes declare."""

import subprocess
import sys

import pytest

from iomld.assets import asset_names, asset_text, load_fields, load_vocabulary
from iomld.fields.declared import Field, FieldKind
from iomld.formats.rdf import TURTLE, parse
from iomld.iris import IOMLD, OA

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
    assert sorted(field.notes) == (["en", "es", "fr"] if field.given else [])
    assert sorted(field.examples) == (["en", "es", "fr"] if field.given and field.kind is FieldKind.TEXT else [])


@_EACH
def test_a_scheme_is_one_of_ours(field: Field) -> None:
    """The scheme of a field is a list that the vocabulary has."""
    assert not field.scheme or field.scheme in load_vocabulary().concepts


def test_keys_and_properties_are_declared_once() -> None:
    """No two shapes declare the same key or the same property."""
    assert len(FIELDS.by_key) == len(FIELDS.by_property) == len(FIELDS.declared)


def test_every_declaration_is_read() -> None:
    """As many fields and keys of other nodes as shapes with a key."""
    quads = [quad for name in asset_names("shapes") for quad in parse(asset_text(name), TURTLE)]
    declared = (*FIELDS.declared, *FIELDS.others)
    assert len(declared) == sum(quad.predicate.value.endswith("#codeIdentifier") for quad in quads)


@pytest.mark.parametrize("name", sorted({key.subject for key in FIELDS.others}), ids=lambda name: name or "any")
@pytest.mark.parametrize("given", [True, False], ids=["records", "documents"])
def test_a_node_has_each_key_once(name: str, given: bool) -> None:  # noqa: FBT001  # a case of the test
    """In records and in documents, a key of a class stands for one property, or one path."""
    keys = [key for key in FIELDS.others if key.subject == name and (key.given if given else key.published)]
    assert len({key.key for key in keys}) == len({key.steps for key in keys}) == len(keys)


def test_a_key_of_documents_has_one_meaning() -> None:
    """JSON-LD processors disagree on keys that mean different things at different places."""
    published = [key for key in FIELDS.others if key.published]
    meanings = {(key.key, key.iri, key.kind, key.many) for key in published}
    assert len(meanings) == len({key.key for key in published})


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        (f"{IOMLD}FrameworkMention", ["framework", "quote"]),
        (f"{IOMLD}SourceSnapshot", ["file", "sha256", "mediaType"]),
        (f"{IOMLD}Project", []),
    ],
)
def test_the_keys_of_objects_in_records_are_explained(name: str, keys: list[str]) -> None:
    """People read them in tables, templates and documents; the required ones follow from the counts."""
    stated = FIELDS.stated_about(name)
    assert [key.key for key in stated.values() if key.required] == keys
    assert all(sorted(key.names) == sorted(key.meanings) == ["en", "es", "fr"] for key in stated.values())


@pytest.mark.parametrize(
    ("name", "key", "more"),
    [
        (f"{IOMLD}FrameworkMention", "framework", {"kind": FieldKind.CONCEPT, "scheme": "framework"}),
        (f"{IOMLD}FrameworkMention", "quote", {"steps": (f"{OA}hasTarget", f"{OA}hasSelector", f"{OA}exact")}),
        (f"{IOMLD}FrameworkMention", "field", {"choices": ("narrative", "abstract", "title")}),
        (f"{IOMLD}FrameworkMention", "position", {"kind": FieldKind.INTEGER, "most": "999999999"}),
        (f"{IOMLD}SourceSnapshot", "retrievedAt", {"kind": FieldKind.MOMENT, "iri": f"{IOMLD}retrievedAt"}),
        (f"{IOMLD}Project", "mentions", {"reverse": True, "classes": (f"{IOMLD}FrameworkMention",)}),
    ],
)
def test_a_key_of_another_node_follows_from_its_shape(name: str, key: str, more: dict[str, object]) -> None:
    """Paths, lists of values and classes are read as datatypes and counts are."""
    found = FIELDS.stated_about(name)[key]
    assert {name: getattr(found, name) for name in more} == more


def test_importing_reads_no_shapes() -> None:
    """The declarations are read when the first reader needs them, not at import."""
    script = "import iomld.cli.main, iomld.read, iomld.fund_folder as f; print(f.own_folder.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
