"""Answers kept in memory."""

from iomld.web.sparql.cache import AnswerCache, CachedAnswer


def answer(size: int) -> CachedAnswer:
    """An answer of so many bytes."""
    return CachedAnswer(b"x" * size, "text/csv", f'"{size}"')


def test_the_answers_used_last_stay() -> None:
    """The limit holds for all bytes together, and what was used longest ago goes first."""
    cache = AnswerCache(16_000)
    cache.get("r1", "a")
    for key in "abcdefgh":
        cache.put("r1", key, answer(1400), 0)
        assert cache.get("r1", "a") == answer(1400)
    cache.put("r1", "i", answer(1400), 0)
    assert cache.size_bytes <= 16_000
    assert cache.get("r1", "b") is None
    assert cache.get("r1", "a") == cache.get("r1", "i") == answer(1400)


def test_one_answer_cannot_take_all() -> None:
    """An answer over an eighth of the limit is not kept."""
    cache = AnswerCache(16_000)
    cache.get("r1", "a")
    cache.put("r1", "a", answer(2000), 0)
    assert cache.get("r1", "a") is None
    assert not cache.fits(2001)


def test_a_new_release_empties_the_cache() -> None:
    """Answers of another release are neither given nor kept."""
    cache = AnswerCache(16_000)
    cache.get("r1", "a")
    cache.put("r1", "a", answer(10), 0)
    cache.put("r2", "b", answer(10), 0)
    assert (cache.get("r1", "a"), cache.get("r1", "b")) == (answer(10), None)
    assert cache.get("r2", "a") is None
    assert cache.size_bytes == 0
    cache.put("r1", "a", answer(10), 0)
    assert cache.get("r2", "a") is None
