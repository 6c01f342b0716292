"""Content negotiation by RFC 9110 section 12.5.1; a malformed header never raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iomld.formats.negotiate import choose

OFFERS = ("text/turtle", "application/ld+json", "text/html")
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
RFC_EXAMPLE = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "text/turtle"),
        ("", "text/turtle"),
        (" , ,", "text/turtle"),
        ("*/*", "text/turtle"),
        ("text/html", "text/html"),
        ("TEXT/HTML", "text/html"),
        ("text/*", "text/turtle"),
        ("application/*, text/html;q=0.9", "application/ld+json"),
        ("text/html;q=0.9, application/ld+json;q=0.8", "text/html"),
        ("text/html, application/ld+json", "application/ld+json"),
        ("text/html;q=0, */*", "text/turtle"),
        ("text/turtle;q=0, application/ld+json;q=0, */*;q=0.1", "text/html"),
        ("text/turtle;q=0.1, */*;q=0.5", "application/ld+json"),
        ("image/png", None),
        ("*/*;q=0", None),
        ("text/html;q=0.000", None),
        ('application/ld+json;profile="http://www.w3.org/ns/json-ld#framed"', "application/ld+json"),
        ('application/ld+json;profile="a,b;c";q=0.2, text/html;q=0.3', "text/html"),
        ("application/ld+json;profile=x;q=0, */*", "text/turtle"),
        ("text/html;charset=utf-8", "text/html"),
        ("text/turtle;version=9;q=0.9, text/turtle;q=0.2, text/html;q=0.5", "text/html"),
        (FIREFOX, "text/html"),
        (JAVA, "text/html"),
        ("text/turtle;q=nonsense, text/html", "text/html"),
        ("text/html;q=2", "text/html"),
        ("*/html", "text/turtle"),
        ("nonsense", "text/turtle"),
        ("nonsense, text/html", "text/html"),
        ('text/html;x="open, text/turtle', "text/html"),
    ],
)
def test_the_best_offer_is_chosen(accept: str | None, chosen: str | None) -> None:
    """The most specific range gives the quality, the highest quality wins, the first offer at a tie."""
    assert choose(accept, OFFERS) == chosen


@pytest.mark.parametrize(
    ("offers", "chosen"),
    [
        (("text/html", "image/jpeg"), "image/jpeg"),
        (("image/jpeg", "text/plain"), "text/plain"),
        (("text/html", "text/css"), "text/html"),
    ],
)
def test_the_example_of_the_standard(offers: tuple[str, ...], chosen: str) -> None:
    """RFC 9110 section 12.5.1: text/plain 0.7, image/jpeg 0.5, text/html 0.3."""
    assert choose(RFC_EXAMPLE, offers) == chosen


def test_an_offer_is_given_back_as_it_was_offered() -> None:
    """Parameters of an offer are kept, and not compared."""
    assert choose("text/html", ("text/turtle", "text/html; charset=utf-8")) == "text/html; charset=utf-8"


def test_without_offers_nothing_is_chosen() -> None:
    """There is nothing to give."""
    assert choose(None, ()) is None
    assert choose("*/*", ()) is None


RANGES = st.sampled_from(["text/turtle", "application/ld+json", "text/html", "text/*", "application/*", "*/*", "a/b"])
QUALITIES = st.integers(0, 1000)


@given(accept=st.one_of(st.text(), st.text(alphabet='texhml/*;,q=.019" \\\t')))
def test_no_header_raises(accept: str) -> None:
    """Whatever a client sends, the answer is an offer or none."""
    assert choose(accept, OFFERS) in {*OFFERS, None}


@given(ranges=st.dictionaries(RANGES, QUALITIES, min_size=1))
def test_the_choice_is_the_best_by_the_rule(ranges: dict[str, int]) -> None:
    """The rule of the standard, written out plainly, gives the same choice."""
    header = ", ".join(f"{name};q={quality / 1000:.3f}" for name, quality in ranges.items())
    qualities = []
    for offer in OFFERS:
        closest = next((r for r in (offer, offer.partition("/")[0] + "/*", "*/*") if r in ranges), None)
        qualities.append(ranges[closest] if closest else 0)
    expected = OFFERS[qualities.index(max(qualities))] if max(qualities) else None
    assert choose(header, OFFERS) == expected


@given(ranges=st.dictionaries(RANGES, QUALITIES, min_size=1), data=st.data())
def test_the_order_of_the_header_does_not_matter(ranges: dict[str, int], data: st.DataObject) -> None:
    """Qualities order ranges, their places do not."""
    elements = [f"{name};q={quality / 1000:.3f}" for name, quality in ranges.items()]
    mixed = data.draw(st.permutations(elements))
    assert choose(", ".join(mixed), OFFERS) == choose(",".join(elements), OFFERS)
