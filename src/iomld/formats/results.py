"""SPARQL results formats as values, for SELECT and ASK."""

from dataclasses import dataclass

from pyoxigraph import QueryResultsFormat


@dataclass(frozen=True, slots=True)
class ResultFormat:
    """A format of SPARQL solutions and booleans.

    Attributes:
        name: Its name, as in `--format json`.
        media_type: RFC 6838 media type without parameters.
        suffix: File name suffix without the dot.
        also: Other media types that clients can ask for.
        holds_booleans: Whether it can hold the result of ASK; CSV and TSV hold solutions only.
        engine: The format in pyoxigraph.
    """

    name: str
    media_type: str
    suffix: str
    also: tuple[str, ...]
    holds_booleans: bool
    engine: QueryResultsFormat


JSON = ResultFormat(
    "json",
    "application/sparql-results+json",
    "srj",
    also=("application/json",),
    holds_booleans=True,
    engine=QueryResultsFormat.JSON,
)
XML = ResultFormat(
    "xml",
    "application/sparql-results+xml",
    "srx",
    also=("application/xml", "text/xml"),
    holds_booleans=True,
    engine=QueryResultsFormat.XML,
)
CSV = ResultFormat("csv", "text/csv", "csv", also=(), holds_booleans=False, engine=QueryResultsFormat.CSV)
TSV = ResultFormat(
    "tsv", "text/tab-separated-values", "tsv", also=(), holds_booleans=False, engine=QueryResultsFormat.TSV
)

RESULT_FORMATS = (JSON, XML, CSV, TSV)


def by_name(name: str) -> ResultFormat | None:
    """The format of a name, or None.

    >>> by_name("tsv").media_type
    'text/tab-separated-values'
    """
    return next((format_ for format_ in RESULT_FORMATS if format_.name == name), None)


def by_suffix(suffix: str) -> ResultFormat | None:
    """The format of a file name suffix, or None."""
    return next((format_ for format_ in RESULT_FORMATS if format_.suffix == suffix), None)


def by_media_type(media_type: str) -> ResultFormat | None:
    """The format of a media type without parameters, including the `also` ones, or None."""
    return next(
        (format_ for format_ in RESULT_FORMATS if media_type == format_.media_type or media_type in format_.also), None
    )
