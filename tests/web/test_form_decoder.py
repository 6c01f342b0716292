"""Forms are decoded in slices, as the library would decode them whole, and the event loop has its turn between two."""

import asyncio
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from iomld.web.form_decoder import SLICE_BYTES, UrlencodedDecoder, sliced, slices, unescaped
from iomld.web.problems import ProblemError

_PIECES = st.sampled_from([b"%", b"%4", b"%41", b"%C3%A9", b"\xc3\xa9", b"=", b"&", b"+", b"a", b"=3D", b"\r\n", b" "])


def decoded(body: bytes, size: int, most: int = 100) -> list[tuple[str, str]]:
    """The fields of a form that comes in slices of this size."""
    decoder = UrlencodedDecoder(most)
    for start in range(0, len(body), size):
        decoder.feed(body[start : start + size])
    return list(decoder.fields())


@given(pieces=st.lists(_PIECES, max_size=20), size=st.integers(1, 9))
def test_slices_give_what_the_whole_gives(pieces: list[bytes], size: int) -> None:
    """However a body is cut, names and values are those of the standard library, broken escapes included."""
    body = b"".join(pieces)
    whole = parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="replace")
    raw = parse_qsl(body.decode(), keep_blank_values=True, errors="replace")
    assert decoded(body, size) in ([pair for pair in raw if any(pair)], [pair for pair in whole if any(pair)])


@pytest.mark.parametrize("piece", [b"%41", b"%C3%A9", b"a", b"%"])
def test_slices_cut_no_escape(piece: bytes) -> None:
    """Each slice decodes alone, wherever escapes begin."""
    for shift in range(4):
        body = b"a" * shift + piece * SLICE_BYTES
        parts = list(slices(body))
        assert b"".join(parts) == body
        assert max(map(len, parts)) <= SLICE_BYTES
        assert b"".join(map(unescaped, parts)) == unescaped(body)


def test_a_form_of_too_many_fields_is_refused() -> None:
    """Before its fields are kept: the bytes of a body could be a million of them."""
    assert len(decoded(b"a=1&" * 3 + b"a=1", 5, most=4)) == 4
    with pytest.raises(ProblemError, match="more than 4 fields"):
        decoded(b"&" * 1_000_000, SLICE_BYTES, most=4)


def test_the_event_loop_has_its_turn_before_each_slice() -> None:
    """A body that arrived whole is given on in slices, and another task runs in between."""
    body = bytes(range(256)) * 1000
    turns: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def other() -> None:
        for turn in range(1000):
            turns.append(turn)
            await asyncio.sleep(0)

    async def main() -> None:
        task, receive_slice = asyncio.create_task(other()), sliced(receive)
        events = [await receive_slice()]
        while events[-1]["more_body"]:
            before = len(turns)
            events.append(await receive_slice())
            assert len(turns) > before
        task.cancel()
        assert b"".join(event["body"] for event in events) == body
        assert max(len(event["body"]) for event in events) == SLICE_BYTES

    asyncio.run(main())
