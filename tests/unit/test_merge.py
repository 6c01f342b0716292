"""Merging: copies and language versions of a project become one merged, whatever their order."""

import itertools
import json
from dataclasses import replace

from iomld.merge import IATI_MEDIA_TYPE, merge_records, record_key
from iomld.model import Record
from iomld.read import read_bytes


def record(**fields: object) -> Record:
    """A record from its JSON."""
    return next(read_bytes(json.dumps(fields).encode(), file="in.json"))


def test_the_key_is_the_code_else_the_prima_identifier() -> None:
    """A record is named by its code; without one by its PRIMA identifier; else by nothing."""
    assert record_key(record(projectCode="PO.0001", primaId="NA10P0001")) == "PO.0001"
    assert record_key(record(primaId="NA10P0001")) == "prima-NA10P0001"
    assert record_key(record(status="active")) == ""


def test_language_versions_join_in_any_order() -> None:
    """Titles of all languages are kept, gaps are filled, and the order of the records changes nothing."""
    english = record(projectCode="PO.0001", title={"en": "Ports"}, startYear="2017", status="active")
    french = record(projectCode="PO.0001", title={"fr": "Les ports"}, status="Actif")
    sparse = record(projectCode="PO.0001", budgetUSD="5")
    every_order = [merge_records(order) for order in itertools.permutations([english, french, sparse])]
    assert all(merged == every_order[0] for merged in every_order)
    values = every_order[0].values
    assert [(value.language, value.text) for value in values["title"]] == [("en", "Ports"), ("fr", "Les ports")]
    assert values["status"][0].text == "active"
    assert values["budgetUSD"][0].text == "5"
    assert len(every_order[0].records) == 3


def test_each_source_is_known_by_what_it_gave() -> None:
    """For every source the fields whose values it supplied are kept."""
    english = record(projectCode="PO.0001", title={"en": "Ports"}, startYear="2017", status="active")
    french = record(projectCode="PO.0001", title={"fr": "Les ports"}, status="Actif")
    supplied = merge_records([french, english]).supplied
    assert supplied == {
        english.origin.sha256: ("projectCode", "title", "startYear", "status"),
        french.origin.sha256: ("title",),
    }


def test_iati_fills_gaps_and_never_overrules_the_page() -> None:
    """The fullest record speaks first, but an IATI activity speaks last."""
    page = record(projectCode="PO.0001", title={"en": "Ports"}, status="active")
    rich = record(projectCode="PO.0001", title={"en": "PORTS"}, status="completed", startYear="2017", endYear="2018")
    activity = replace(rich, origin=replace(rich.origin, media_type=IATI_MEDIA_TYPE))
    values = merge_records([activity, page]).values
    assert values["status"][0].text == "active"
    assert values["title"][0].text == "Ports"
    assert values["startYear"][0].text == "2017"


def test_the_same_mention_in_two_copies_is_kept_once() -> None:
    """A passage that two copies carry is one mention."""
    mention = {"framework": "gcm", "quote": "GCM", "prefix": "the ", "suffix": "."}
    copies = [record(projectCode="A", title={"en": title}, mentions=[mention]) for title in ("One", "Two")]
    assert len(merge_records(copies).mentions) == 1
