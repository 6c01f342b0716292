"""`/reconcile` matches names, suggests, previews and extends in both versions of the API, or says what is wrong."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.amount import amount
from tests.serving import Server
from tests.web.reconciliation.schemas import (
    check_extension,
    check_manifest,
    check_proposals,
    check_results,
    check_suggestions,
)

pytestmark = pytest.mark.server

V0, V1 = "/reconcile", "/reconcile/1.0"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def client(bundled_server: Server) -> Iterator[httpx.Client]:
    """A client of a server of the bundled records."""
    with httpx.Client(base_url=bundled_server.address, timeout=60) as asking:
        yield asking


def named(client: httpx.Client, **queries: object) -> dict[str, Any]:
    """The results of a batch of version 0.2."""
    answer = client.post(V0, data={"queries": json.dumps(queries)})
    assert answer.status_code == 200, answer.text
    results: dict[str, Any] = answer.json()
    check_results(results, "0.2")
    return results


def first(results: dict[str, Any], name: str) -> tuple[str, bool]:
    """The best candidate of a query, and whether it is a match."""
    best = results[name]["result"][0]
    return best["id"], best["match"]


def listed(client: httpx.Client, *queries: object) -> list[dict[str, Any]]:
    """The results of a batch of version 1.0-draft."""
    answer = client.post(f"{V1}/match", content=json.dumps({"queries": queries}), headers=JSON)
    assert answer.status_code == 200, answer.text
    check_results(answer.json(), "1.0-draft")
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def test_manifests_name_their_version_and_the_server_that_was_asked(client: httpx.Client) -> None:
    """Both agree with the schema of their version."""
    for path, version in ((V0, "0.2"), (V1, "1.0-draft")):
        answer = client.get(path)
        check_manifest(answer.json(), version)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert client.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
        assert str(client.base_url).rstrip("/") in answer.json()["view"]["url"]
    shown = client.get(V0).json()["view"]["url"].replace("{{id}}", "id/country/KE")
    assert "Kenya" in client.get(shown, follow_redirects=True).text


def test_names_match_in_any_language_with_any_spelling(client: httpx.Client) -> None:
    """Names, codes, forms of names and identifiers of each type."""
    cases = {
        "Namibie": "id/country/NA",
        "NAMIBIA": "id/country/NA",
        "Venezuela, Bolivarian Republic of": "id/country/VE",
        "República Dominicana (la)": "id/country/DO",
        "NER": "id/country/NE",
        "Pacte mondial sur les migrations": "scheme/framework/gcm",
        "GCM objective 23": "scheme/framework/gcm-objective-23",
        "Afrique": "scheme/region/africa",
        "Labor migration": "scheme/type/LM",
        "po 0105": "id/project/PO.0105",
        "CN10P0002": "id/project/PO.0105",
        "Supporting China's engagement in the global migration debate": "id/project/PO.0105",
        "id/country/CN": "id/country/CN",
        "https://w3id.org/iomld/scheme/region/europe": "scheme/region/europe",
    }
    results = named(client, **{name: {"query": name, "limit": 3} for name in cases})
    assert {name: first(results, name) for name in cases} == {name: (one, True) for name, one in cases.items()}
    assert all(len(one["result"]) <= 3 for one in results.values())
    (answer,) = listed(client, {"conditions": [{"matchType": "name", "propertyValue": ["Zambie", "Zambia"]}]})
    assert (answer["candidates"][0]["id"], answer["candidates"][0]["match"]) == ("id/country/ZM", True)


def test_ambiguous_names_stay_open(client: httpx.Client) -> None:
    """Names of several, names that may be cut, lists, and names that are only similar."""
    cases = {
        "Guinea": "id/country/GN",
        "Niger": "id/country/NE",
        "Congo": "id/country/CG",
        "South Afrika": "id/country/ZA",
        "Global Compacts": "scheme/framework/gcm",
        "Mali, Niger": "id/country/ML",
    }
    results = named(client, **{name: {"query": name} for name in cases})
    assert {name: first(results, name) for name in cases} == {name: (one, False) for name, one in cases.items()}
    korea = named(client, q={"query": "Korea", "type": ["country"], "type_strict": "any"})["q"]["result"]
    assert {one["id"] for one in korea[:2]} == {"id/country/KP", "id/country/KR"}
    assert not any(one["match"] for one in korea)
    assert named(client, q={"query": " "})["q"] == {"result": []}


def test_conditions_decide_between_namesakes(client: httpx.Client) -> None:
    """A code confirms a name; what does not fit ranks lower; entities, names and codes of values count."""
    for value in ("NER", ["GIN", "NER"], {"id": "NER", "name": "Niger"}):
        query = {"query": "Niger", "type": "country", "properties": [{"pid": "iso3", "v": value}]}
        assert first(named(client, q=query), "q") == ("id/country/NE", True)
    wrong = {"query": "Niger", "properties": [{"pid": "iso3", "v": "NGA"}]}
    assert first(named(client, q=wrong), "q") == ("id/country/NG", False)
    misspelt = {"query": "South Afrika", "properties": [{"pid": "iso3", "v": "zaf"}]}
    assert first(named(client, q=misspelt), "q") == ("id/country/ZA", True)
    other = {"query": "Kenya", "type": "country", "properties": [{"pid": "iso3", "v": "ZMB"}]}
    candidates = named(client, q=other)["q"]["result"]
    assert [one["id"] for one in candidates if one["id"] in {"id/country/KE", "id/country/ZM"}] == [
        "id/country/KE",
        "id/country/ZM",
    ]
    assert not any(one["match"] for one in candidates)
    title = "Supporting China’s Engagement in the Global Migration Debate"
    for pid, value in (
        ("benefitingMemberStates", "Chine"),
        ("benefitingMemberStates", {"id": "id/country/CN"}),
        ("startYear", 2017),
        ("startYear", "2017-01-01"),
        ("budgetUSD", "100,000"),
        ("status", "Terminé"),
    ):
        query = {"query": title, "type": "project", "properties": [{"pid": pid, "v": value}]}
        assert first(named(client, q=query), "q") == ("id/project/PO.0105", True), (pid, value)
    by_code = {"type": "project", "properties": [{"pid": "primaId", "v": "CN10P0002"}]}
    assert first(named(client, q=by_code), "q") == ("id/project/PO.0105", True)


def test_required_conditions_leave_out_others(client: httpx.Client) -> None:
    """Version 1.0-draft has quantifiers, and conditions that must be met."""

    def ids(**condition: object) -> set[str]:
        in_region = {"matchType": "property", "propertyId": "region", "propertyValue": "Africa", "required": True}
        conditions = [{"matchType": "name", "propertyValue": "Guinea"}, in_region | condition]
        (answer,) = listed(client, {"type": "country", "conditions": conditions, "limit": 25})
        return {one["id"] for one in answer["candidates"]}

    assert "id/country/PG" not in ids()
    assert ids(matchQuantifier="none") & {"id/country/GN", "id/country/PG"} == {"id/country/PG"}
    assert ids(propertyValue=["Africa", "Europe"]) == ids()
    assert ids(propertyValue=["Africa", "Europe"], matchQuantifier="all") == set()
    assert ids(required=False) > ids()


def test_what_is_wrong_with_a_query_is_said_and_the_others_are_answered(client: httpx.Client) -> None:
    """Types, properties and members that are unknown or of a wrong form."""
    bad: dict[str, tuple[Any, str]] = {
        "type": ({"query": "x", "type": "countrie"}, "There is no type 'countrie'. Did you mean country?"),
        "property": (
            {"query": "x", "properties": [{"pid": "startyear", "v": 1}]},
            "There is no property 'startyear'. Did you mean startYear",
        ),
        "nothing": ({}, "There is no name to look for."),
        "text": ("Kenya", "A query must be an object"),
        "limit": ({"query": "x", "limit": -1}, "“limit” must be a whole number from 1."),
        "long": ({"query": "x" * 1001}, "“query” has more than 1000 characters."),
        "values": ({"query": "x", "properties": [{"pid": "iso3", "v": ["x"] * 51}]}, "“v” has more than 50 members."),
        "conditions": ({"query": "x", "properties": [{"pid": "iso3"}]}, "“v” must be a text."),
        "strict": ({"query": "x", "type_strict": "exactly"}, "“type_strict” must be one of all, any, should."),
        "half": ({"query": "x", "type": "\ud800"}, "There is no type '?'."),
    }
    good = {"query": "Kenya", "type": "country"}
    results = named(client, good=good, **{name: query for name, (query, _) in bad.items()})
    assert first(results, "good") == ("id/country/KE", True)
    for name, (query, words) in bad.items():
        problem = results[name]["problem"]
        assert (results[name]["result"], problem["status"]) == ([], 400)
        assert words in problem["detail"], name
        alone = client.post(V0, data={"queries": json.dumps({"q": query})})
        assert (alone.status_code, alone.json()["type"]) == (400, problem["type"])
        assert words in alone.json()["detail"]
    wrong = [
        {"conditions": []},
        {"conditions": [{"matchType": "shape", "propertyValue": "x"}]},
        {"conditions": [{"matchType": "property", "propertyId": "iso3", "propertyValue": "x", "matchQualifier": "a"}]},
        {"conditions": [{"matchType": "property", "propertyId": "iso3", "propertyValue": "x", "matchQuantifier": 1}]},
    ]
    answers = listed(client, *wrong, {"conditions": [{"matchType": "name", "propertyValue": "Kenya"}]})
    assert [bool(one.get("problem")) for one in answers] == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("path", "content", "media_type", "status", "words"),
    [
        (V0, b"queries=%7B", "application/x-www-form-urlencoded", 400, "“queries” is not JSON."),
        (V0, b"queries=" + b"[" * 200_000, "application/x-www-form-urlencoded", 400, "“queries” is not JSON."),
        (V0, b"queries=[]", "application/x-www-form-urlencoded", 400, "“queries” must be like"),
        (V0, b"queries=%ff%fe", "application/x-www-form-urlencoded", 400, "“queries” is not JSON."),
        (V0, b"", "application/x-www-form-urlencoded", 400, "Send a form with the field “queries”"),
        (V0, b"a=1&" * 20, "application/x-www-form-urlencoded", 400, "The form has more than 8 fields."),
        (V0, b"extend={}", "application/x-www-form-urlencoded", 400, "“extend” must be like"),
        (V0, b"{}", "application/json", 415, "Send one of application/x-www-form-urlencoded."),
        (f"{V1}/match", b"{}", "text/plain", 415, "Send one of application/json."),
        (f"{V1}/match", b"{}", "application/json", 400, "“queries” must be like"),
        (f"{V1}/match", b'{"queries": [1e999999]}', "application/json", 400, "needs “conditions”"),
        (f"{V1}/match", b"\xff", "application/json", 400, "“queries” is not JSON."),
        (f"{V1}/match", b'{"queries":' + b" " * (1 << 20), "application/json", 413, "524288 bytes"),
        (f"{V1}/match", json.dumps({"queries": [{}] * 51}).encode(), "application/json", 413, "at most 50"),
        (f"{V1}/extend", b'{"ids": ["x"], "properties": []}', "application/json", 400, "“extend” must be like"),
        (f"{V1}/extend", b'{"ids": "x", "properties": [{"id": "x"}]}', "application/json", 400, "must be like"),
        (f"{V1}/extend", b'{"ids": [], "properties": [{"id": "nonesuch"}]}', "application/json", 400, "'nonesuch'"),
        (f"{V1}/extend", json.dumps({"ids": ["x"] * 201, "properties": [{"id": "iri"}]}).encode(), "application/json",
         413, "At most 200 entities"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_batches_that_cannot_be_read_or_are_too_large_are_refused(  # the parameters of each case
    client: httpx.Client, path: str, content: bytes, media_type: str, status: int, words: str
) -> None:
    """The answer is a problem with a sentence, which scripts of other sites can read."""
    answer = client.post(path, content=content, headers={"Content-Type": media_type})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert words in answer.json()["detail"]
    assert answer.headers["access-control-allow-origin"] == "*"


def test_extension_gives_the_values_of_both_versions(client: httpx.Client) -> None:
    """Entities, texts and numbers; what is unknown has no values, and the others are answered."""
    ids = ["id/country/KE", "id/project/PO.0105", "scheme/framework/gcm-objective-23", "nowhere"]
    wanted = ["iri", "iso3", "region", "isMember", "title_en", "startYear", "status", "mentionsFrameworks", "partOf"]
    asked = {"ids": ids, "properties": [{"id": name} for name in (*wanted, "colour")]}
    named_ = client.post(V0, data={"extend": json.dumps(asked)}).json()
    check_extension(named_, "0.2")
    kenya, project, part, nowhere = (named_["rows"][one] for one in ids)
    assert kenya["iso3"] == [{"str": "KEN"}]
    assert kenya["region"] == [{"id": "scheme/region/africa", "name": "Africa"}]
    assert (kenya["isMember"], kenya["title_en"]) == ([{"str": "true"}], [])
    assert (project["startYear"], project["status"]) == ([{"int": 2017}], [{"str": "Completed"}])
    assert project["mentionsFrameworks"][0]["id"] == "scheme/framework/gcm"
    assert part["partOf"][0]["id"] == "scheme/framework/gcm"
    assert not any(nowhere.values())
    assert [one["id"] for one in named_["meta"] if "problem" in one] == ["colour"]
    listed_ = client.post(f"{V1}/extend", content=json.dumps(asked), headers=JSON).json()
    check_extension(listed_, "1.0-draft")
    assert {row["id"]: {one["id"]: one["values"] for one in row["properties"]} for row in listed_["rows"]} == named_[
        "rows"
    ]
    assert client.get(V0, params={"extend": json.dumps(asked)}).json() == named_


@pytest.mark.parametrize("path", [V0, V1])
def test_suggestions_begin_with_what_is_typed(client: httpx.Client, path: str) -> None:
    """Entities by name in any language, code and identifier; properties and types by name; parts of long lists."""

    def suggested(kind: str, prefix: str, **more: str) -> list[str]:
        answer = client.get(f"{path}/suggest/{kind}", params={"prefix": prefix, **more})
        check_suggestions(answer.json())
        return [one["id"] for one in answer.json()["result"]]

    assert suggested("entity", "ken")[0] == "id/country/KE"
    assert suggested("entity", "id/country/KE")[0] == "id/country/KE"
    assert suggested("entity", "GCM", type="framework")[0] == "scheme/framework/gcm"
    assert "id/project/PO.0105" in suggested("entity", "po.01", limit="50")
    assert suggested("entity", "zzz") == []
    assert suggested("entity", "", type="region", limit="2") == suggested("entity", "", type="region")[:2]
    assert suggested("entity", "", type="region", cursor="2") == suggested("entity", "", type="region")[2:]
    assert suggested("entity", "", type="region", offset="2") == suggested("entity", "", type="region")[2:]
    assert suggested("property", "Start")[0] == "startYear"
    assert "iso3" in suggested("property", "", type="country")
    assert suggested("type", "") == ["project", "country", "framework", "region", "type"]
    assert suggested("type", "Cou") == ["country"]
    proposed = client.get(f"{path}/extend/propose", params={"type": "country", "limit": "3"}).json()
    check_proposals(proposed)
    assert (len(proposed["properties"]), proposed["type"], proposed["limit"]) == (3, "country", 3)
    for address in (
        "suggest/entity?type=city",
        "suggest/entity?cursor=x",
        "suggest/type?limit=-1",
        "extend/propose?type=x",
    ):
        assert client.get(f"{path}/{address}").status_code == 400


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("suggest/entity?limit=-1", "limit"),
        ("suggest/entity?limit=1e9", "limit"),
        ("suggest/entity?cursor=-5", "cursor"),
        ("suggest/property?cursor=" + "1" * 5000, "cursor"),
        ("suggest/type?offset=1.5", "offset"),
        ("suggest/type?limit=%0A1", "limit"),
        ("suggest/type?limit=1%0A", "limit"),
        ("suggest/type?limit=%D9%A3", "limit"),
        ("extend/propose?type=country&limit=x", "limit"),
    ],
)
@pytest.mark.parametrize("path", [V0, V1])
def test_a_number_that_is_none_is_named(client: httpx.Client, path: str, address: str, name: str) -> None:
    """One sentence says which parameter is wrong and what it must be."""
    answer = client.get(f"{path}/{address}")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "bad-query")
    assert answer.json()["detail"].startswith(f"The parameter “{name}” is a number of at most six digits, not “")
    assert "\n  " not in answer.json()["detail"]


@pytest.mark.parametrize("path", [V0, V1])
def test_previews_may_be_framed_and_nothing_else(client: httpx.Client, path: str) -> None:
    """A small page about an entity, in the language of the client."""
    for identifier, words in (
        ("id/project/PO.0105", "China"),
        ("id/country/KE", "KEN"),
        ("scheme/framework/gcm", "United Nations General Assembly"),
    ):
        answer = client.get(f"{path}/preview", params={"id": identifier})
        assert words in answer.text
        assert "frame-ancestors *" in answer.headers["content-security-policy"]
        assert len(answer.headers.get_list("content-security-policy")) == 1
    french = client.get(f"{path}/preview", params={"id": "id/country/ZM"}, headers={"Accept-Language": "fr"})
    assert "Zambie" in french.text
    missing = client.get(f"{path}/preview", params={"id": "<script>"})
    assert missing.status_code == 404
    assert "'none'" in missing.headers["content-security-policy"]
    assert "'none'" in client.get(path).headers["content-security-policy"]


def test_every_address_answers_scripts_of_other_sites(client: httpx.Client) -> None:
    """A preflight request says which methods there are."""
    for path in (
        V0,
        V1,
        f"{V1}/match",
        f"{V1}/extend",
        f"{V0}/suggest/entity",
        f"{V1}/preview",
        f"{V0}/extend/propose",
    ):
        answer = client.options(path, headers={"Origin": "https://example.org"})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "*")
        assert answer.headers["access-control-allow-headers"] == "Content-Type"
        methods = answer.headers["access-control-allow-methods"].split(", ")
        assert ("POST" in methods) == (client.post(path).status_code != 405)
        assert ("GET" in methods) == (client.get(path).status_code != 405)


def test_names_are_in_the_language_of_the_client(client: httpx.Client) -> None:
    """Of candidates, properties and problems."""
    spanish = {"Accept-Language": "es"}
    answer = client.post(V0, data={"queries": '{"q": {"query": "Germany"}}'}, headers=spanish)
    assert answer.json()["q"]["result"][0]["name"] == "Alemania"
    assert answer.headers["content-language"] == "es"
    assert "Accept-Language" in answer.headers["vary"]
    types = client.get(f"{V0}/suggest/type", headers=spanish)
    assert types.json()["result"][1]["name"] == "País"
    assert client.get(f"{V0}/suggest/type").headers["etag"] != types.headers["etag"]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "query": ANYTHING | st.text(max_size=60),
        "type": ANYTHING | st.sampled_from(["country", "project"]),
        "limit": ANYTHING,
        "properties": ANYTHING | st.lists(st.fixed_dictionaries({"pid": st.just("startYear"), "v": ANYTHING})),
        "conditions": st.lists(
            st.fixed_dictionaries({"matchType": st.sampled_from(["name", "property"]), "propertyValue": ANYTHING})
        ),
    },
)


@settings(max_examples=amount(40), deadline=None)
@given(query=QUERIES)
def test_any_query_is_answered_or_refused(client: httpx.Client, query: object) -> None:
    """No query is too strange for an answer."""
    for path, content in (
        (V0, {"data": {"queries": json.dumps({"q": query})}}),
        (f"{V1}/match", {"content": json.dumps({"queries": [query]}), "headers": JSON}),
        (f"{V1}/extend", {"content": json.dumps({"ids": [query], "properties": [query]}), "headers": JSON}),
    ):
        answer = client.post(path, **content)
        assert answer.status_code in {200, 400}, answer.text
        assert answer.status_code == 200 or answer.json()["detail"]
