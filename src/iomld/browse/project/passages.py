"""Texts of a project, split at their mentions of frameworks (W3C Web Annotation selectors)."""

from collections.abc import Iterator
from dataclasses import dataclass

from iomld.browse.view import Link, ReleaseView, link_to
from iomld.formats.graph import Subject, SubjectGraph
from iomld.iris import IOMLD, OA, PROV


@dataclass(frozen=True, slots=True)
class TextMention:
    """A place where a text names a framework.

    Attributes:
        number: Its number in the project, from 1.
        framework: The framework that is named.
        quote: The words that name it.
        prefix: Words just before.
        suffix: Words just after.
        method: The method by which it was found, if it is known.
        confidence: Decimal between 0 and 1, as text.
        text: The text that holds it, as the fragment of its IRI (`narrative-en`).
        start: Offset of the first character, in code points from 0, if known.
        end: Offset after the last character, if known.
        review: Its review status, if it has one.
        agent: IRI of the software that found it, if any.
    """

    number: int
    framework: Link
    quote: str
    prefix: str
    suffix: str
    method: Link | None
    confidence: str | None
    text: str
    start: int | None
    end: int | None
    review: Link | None
    agent: str | None

    @property
    def field(self) -> str:
        """The field of that text: `narrative`, `abstract`, `title`."""
        return self.text.rpartition("-")[0]

    @property
    def language(self) -> str:
        """The language of that text."""
        return self.text.rpartition("-")[2]


@dataclass(frozen=True, slots=True)
class PassagePart:
    """A part of a text, and the mention if it is one."""

    text: str
    mention: TextMention | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A text in one language, as paragraphs of parts."""

    language: str
    paragraphs: tuple[tuple[PassagePart, ...], ...]


def mentions_of(view: ReleaseView, graph: SubjectGraph, key: str) -> tuple[TextMention, ...]:
    """The mentions in a project's graph, by number."""
    start = view.iris.mention(key, 0).removesuffix("0")
    numbers = sorted(
        int(rest) for iri in graph.subjects() if iri.startswith(start) and (rest := iri.removeprefix(start)).isdigit()
    )
    found = (_mention(view, graph, view.iris.mention(key, number), number) for number in numbers)
    return tuple(mention for mention in found if mention)


def passages_of(project: Subject, predicate: str, field: str, mentions: tuple[TextMention, ...]) -> tuple[Passage, ...]:
    """The texts of a property, English first, split at their mentions."""
    texts = sorted(project.literals(predicate), key=lambda text: (text.language != "en", text.language or ""))
    passages = []
    for text in texts:
        language = text.language or "en"
        inside = [mention for mention in mentions if mention.text == f"{field}-{language}"]
        passages.append(Passage(language, tuple(_paragraphs(text.value, inside))))
    return tuple(passages)


def _mention(view: ReleaseView, graph: SubjectGraph, iri: str, number: int) -> TextMention | None:
    mention = graph[iri]
    body = mention.iri(f"{OA}hasBody")
    framework = link_to(view, body) if body else None
    if framework is None:
        return None
    target = graph[mention.iri(f"{OA}hasTarget") or ""]
    selectors = [graph[selector] for selector in target.iris(f"{OA}hasSelector")]

    def text(predicate: str) -> str:
        return next((found for selector in selectors if (found := selector.text(predicate))), "")

    def offset(predicate: str) -> int | None:
        return next((found for selector in selectors if (found := selector.integer(predicate)) is not None), None)

    return TextMention(
        number=number,
        framework=framework,
        quote=text(f"{OA}exact"),
        prefix=text(f"{OA}prefix"),
        suffix=text(f"{OA}suffix"),
        method=_link(view, mention.iri(f"{IOMLD}matchMethod")),
        confidence=mention.text(f"{IOMLD}confidence"),
        text=(target.iri(f"{OA}hasSource") or "").rpartition("#")[2],
        start=offset(f"{OA}start"),
        end=offset(f"{OA}end"),
        review=_link(view, mention.iri(f"{IOMLD}reviewStatus")),
        agent=mention.iri(f"{PROV}wasAttributedTo"),
    )


def _link(view: ReleaseView, iri: str | None) -> Link | None:
    return link_to(view, iri) if iri else None


def _paragraphs(text: str, mentions: list[TextMention]) -> Iterator[tuple[PassagePart, ...]]:
    spans = _spans(text, mentions)
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        parts = tuple(_parts(text, start, end, [span for span in spans if start <= span[0] and span[1] <= end]))
        if parts:
            yield parts
        start = end + 1


def _parts(text: str, start: int, end: int, spans: list[tuple[int, int, TextMention]]) -> Iterator[PassagePart]:
    at = start
    for begin, stop, mention in spans:
        if begin > at:
            yield PassagePart(text[at:begin])
        yield PassagePart(text[begin:stop], mention)
        at = stop
    if at < end:
        yield PassagePart(text[at:end])


def _spans(text: str, mentions: list[TextMention]) -> list[tuple[int, int, TextMention]]:
    """The offsets of mentions, in order; without those that the text does not contain or that are inside another."""
    known = [(mention.start, mention.end, mention) for mention in mentions if mention.start is not None and mention.end]
    spans: list[tuple[int, int, TextMention]] = []
    for start, end, mention in sorted(known, key=lambda span: (span[0], -span[1])):
        if text[start:end] == mention.quote and (not spans or start >= spans[-1][1]):
            spans.append((start, end, mention))
    return spans
