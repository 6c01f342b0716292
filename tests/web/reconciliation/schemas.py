"""What the JSON Schemas of the Reconciliation API require of answers, in our words, for both versions.

The schemas are those of https://github.com/reconciliation-api/specs (0.2 and 1.0-draft).
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

_DATE = re.compile(r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
_FORMS = ({"id", "name"}, {"id", "name", "description"}, {"str"}, {"float"}, {"int"}, {"date"}, set[str]())


def check_manifest(manifest: Mapping[str, Any], version: str) -> None:
    """A manifest says which version it is of, and how to reach what it offers."""
    assert version in manifest["versions"]
    for name in ("name", "documentation", "serviceVersion", "logo"):
        assert isinstance(manifest[name], str)
    _check_types(manifest["defaultTypes"], named=True)
    preview, suggest, extend = manifest["preview"], manifest["suggest"], manifest["extend"]
    assert isinstance(preview["width"], int)
    assert isinstance(preview["height"], int)
    assert set(suggest) == {"entity", "property", "type"}
    if version == "0.2":
        assert manifest["identifierSpace"].endswith("/")
        assert isinstance(manifest["schemaSpace"], str)
        assert "{{id}}" in manifest["view"]["url"]
        assert "{{id}}" in preview["url"]
        services = [*suggest.values(), extend["propose_properties"]]
        assert all(set(one) == {"service_url", "service_path"} for one in services)
        assert extend["property_settings"] == []
    else:
        assert re.search(r"\{.*id.*\}", manifest["view"]["url"])
        assert list(suggest.values()) == [True, True, True]
        assert extend == {"proposeProperties": True, "propertySettings": []}
        assert "identifierSpace" not in manifest


def check_results(results: Mapping[str, Any], version: str) -> None:
    """Results are objects of candidates: by name in 0.2, in a list in 1.0-draft; the best are first."""
    listed = results.values() if version == "0.2" else results["results"]
    for one in listed:
        candidates = one["result" if version == "0.2" else "candidates"]
        for candidate in candidates:
            _check_texts(candidate, {"id", "name"}, {"description"})
            _check_types(candidate["type"], named=False)
            assert isinstance(candidate["match"], bool)
            for feature in candidate["features"]:
                _check_texts(feature, {"id", "name"}, set())
                assert isinstance(feature["value"], float | bool)
            assert 0 <= candidate["score"] <= 100
        scores = [candidate["score"] for candidate in candidates]
        assert scores == sorted(scores, reverse=True)
        assert sum(candidate["match"] for candidate in candidates) <= 1


def check_extension(answer: Mapping[str, Any], version: str) -> None:
    """Each entity has a list of values for each property, and each value has one of six forms."""
    assert set(answer) == {"meta", "rows"}
    for one in answer["meta"]:
        _check_texts(one, {"id", "name"}, set())
        _check_types([one["type"]] if "type" in one else [], named=False)
    if version == "0.2":
        lists = [values for row in answer["rows"].values() for values in row.values()]
    else:
        assert all(isinstance(row["id"], str) for row in answer["rows"])
        lists = [one["values"] for row in answer["rows"] for one in row["properties"]]
    for value in (one for values in lists for one in values):
        assert set(value) in _FORMS, value
        for name, kind in (("int", int), ("float", float), ("str", str), ("date", str)):
            assert name not in value or isinstance(value[name], kind), value
        assert "date" not in value or _DATE.fullmatch(value["date"])


def check_suggestions(answer: Mapping[str, Any]) -> None:
    """Suggestions have an identifier and a name; those of entities also say of which types they are."""
    for one in answer["result"]:
        _check_texts(one, {"id", "name"}, {"description"})
        _check_types(one.get("notable", []), named=False)


def check_proposals(answer: Mapping[str, Any]) -> None:
    """Properties have an identifier and a name, and the answer says for which type they are."""
    assert isinstance(answer["type"], str)
    assert "limit" not in answer or isinstance(answer["limit"], int)
    for one in answer["properties"]:
        _check_texts(one, {"id", "name"}, {"description"})


def _check_texts(one: Mapping[str, Any], needed: Collection[str], others: Collection[str]) -> None:
    assert all(isinstance(one[name], str) and one[name] for name in needed), one
    assert all(isinstance(one[name], str) for name in others if name in one), one


def _check_types(types: list[Any], *, named: bool) -> None:
    for one in types:
        assert isinstance(one["id"], str)
        assert isinstance(one["name"], str) or not named
    assert len({one["id"] for one in types}) == len(types)
