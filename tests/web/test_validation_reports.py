"""`POST /validate` in every form of the report, with real workers behind it."""

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI, Request
from lxml import etree
from starlette.responses import Response

from iomld.check.reports import REPORT_FORMATS
from iomld.check.worker import HANDLER, CheckWorker
from iomld.formats.rdf import TURTLE, parse
from iomld.iris import DEFAULT_BASE
from iomld.web.client_budget import ClientQuotas
from iomld.web.data.validation import validation_routes
from iomld.web.language import LanguageMiddleware
from iomld.web.problems import ProblemError, problem_of
from iomld.workers.pool import Pool
from iomld.workers.protocol import WorkerSpec
from iomld.workers.scheduling import PoolLimits

pytestmark = pytest.mark.server

RECORD = b'{\n "projectCode": "PO.9999",\n "budgetUSD": "100 000 USD"\n}'
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
Ask = Callable[[httpx.AsyncClient], Awaitable[None]]


def with_client(use: Ask, *, max_answer_bytes: int = 10_000_000) -> None:
    """Run a coroutine with a client of the route, whose workers are ended after it."""
    spec = WorkerSpec(
        HANDLER,
        CheckWorker(DEFAULT_BASE, page="iomld.web.pages.validate:report_page").to_json(),
        memory_limit_bytes=4 * 1024**3,
        max_answer_bytes=max_answer_bytes,
    )

    async def main() -> None:
        pool = Pool(spec, PoolLimits(workers=1, timeout_s=30))
        await pool.start()
        app = FastAPI()
        app.include_router(validation_routes(lambda: pool, ClientQuotas(100, 60), max_bytes=1_000_000))
        app.add_exception_handler(ProblemError, _on_problem)
        try:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(LanguageMiddleware(app)), base_url="http://x"
            ) as client:
                await use(client)
        finally:
            await pool.stop()

    asyncio.run(main())


def _on_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return problem_of(error)


def test_every_format_by_header_and_by_name() -> None:
    """Each media type and each name gives that report with status 200, whatever the verdict; both give the same."""

    async def use(client: httpx.AsyncClient) -> None:
        for format_ in REPORT_FORMATS:
            named = await client.post("/validate", params={"format": format_.name}, content=RECORD)
            assert named.status_code == 200
            assert named.headers["content-type"].partition(";")[0] == format_.media_types[0]
            for media_type in format_.media_types:
                answer = await client.post("/validate", content=RECORD, headers={"Accept": media_type})
                assert (answer.status_code, answer.content) == (200, named.content)
                assert answer.headers["content-type"].partition(";")[0] == media_type
                page_too = ", Cookie" if media_type == "text/html" else ""
                assert answer.headers["vary"] == f"Accept, Accept-Language{page_too}"

    with_client(use)


def test_reports_hold_the_finding_with_its_line() -> None:
    """JSON, CSV, SARIF, JUnit and SHACL all say that the budget of line 3 cannot be read; JSON counts focus nodes."""

    async def use(client: httpx.AsyncClient) -> None:
        async def report(name: str) -> str:
            return (await client.post("/validate", params={"format": name}, content=RECORD)).text

        document = json.loads(await report("json"))
        (found,) = [one for one in document["results"] if one["rule"] == "unreadableBudget"]
        assert found["source"]["line"] == 3
        nodes = {one["shape"]["value"].rpartition("#")[2]: one["focusNodes"] for one in document["shapes"]}
        assert (nodes["Project"], nodes["Money"]) == (1, 0)
        (row,) = [one for one in csv.DictReader(io.StringIO(await report("csv"))) if one["rule"] == "unreadableBudget"]
        assert row["line"] == "3"
        run = json.loads(await report("sarif"))["runs"][0]
        (result,) = [one for one in run["results"] if one["ruleId"] == "unreadableBudget"]
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 3
        cases = etree.fromstring((await report("junit")).encode()).iter("testcase")
        (case,) = [case for case in cases if case.get("name") == "unreadableBudget Violation"]
        assert "upload:3:" in (case.findtext("failure") or "")
        quads = list(parse(await report("turtle"), TURTLE))
        assert '"unreadableBudget"' in {str(quad.object) for quad in quads}

    with_client(use)


