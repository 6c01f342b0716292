"""Why a query has no answer, as problems: which status, and what to do."""

from iomld.model import message
from iomld.store.request import FaultKind, QueryFault
from iomld.web.problems import ProblemError
from iomld.workers.errors import JobTimeoutError, PoolOverloadedError, Reason, WorkerCrashedError, WorkerError

_STATUS = {
    FaultKind.SYNTAX: 400,
    FaultKind.UPDATE: 400,
    FaultKind.FUNCTION: 400,
    FaultKind.GRAPH_IRI: 400,
    FaultKind.SERVICE: 403,
    FaultKind.NOT_ACCEPTABLE: 406,
    FaultKind.TOO_LARGE: 422,
    FaultKind.EVALUATION: 500,
}


def problem_of_fault(fault: QueryFault) -> ProblemError:
    """The problem for a query that cannot be answered as it stands; with `line` and `column` where one is known."""
    status, kind = _STATUS[fault.kind], f"query-{fault.kind}"
    match fault.message.values:
        case {"line": int(line), "column": int(column)}:
            return ProblemError(status, kind, fault.message, line=line, column=column)
        case _:
            return ProblemError(status, kind, fault.message)


def problem_of_worker(error: WorkerError) -> ProblemError:
    """The problem for a query that met a limit of the server."""
    match error:
        case JobTimeoutError():
            seconds = f"{error.limit_s:g}"
            detail = message(
                "The query was stopped after {seconds} seconds, the limit. "
                "Make it narrower (fewer patterns without a shared variable, a LIMIT), or download the whole dataset.",
                seconds=seconds,
            )
            return ProblemError(503, "query-timeout", detail, limit=error.limit_s)
        case PoolOverloadedError():
            detail = message("All query workers are busy. Try again in a few seconds.")
            return ProblemError(429, "busy", detail, headers={"Retry-After": "2"})
        case WorkerCrashedError(reason=Reason.MEMORY):
            detail = message(
                "The query was stopped because it needed more memory than the limit allows. "
                "Make it narrower, or avoid ORDER BY, GROUP BY and DISTINCT over everything."
            )
            return ProblemError(503, "query-memory", detail)
        case WorkerCrashedError():
            detail = message("The query was too much for its worker, which ended. Make the query smaller or flatter.")
            return ProblemError(503, "query-crash", detail)
        case _:
            detail = message("The server is starting or stopping. Try again in a few seconds.")
            return ProblemError(503, "not-running", detail, headers={"Retry-After": "2"})
