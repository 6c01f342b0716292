"""The work of annotating a text grows with the text, however often it names a framework."""

import sys

import pytest

from iomld.check.annotation import PLAIN_TEXT, AnnotationRequest
from iomld.check.worker import CheckWorker, open_checker
from iomld.pipeline.conversion import Choices
from iomld.workers.handler import AnswerWriter, Handler


@pytest.fixture(scope="module")
def handler() -> Handler:
    """What a worker runs."""
    return open_checker(CheckWorker(base=Choices().base).to_json())


def calls(handler: Handler, text: str, form: str) -> int:
    """How many functions are called to annotate a text, which is a measure of the work on any machine."""
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    payload = AnnotationRequest(PLAIN_TEXT, form, "en").payload(text.encode())
    writer = AnswerWriter(1 << 30)
    sys.setprofile(counted)
    try:
        handler(payload, writer)
    finally:
        sys.setprofile(None)
        writer.close()
    return count


@pytest.mark.parametrize("form", ["application/json", "application/ld+json"])
@pytest.mark.parametrize("word", ["GCM ", "GCM, ", "(GCM) ", "SDG 8 and ", "the GCM and its Objectives 1, 2 and 3. "])
def test_twice_the_text_is_twice_the_work(handler: Handler, word: str, form: str) -> None:
    """From the request to the written answer; 20,000 times a name once seemed to take long."""
    once, twice = calls(handler, word * 200, form), calls(handler, word * 400, form)
    assert once < twice < 2.1 * once