def test_who_gets_what_without_naming_it() -> None:
    """A client that takes anything gets JSON, a browser the page with findings beside the lines."""

    async def use(client: httpx.AsyncClient) -> None:
        plain = await client.post("/validate", content=RECORD)
        assert plain.json()["conforms"] is False
        page = await client.post("/validate", content=RECORD, headers={"Accept": BROWSER})
        assert '<li id="L3" class="err">' in page.text
        binary = await client.post(
            "/validate", files={"file": ("r.json", RECORD)}, headers={"Accept": "application/json"}
        )
        assert binary.json()["results"][0]["source"]["file"] == "r.json"

    with_client(use)


def test_the_language_is_asked_for_by_name_or_by_header() -> None:
    """`?lang=` wins over Accept-Language with its weights; the answer says its language; only words differ."""

    async def use(client: httpx.AsyncClient) -> None:
        english = (await client.post("/validate", content=RECORD)).json()
        for params, header, language in (
            ({}, "de", "en"),
            ({}, "*", "en"),
            ({}, "fr;q=oops, =", "en"),
            ({}, "de, en;q=0.2, fr-CH;q=0.8", "fr"),
            ({}, "en;q=0, es-419;q=0.1", "es"),
            ({"lang": "es"}, "fr", "es"),
            ({"lang": "FR"}, "es", "fr"),
        ):
            answer = await client.post("/validate", params=params, content=RECORD, headers={"Accept-Language": header})
            assert answer.headers["content-language"] == language
            assert answer.headers["vary"] == "Accept, Accept-Language"
            report = answer.json()
            assert (report.keys(), report["counts"]) == (english.keys(), english["counts"])
            for said, known in zip(report["results"], english["results"], strict=True):
                assert (said["rule"], said["source"]) == (known["rule"], known["source"])
                assert (said["message"] == known["message"]) is (language == "en")

    with_client(use)


def test_the_page_is_in_the_language() -> None:
    """Headings, counts and findings of the page, and the form keeps the language."""

    async def use(client: httpx.AsyncClient) -> None:
        for language, verdict, count in (
            ("en", "Records with violations would be refused", "1 record read"),
            ("fr", "Les fiches avec violations seraient refusées", "lu\u00a0: 1 fiche"),
            ("es", "Las fichas con infracciones se rechazarían", "leído: 1 ficha"),
        ):
            page = await client.post(
                "/validate", params={"lang": language}, content=RECORD, headers={"Accept": BROWSER}
            )
            assert f'<div lang="{language}">' in page.text
            assert f"<h2>{verdict}</h2>" in page.text
            assert f'<span class="muted small">{count}</span>' in page.text
            assert ('action="/validate?lang=' in page.text) is (language != "en")

    with_client(use)


def test_a_language_that_is_not_there_is_a_problem() -> None:
    """400 with the languages to choose from, before anything is checked."""

    async def use(client: httpx.AsyncClient) -> None:
        answer = await client.post("/validate", params={"lang": "de"}, content=RECORD)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"].endswith("/problem/language")
        assert "en, fr, es" in answer.json()["detail"]

    with_client(use)


def test_what_has_no_report_is_a_problem() -> None:
    """406 for formats that we do not have, 400 with the place for what cannot be read, each as problem+json."""

    async def use(client: httpx.AsyncClient) -> None:
        unreadable = b'[{"a": 1},\n {"a" 2}]'
        for status, kind, answer in (
            (406, "not-acceptable", await client.post("/validate", params={"format": "pdf"}, content=RECORD)),
            (406, "not-acceptable", await client.post("/validate", content=RECORD, headers={"Accept": "image/png"})),
            (400, "unreadable", await client.post("/validate", params={"format": "csv"}, content=unreadable)),
            (400, "unreadable", await client.post("/validate", params={"format": "junit"}, content=b"\0\1")),
            (413, "upload-too-large", await client.post("/validate", content=b" " * 2_000_000)),
        ):
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["type"].endswith(f"/problem/{kind}")
            assert answer.json()["detail"]
        line = await client.post("/validate", params={"format": "csv"}, content=unreadable)
        assert "line 2" in line.json()["detail"]

    with_client(use)


def test_a_report_over_the_limit_is_refused() -> None:
    """A report with more bytes than an answer may have is 422, not cut; a smaller form of it may be given."""

    async def use(client: httpx.AsyncClient) -> None:
        sarif = await client.post("/validate", params={"format": "sarif"}, content=RECORD)
        assert sarif.status_code == 422
        assert sarif.json()["type"].endswith("/problem/report-too-large")
        assert (await client.post("/validate", params={"format": "text"}, content=RECORD)).status_code == 200

    with_client(use, max_answer_bytes=8_000)
