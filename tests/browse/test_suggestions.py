"""Why generated queries with a mistake in them find nothing: no query is too odd, and each proposal finds something."""

import asyncio
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from pyoxigraph import NamedNode, Store
from tests.amount import amount
from tests.differential.queries import SEED, generated
from tests.store.finding import FAILED, StoreProber, finds
from tests.store.grammar import QUERIES

from iomld.browse.explain.candidates import ReleaseTerms, release_terms
from iomld.browse.explain.diagnosis import Scope, empty_parts, joined
from iomld.browse.explain.similarity import bare_word, within_edit_distance
from iomld.browse.explain.suggestions import Suggestion, suggestions, values_there
from iomld.browse.view import open_view
from iomld.release import FILES, current_release
from iomld.store.oxigraph import open_read_only
from iomld.store.sparql_parser import query_tree
from iomld.store.sparql_tokens import query_tokens


@pytest.fixture(scope="module")
def published(datadir: Path) -> tuple[Store, ReleaseTerms]:
    """The bundled records, and what is known of them."""
    release = current_release(datadir)
    assert release
    return open_read_only(release.file(FILES.store)), release_terms(open_view(release))


def characters(text: str) -> list[str]:
    """The characters of an IRI or a text as it is written, each escape as a whole."""
    return re.findall(r"\\u.{4}|\\U.{8}|\\?.", text, re.DOTALL)


def mistaken(query: str, chance: random.Random) -> str:
    """A query with a letter less in one of its IRIs or texts, or with another scheme."""
    tokens = [piece for piece in query_tokens(query) if piece.kind in {"iri", "string"}]
    tokens = [piece for piece in tokens if len(characters(piece.text)) > 5]
    if not tokens:
        return query
    piece = chance.choice(tokens)
    if piece.text.startswith("<https:") and chance.random() < 0.3:  # some
        text = piece.text.replace("https", "http", 1)
    else:
        written = characters(piece.text)
        del written[-chance.randint(2, 4)]
        text = "".join(written)
    return query[: piece.start] + text + query[piece.end :]


async def proposed(query: str, store: Store, known: ReleaseTerms) -> list[Suggestion] | None:
    """All suggestions for a query; None if no part of it is diagnosed as empty."""
    parts = query_tree(query)
    assert parts
    prober = StoreProber(store)
    empties = await empty_parts(parts, prober)
    for empty in empties:
        assert 0 <= empty.start < len(query)
        await values_there(empty, prober, known)
    return [one for empty in empties for one in await suggestions(empty, prober, known)] if empties else None


def test_proposals_for_generated_mistakes_find_something(published: tuple[Store, ReleaseTerms]) -> None:
    """Of queries with a mistake each can be diagnosed, and each suggestion parses and has solutions as stated."""
    store, known = published
    prober = StoreProber(store)
    chance = random.Random(SEED)  # noqa: S311  # the same each time is the point
    told = restored = 0
    each = amount(15)
    quads = store.quads_for_pattern(None, None, None, None)
    for _, query in generated(quads, each):
        wrong = mistaken(query, chance)
        found = asyncio.run(proposed(wrong, store, known))
        if found is None:
            continue
        told += 1
        restored += any(one.finds for one in found)
        for one in found:
            parts = query_tree(one.query)
            assert parts, one
            assert one.query != wrong
            store.query(one.query)
            if one.finds and parts.where:
                body = "\n".join(clause.text for clause in parts.where.clauses)
                assert asyncio.run(prober.ask(f"{parts.prologue} ASK {parts.dataset} {{ {body} }}")), one
    assert told > 2 * each
    assert restored * 5 > told * 3


@pytest.fixture(scope="module")
def examined(published: tuple[Store, ReleaseTerms]) -> Callable[[str], None]:
    """Explain a query over one project, so that any ends soon; what is proposed parses, and finds what it says."""
    whole, known = published
    store = Store()
    store.extend(whole.quads_for_pattern(None, None, None, NamedNode(f"{known.base}doc/project/PO.0105")))

    def examine(query: str) -> None:
        for one in asyncio.run(proposed(query, store, known)) or ():
            parts = query_tree(one.query)
            assert parts, one
            if one.finds and parts.where:
                assert finds(store, Scope(parts).asking(joined(parts.where.clauses))), one

    return examine


@settings(max_examples=amount(60))
@given(QUERIES)
def test_no_query_is_too_odd(examined: Callable[[str], None], query: str) -> None:
    """Any query that parses is explained or skipped, with or without solutions."""
    try:
        finds(Store(), query)
    except SyntaxError:
        return
    except FAILED:
        pass
    if query_tree(query):
        examined(query)


def test_words_are_close_when_few_letters_differ() -> None:
    """One letter in four, two at most; swapped ones count once; never a number, never a short word."""
    assert within_edit_distance("benefitingcontry", "benefitingcountry")
    assert within_edit_distance("statsu", "status")
    assert not within_edit_distance("status", "region")
    assert not within_edit_distance("po0105", "po0106")
    assert not within_edit_distance("gcm", "gcn")
    assert bare_word("https://example.org/id/country/CI/") == "ci"
    assert bare_word("Côte d’Ivoire") == "cotedivoire"
