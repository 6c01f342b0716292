"""Damaged records: the same ones for the same seed.

A graph without a fault suffers one to four changes: statements are dropped, doubled, or get another value, datatype,
language, class or property. The values are those that people and spreadsheets really write, and those that engines read
differently.
"""

import random
from collections.abc import Iterator, Sequence

from pyoxigraph import Literal, NamedNode, Quad

from iomld.iris import DEFAULT_BASE, IOMLD, RDF, XSD, Iris
from iomld.validate.shapes import load_examples

SEED = 20_010_101

_FORMS = (
    "", " ", "0", "-1", "+5", "1e5", "100 000", "100,000.00", "100000.", ".5", "99999999999999999999", "NaN", "INF",
    "2016", "2017", "2018", "2019", "1917", "2000", "2001", "2013", "2014", "2026", "2031", "0205", "20a7", "+201",
    " 201", "-201", "17", "12017", "2017Z", "\uff12\uff10\uff11\uff17", "2017-01-01", "2019-02-30",
    "2019-13-01", "2019-12-31Z",
    "2019-12-31T24:00:00Z", "2015-05-04T12:00:00", "2012-01-01T00:00:00Z", "true", "PO.0105", "CT.0105", "Q36-805",
    "po.0105", "CN10P0002", "DE10P0002", "CN1OP0002", "USD", "usd", "EUR", "China", "completed", "x" * 501, "é", "a\nb",
    '"', "{?value}",
)  # fmt: skip
_DATATYPES = ("string", "integer", "decimal", "gYear", "date", "dateTime", "boolean", "double", "hexBinary", "int")
_LANGUAGES = ("en", "fr", "EN", "en-GB", "zh-Hant")
_IRIS = Iris()
_NODES = (
    *(_IRIS.country(code) for code in ("CN", "MN", "TH", "1A0", "ZZ")),
    *(_IRIS.concept("status", code) for code in ("active", "completed", "paused")),
    *(_IRIS.concept("coverage", code) for code in ("national", "regional", "global")),
    *(_IRIS.concept("type", code) for code in ("PO", "CT", "PX")),
    *(_IRIS.concept("region", code) for code in ("africa", "global", "asia-and-oceania")),
    *(_IRIS.concept("framework", code) for code in ("gcm", "gcm-objective-23", "mcof", "none")),
    _IRIS.concept("review", "rejected"),
    _IRIS.concept("method", "exact-label"),
    f"{IOMLD}Project",
    f"{IOMLD}FrameworkMention",
    f"{DEFAULT_BASE}prov/source/older",
    "https://example.org/x",
)


def damaged_records(count: int, seed: int = SEED) -> Iterator[tuple[Quad, ...]]:
    """Records one by one; the first ones are the same for every count."""
    sound = next(example for example in load_examples() if not example.finds)
    for number in range(count):
        dice = random.Random(f"{seed}/{number}")  # noqa: S311  # no secret is made here
        quads = list(sound.graph(f"PO.{number:04}"))
        for _ in range(dice.randint(1, 4)):
            _damage(quads, dice)
        yield tuple(quads)


def _damage(quads: list[Quad], dice: random.Random) -> None:
    place = dice.randrange(len(quads))
    quad = quads[place]
    match dice.choice(("drop", "double", "value", "value", "form", "form", "datatype", "language", "property")):
        case "drop":
            del quads[place]
        case "double":
            quads.append(Quad(quad.subject, quad.predicate, _other(quad, quads, dice)))
        case "value":
            quads[place] = Quad(quad.subject, quad.predicate, _other(quad, quads, dice))
        case "form":
            quads[place] = Quad(quad.subject, quad.predicate, _reformed(quad, dice))
        case "datatype":
            quads[place] = Quad(quad.subject, quad.predicate, _typed(_text(quad), dice))
        case "language":
            quads[place] = Quad(quad.subject, quad.predicate, Literal(_text(quad), language=dice.choice(_LANGUAGES)))
        case _:
            quads[place] = Quad(quad.subject, dice.choice(quads).predicate, quad.object)


def _other(quad: Quad, quads: Sequence[Quad], dice: random.Random) -> NamedNode | Literal:
    """Another value: a node we know, a value of the record, or a form with a datatype."""
    if dice.random() < 1 / 5:
        found = dice.choice(quads).object
        return found if isinstance(found, NamedNode | Literal) else Literal("x")
    is_node = isinstance(quad.object, NamedNode) or quad.predicate.value == f"{RDF}type"
    return NamedNode(dice.choice(_NODES)) if is_node else _typed(dice.choice(_FORMS), dice)


def _reformed(quad: Quad, dice: random.Random) -> NamedNode | Literal:
    """Another form of the same datatype and language; a node becomes a text."""
    form = dice.choice(_FORMS)
    if not isinstance(quad.object, Literal):
        return Literal(form) if dice.random() < 1 / 4 else NamedNode(dice.choice(_NODES))
    if quad.object.language:
        return Literal(form, language=quad.object.language)
    return Literal(form, datatype=quad.object.datatype)


def _typed(text: str, dice: random.Random) -> Literal:
    return Literal(text, datatype=NamedNode(XSD + dice.choice(_DATATYPES)))


def _text(quad: Quad) -> str:
    return quad.object.value if isinstance(quad.object, Literal | NamedNode) else "x"
