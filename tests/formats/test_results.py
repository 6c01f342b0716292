"""SPARQL result formats are what the library and the standards call them."""

import pytest
from pyoxigraph import QueryBoolean, QuerySolutions, Store

from iomld.formats import results
from iomld.formats.results import RESULT_FORMATS, ResultFormat


@pytest.mark.parametrize("format_", RESULT_FORMATS, ids=lambda format_: format_.name)
def test_a_result_format_is_found_by_what_it_is_called(format_: ResultFormat) -> None:
    """Name, suffix and media types lead to the format."""
    assert results.by_name(format_.name) is format_
    assert results.by_suffix(format_.suffix) is format_
    for media_type in (format_.media_type, *format_.also):
        assert results.by_media_type(media_type) is format_
    assert format_.engine.media_type.partition(";")[0] == format_.media_type
    assert format_.engine.file_extension == format_.suffix


def test_an_unknown_result_format_is_none() -> None:
    """No format is guessed, and a graph format is no result format."""
    assert results.by_name("turtle") is None
    assert results.by_suffix("ttl") is None
    assert results.by_media_type("text/turtle") is None


@pytest.mark.parametrize("format_", RESULT_FORMATS, ids=lambda format_: format_.name)
def test_solutions_can_be_written(format_: ResultFormat) -> None:
    """The library writes a SELECT in every format."""
    solutions = Store().query('SELECT ?x WHERE { VALUES ?x { "one" } }')
    assert isinstance(solutions, QuerySolutions)
    assert b"one" in (solutions.serialize(format=format_.engine) or b"")


@pytest.mark.parametrize("format_", RESULT_FORMATS, ids=lambda format_: format_.name)
def test_formats_say_rightly_whether_they_hold_booleans(format_: ResultFormat) -> None:
    """ASK has a standard form in JSON and XML alone (SPARQL 1.1 results formats)."""
    answer = Store().query("ASK { }")
    assert isinstance(answer, QueryBoolean)
    written = answer.serialize(format=format_.engine) or b""
    assert b"true" in written
    assert format_.holds_booleans == (format_ in {results.JSON, results.XML})
