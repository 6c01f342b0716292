"""Requests made up from `/openapi.json` to a real server: no answer is of a kind that is not described there."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.amount import amount
from tests.conftest import PROJECT_COUNT
from tests.serving import Server

pytestmark = pytest.mark.server

CONFIG = Path(__file__).with_name("schemathesis.toml")
Json = dict[str, Any]
LOOKUP = "SELECT (COUNT(*) AS ?n) { ?project a <https://w3id.org/iomld/ns#Project> }"
# What has broken servers, and what gets past the first check of a route.
AWKWARD = st.sampled_from(
    [
        *(
            "",
            "\0",
            ".",
            "..",
            "../../etc/passwd",
            "a/b",
            "%",
            "%2F",
            "%zz",
            "+",
            "a b",
            "<>",
            '"',
            "'",
            "\\",
            "{}",
            "#x",
        ),
        *(
            "\r\nX: y",
            "\x7f",
            "\u2028",
            "\ufffe",
            "\U0001f600",
            "e\u0301",
            "x" * 5000,
            "9" * 5000,
            "-1",
            "1e999",
            "NaN",
        ),
        *(
            "PO.0105",
            "PO.0105.ttl",
            "PO.0105/rev/1",
            "CN.html",
            "en",
            "ASK {}",
            "SELECT * {",
            "https://w3id.org/iomld/ns#",
        ),
    ]
)
NOWHERE = {"", ".", ".."}  # are taken out of an address before it is asked for
WORDS = st.one_of(AWKWARD, st.text(max_size=20))
ACCEPTED = st.sampled_from(
    ["*/*", "text/html", "text/turtle", "application/ld+json", "application/json", "text/csv", "x", ",;q=", "image/png"]
)


@dataclass(frozen=True)
class Route:
    """One operation of the description."""

    method: str
    path: str
    said: Json = field(repr=False)


@pytest.fixture(scope="module")
def described(bundled_server: Server) -> Json:
    """The description that the server gives."""
    found: Json = httpx.get(f"{bundled_server.address}/openapi.json", timeout=30).json()
    return found


def values(schema: Json) -> st.SearchStrategy[list[str]]:
    """Values of a parameter, fitting or not, as often as it is given."""
    fitting = st.sampled_from(list(map(str, schema["enum"]))) if "enum" in schema else WORDS
    if schema["type"] == "number":
        fitting = st.floats().map(str)
    one = st.one_of(fitting, fitting, WORDS)
    return st.lists(one, max_size=3) if schema["type"] == "array" else one.map(lambda value: [value])


def bodies(content: Json) -> st.SearchStrategy[tuple[str, bytes]]:
    """A media type and bytes that may be of it."""
    made = st.one_of(
        st.binary(max_size=200),
        WORDS.map(lambda text: text.encode("utf-8", "replace")),
        st.dictionaries(WORDS, WORDS, max_size=3).map(lambda members: json.dumps(members).encode()),
        st.fixed_dictionaries({"query": WORDS, "text": WORDS, "format": WORDS}).map(
            lambda form: urlencode(form).encode()
        ),
    )
    return st.tuples(st.sampled_from([*content, "", "x/y"]), made)


@st.composite
def requests(draw: st.DrawFn, routes: list[Route]) -> tuple[Route, httpx.Request]:
    """A route and a request for it."""
    route = draw(st.sampled_from(routes))
    path, asked = route.path, []
    for parameter in route.said.get("parameters", []):
        name, schema = parameter["name"], parameter["schema"]
        if parameter["in"] == "path":
            known = [st.just([example["value"]]) for example in parameter.get("examples", {}).values()]
            value = draw(st.one_of(*known, values(schema)))[0]
            path = path.replace(f"{{{name}}}", quote("x" if value in NOWHERE else value, safe=""))
        elif draw(st.booleans()):
            asked += [(name, value) for value in draw(values(schema))]
    headers = {"Accept": draw(ACCEPTED)}
    body = None
    if "requestBody" in route.said:
        media_type, body = draw(bodies(route.said["requestBody"]["content"]))
        headers |= {"Content-Type": media_type}
    address = f"http://server{path}" + (f"?{urlencode(asked)}" if asked else "")
    return route, httpx.Request(route.method, address, headers=headers, content=body)


def check(route: Route, answer: httpx.Response, problems: Draft202012Validator) -> None:
    """See that an answer is of a described kind."""
    told = (route.method, str(answer.request.url), answer.status_code, answer.text[:500])
    said: Mapping[str, Json] = route.said["responses"]
    assert answer.status_code < 500, told
    assert str(answer.status_code) in said, told
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    if media_type:
        assert media_type in said[str(answer.status_code)].get("content", {}), told
    if media_type == "application/problem+json":
        problems.validate(answer.json())
        assert answer.json()["status"] == answer.status_code


def test_nothing_that_is_asked_breaks_the_description(bundled_server: Server, described: Json) -> None:
    """Statuses, media types and problems of every answer are described, none is a fault of the server."""
    routes = [
        Route(method.upper(), path, said)
        for path, methods in described["paths"].items()
        for method, said in methods.items()
    ]
    problems = Draft202012Validator(described["components"]["schemas"]["Problem"])

    with httpx.Client(timeout=60) as client:

        @settings(
            max_examples=amount(150),
            derandomize=True,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(requests(routes))
        def ask(made: tuple[Route, httpx.Request]) -> None:
            route, request = made
            address = str(request.url).replace("http://server", bundled_server.address, 1)
            sent = client.build_request(
                request.method, address, headers=dict(request.headers) | {"host": "localhost"}, content=request.content
            )
            check(route, client.send(sent), problems)

        ask()
        answer = client.get(f"{bundled_server.address}/sparql", params={"query": LOOKUP, "format": "csv"})
    assert (answer.status_code, answer.text.split()) == (200, ["n", str(PROJECT_COUNT)])


def test_parameters_are_named_once_and_routes_have_names_of_their_own(described: Json) -> None:
    """A client that is made from the description has one method a route, and one argument a parameter."""
    operations = [said for methods in described["paths"].values() for said in methods.values()]
    names = [said["operationId"] for said in operations]
    assert len(names) == len(set(names))
    for said in operations:
        placed = [(parameter["in"], parameter["name"]) for parameter in said.get("parameters", [])]
        assert len(placed) == len(set(placed)), placed


@pytest.mark.skipif(shutil.which("st") is None, reason="schemathesis (pip install schemathesis) is not at hand")
def test_schemathesis_finds_nothing(bundled_server: Server, tmp_path: Path) -> None:
    """A fuzzer that others wrote has no complaint."""
    command = [
        "st",
        "--config-file",
        CONFIG,
        "run",
        f"{bundled_server.address}/openapi.json",
        "--seed",
        "1",
        "--no-color",
    ]
    done = subprocess.run(
        [*command, "--max-examples", "5"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout
