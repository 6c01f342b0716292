"""Answers about submissions: their representation, and receipts as JSON and Turtle."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pyoxigraph import Literal, NamedNode, Quad
from starlette.responses import Response

from iomld.check.translation import worded_finding
from iomld.formats import rdf
from iomld.formats.negotiate import choose
from iomld.i18n import ENGLISH
from iomld.inbox.receipts import ReceiptEntry, receipt_json
from iomld.inbox.submissions import InboxRefusal, RefusalKind, Submission, SubmissionPreview, SubmissionState
from iomld.iris import DCTERMS, FOAF, IOMLD, PROV, RDF, RDFS, XSD, Iris
from iomld.messages import message
from iomld.publish.submissions.findings import shown_preview
from iomld.publish.submissions.preview import patch_rows
from iomld.release.history import xsd_moment
from iomld.web.language import language_headers
from iomld.web.problems import ProblemError, problem

JSON_TYPE, PATCH_TYPE, TURTLE_TYPE = "application/json", "application/rdf-patch", rdf.TURTLE.media_type
# Not compressed, since the entity tag is a strong one, as If-Match compares it.
_PRIVATE = {"Cache-Control": "no-store, no-transform", "X-Content-Type-Options": "nosniff"}
_PUBLIC = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-cache",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}
_REFUSALS = {
    RefusalKind.UNKNOWN: 404,
    RefusalKind.STATE: 409,
    RefusalKind.CHANGED: 412,
    RefusalKind.KEY_REUSED: 422,
    RefusalKind.UNCONFIRMED: 422,
    RefusalKind.TOO_MANY: 429,
    RefusalKind.FULL: 507,
}


def refusal_problem(error: InboxRefusal) -> ProblemError:
    """The problem with a request that the inbox refuses."""
    later = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s else {}
    refused = ProblemError(_REFUSALS[error.kind], f"inbox-{error.kind}", error.message, headers=later)
    if error.names:
        refused.extra["removes"] = error.names
    return refused


def submission_json(submission: Submission, iris: Iris, language: str = ENGLISH) -> dict[str, object]:
    """A submission as a JSON object, with its preview if that is known; its findings are in a language."""
    values: dict[str, object] = {
        "id": submission.id,
        "state": submission.state,
        "mode": submission.mode,
        "received": submission.received,
        "changed": submission.changed,
        "sha256": submission.sha256,
        "bytes": submission.size_bytes,
        "receipt": iris.receipt(submission.id),
    }
    if submission.reason:
        values["reason"] = submission.reason
    if submission.preview:
        values["preview"] = preview_json(submission.preview, language)
    return values


def preview_json(content: bytes, language: str) -> dict[str, Any]:
    """A preview as a JSON object, with its findings in a language."""
    return shown_preview(content, lambda finding: worded_finding(finding, language))


def submission_response(
    submission: Submission,
    iris: Iris,
    language: str,
    *,
    status: int = 200,
    is_sent: bool = False,
    accept: str | None = JSON_TYPE,
) -> Response:
    """The response with a submission; while it can be accepted, its entity tag names the preview.

    Args:
        submission: The submission.
        iris: The IRIs under the base.
        language: The language of findings.
        status: The status.
        is_sent: Whether it answers the sending, now or before; `Location` then has the address.
        accept: The Accept header.

    Raises:
        ProblemError: There is no such representation (406).
    """
    headers = _PRIVATE | ({"Location": f"/submissions/{submission.id}"} if is_sent else {})
    chosen = _chosen(accept, (JSON_TYPE, PATCH_TYPE))
    if chosen == PATCH_TYPE:
        preview = json.loads(submission.preview or b"{}")
        return Response(patch_rows(preview, iris.submission(submission.id)), 200, headers | {"Vary": "Accept"}, chosen)
    headers |= tag_header(submission) | language_headers(language)
    return Response(_json(submission_json(submission, iris, language)), status, headers, chosen)


def tag_header(submission: Submission) -> dict[str, str]:
    """The entity tag of a submission that waits for a decision."""
    return {"ETag": f'"{submission.tag}"'} if submission.state is SubmissionState.PREVIEWED else {}


def preview_response(preview: SubmissionPreview, language: str) -> Response:
    """The response to a dry run, with findings in a language."""
    return Response(
        _json(preview_json(preview.content, language)), 200, _PRIVATE | language_headers(language), JSON_TYPE
    )


def list_response(submissions: Sequence[Submission], iris: Iris) -> Response:
    """The response with a list of submissions."""
    values = {"submissions": [submission_json(one, iris) for one in submissions]}
    return Response(_json(values), 200, _PRIVATE, JSON_TYPE)


def changed_response(submission: Submission, iris: Iris, accept: str | None, language: str) -> Response:
    """The response to an acceptance of another preview than the current one, with that preview."""
    return problem(
        412,
        "Precondition Failed",
        message("What this submission would change is not what If-Match names. Look at the preview, and accept that."),
        kind="preview-changed",
        accept=accept,
        headers=tag_header(submission) | {"Cache-Control": "no-store, no-transform"},
        submission=submission_json(submission, iris, language),
    )


def body_response(data: bytes) -> Response:
    """The response with what was sent, as a file to be saved, which no browser shows."""
    headers = _PRIVATE | {"Content-Disposition": 'attachment; filename="submission"'}
    return Response(data, 200, headers, "application/octet-stream")


def receipt_response(
    submission: Submission, entries: Sequence[ReceiptEntry], iris: Iris, accept: str | None
) -> Response:
    """The response with a receipt, which anybody may read.

    Raises:
        ProblemError: There is no such representation (406).
    """
    chosen = _chosen(accept, (JSON_TYPE, TURTLE_TYPE))
    if chosen == TURTLE_TYPE:
        body = rdf.serialize(_receipt_quads(submission, entries, iris), rdf.TURTLE, prefixes=iris.prefixes())
        return Response(body, 200, _PUBLIC, chosen)
    return Response(_json(receipt_json(iris.receipt(submission.id), submission.state, entries)), 200, _PUBLIC, chosen)


def _receipt_quads(submission: Submission, entries: Sequence[ReceiptEntry], iris: Iris) -> Iterator[Quad]:
    receipt, node = NamedNode(iris.receipt(submission.id)), NamedNode(iris.submission(submission.id))

    def moment(text: str) -> Literal:
        return Literal(xsd_moment(datetime.fromisoformat(text)), datatype=NamedNode(f"{XSD}dateTime"))

    yield Quad(receipt, NamedNode(f"{RDF}type"), NamedNode(f"{FOAF}Document"))
    yield Quad(receipt, NamedNode(f"{FOAF}primaryTopic"), node)
    yield Quad(receipt, NamedNode(f"{DCTERMS}created"), moment(submission.received))
    yield Quad(receipt, NamedNode(f"{DCTERMS}modified"), moment(submission.changed))
    yield Quad(node, NamedNode(f"{RDF}type"), NamedNode(f"{IOMLD}Submission"))
    yield Quad(node, NamedNode(f"{RDFS}seeAlso"), receipt)
    yield Quad(node, NamedNode(f"{RDFS}comment"), Literal(submission.state))
    yield Quad(node, NamedNode(f"{PROV}startedAtTime"), moment(submission.received))
    digest = Literal(submission.sha256, datatype=NamedNode(f"{XSD}hexBinary"))
    yield Quad(node, NamedNode(f"{IOMLD}sha256"), digest)
    said = [entry.values() for entry in entries]
    for accepted in [one["at"] for one in said if one["event"] == SubmissionState.ACCEPTED][-1:]:
        yield Quad(node, NamedNode(f"{PROV}endedAtTime"), moment(accepted))
    for rules in ({"profile": one["profile"], **one["versions"]} for one in said if "versions" in one):
        text = ", ".join(f"{name} {value}" for name, value in rules.items())
        yield Quad(node, NamedNode(f"{DCTERMS}description"), Literal(f"Checked by these rules: {text}"))
    for revision in entries[-1].values().get("revisions", ()):
        yield Quad(NamedNode(revision), NamedNode(f"{PROV}wasInfluencedBy"), node)


def _chosen(accept: str | None, offers: tuple[str, ...]) -> str:
    chosen = choose(accept, offers)
    if chosen is None:
        raise ProblemError(406, "not-acceptable", message("Ask for one of {names}.", names=", ".join(offers)))
    return chosen


def _json(values: object) -> bytes:
    return json.dumps(values, ensure_ascii=False, indent=2).encode("utf-8", "replace") + b"\n"
