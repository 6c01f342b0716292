"""Differences between two graphs of a project: whether values changed, and the fields with old and new values.

Reports of a publish, dry runs and comparisons of releases have the same values, and so the same words.

Where values come from is no value: the sources of a record (name of the file, media type, bytes, time of retrieval) and
the version of the software can change without a new revision. The web address of a source is one, since pages link it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from iomld.assets import load_fields
from iomld.iris import DCTERMS, PROV, Iris, local_name
from iomld.model import BUDGET_FIELDS, UNREVIEWED, Mention, Project, Text, canonical_decimal, lexical_form
from iomld.pipeline.published import project_of

_Node = NamedNode | BlankNode | Triple
_Statement = tuple[_Node | None, NamedNode, _Node | Literal]
_SHOWN_CHARACTERS = 160
_SHOWN_BEFORE = 40


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field with different values in two graphs of a project.

    Attributes:
        field: Its key in records; a text has its language too (`title.fr`).
        before: The old values.
        after: The new values; none if the field is lost.
    """

    field: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def is_lost(self) -> bool:
        """Whether the field had values and has none any more."""
        return bool(self.before) and not self.after

    def shortened(self) -> "FieldDifference":
        """The same with long texts shortened to the passage where they begin to differ."""
        return replace(self, before=_excerpts(self.before, self.after), after=_excerpts(self.after, self.before))

    def line(self) -> str:
        """The old and the new values, shortened, in one line; of several values those that are not the same.

        >>> FieldDifference("region", ("africa", "europe"), ("africa",)).line()
        'region: europe → none (1 unchanged)'
        """
        same = Counter(self.before) & Counter(self.after)
        old, new = (tuple((Counter(values) - same).elements()) for values in (self.before, self.after))
        short = replace(self, before=old, after=new).shortened()
        before, after = ("; ".join(values).replace("\n", " ") or "none" for values in (short.before, short.after))
        remark = " (lost)" if self.is_lost else f" ({same.total()} unchanged)" if same else ""
        return f"{self.field}: {before} → {after}{remark}"


class Change(StrEnum):
    """What happened to a project or a graph between two releases."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ProjectDifference:
    """A project that differs between two releases, or between a release and what would be published.

    Attributes:
        key: Its key.
        change: What happened to it.
        fields: The fields in which it differs: all that it has if it was added or removed.
        reason: Why it was withdrawn, if it was.
    """

    key: str
    change: Change
    fields: tuple[FieldDifference, ...]
    reason: str = ""

    def to_json(self) -> dict[str, object]:
        """It as a JSON object, which reports and differences between releases have in common."""
        fields = [
            {"field": one.field, "before": one.before, "after": one.after, "lost": one.is_lost} for one in self.fields
        ]
        reason = {"reason": self.reason} if self.reason else {}
        return {"project": self.key, "change": self.change, **reason, "fields": fields}

    def lines(self) -> Iterator[str]:
        """It in words: a line for the project, then a line for each field; of all that it had or gets, its titles."""
        yield f"{self.change:<10} {self.key}{f'  {self.reason}' if self.reason else ''}"
        yield from (f"  {one.line()}" for one in self.shown_fields)

    @property
    def shown_fields(self) -> tuple[FieldDifference, ...]:
        """The fields that people are shown: those that changed, or the titles if it was added or removed."""
        if self.change is Change.CHANGED:
            return self.fields
        return tuple(one for one in self.fields if one.field.partition(".")[0] == "title")


def value_statements(quads: Iterable[Quad], iris: Iris) -> frozenset[_Statement]:
    """The statements of a project's graph that are values; two graphs with the same ones are one revision.

    Statements to or about what is under `{base}prov/` are left out; only the addresses of sources stay, without the
    source that has them.
    """
    provenance = iris.provenance()
    statements: set[_Statement] = set()
    for quad in quads:
        if isinstance(quad.object, NamedNode) and quad.object.value.startswith(provenance):
            continue
        if not (isinstance(quad.subject, NamedNode) and quad.subject.value.startswith(provenance)):
            statements.add((quad.subject, quad.predicate, quad.object))
        elif quad.predicate.value == f"{DCTERMS}source":
            statements.add((None, quad.predicate, quad.object))
    return frozenset(statements)


def source_iris(quads: Iterable[Quad]) -> frozenset[str]:
    """The IRIs of the sources that a project's graph is derived from."""
    return frozenset(
        quad.object.value
        for quad in quads
        if quad.predicate.value == f"{PROV}wasDerivedFrom" and isinstance(quad.object, NamedNode)
    )


def field_differences(
    before: Iterable[Quad], after: Iterable[Quad], key: str, iris: Iris
) -> tuple[FieldDifference, ...]:
    """The fields in which two graphs of a project differ, in the order of the fields.

    If only statements differ that belong to no field, their properties are named instead.

    Args:
        before: The old graph; empty for a new project.
        after: The new graph; empty for a project that is no longer there.
        key: Key of the project.
        iris: The IRIs under the publisher's base.
    """
    old, new = list(before), list(after)
    stated = [_stated(project_of(quads, key, iris)) for quads in (old, new)]
    return tuple(_different(*stated)) or tuple(
        _different(*(_by_property(value_statements(quads, iris)) for quads in (old, new)))
    )


def _different(
    before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]]
) -> Iterator[FieldDifference]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, ()), after.get(name, ())
        if old != new:
            yield FieldDifference(name, old, new)


def _stated(project: Project) -> dict[str, tuple[str, ...]]:
    """The values of each field as texts; sorted, since a graph has no order. An amount has its currency."""
    stated: dict[str, tuple[str, ...]] = {}
    for key in load_fields().given:
        if key in BUDGET_FIELDS:
            if project.budget:
                stated["budget"] = (f"{canonical_decimal(project.budget.amount)} {project.budget.currency}",)
            continue
        values = project.of(key)
        plain = tuple(sorted(str(lexical_form(value)) for value in values if not isinstance(value, Text)))
        stated |= {f"{key}.{value.language}": (value.value,) for value in values if isinstance(value, Text)}
        if plain:
            stated[key] = plain
    mentions = sorted(map(_mention_words, project.mentions))
    addresses = sorted({origin.url for origin in project.origins if origin.url})
    return stated | {name: tuple(found) for name, found in (("mentions", mentions), ("sources", addresses)) if found}


def _mention_words(mention: Mention) -> str:
    words = f"{mention.framework}: {mention.quote}"
    return words if mention.review == UNREVIEWED else f"{words} ({mention.review})"


def _by_property(statements: Iterable[_Statement]) -> dict[str, tuple[str, ...]]:
    """The objects of each property, by its local name."""
    found: dict[str, list[str]] = {}
    for _, predicate, value in statements:
        found.setdefault(local_name(predicate.value), []).append(getattr(value, "value", str(value)))
    return {name: tuple(sorted(found[name])) for name in sorted(found)}


def _excerpts(texts: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """The texts; a long one is shortened to the passage where it begins to differ from the other side."""
    other = others[0] if len(texts) == len(others) == 1 else ""
    return tuple(_excerpt(text, other) for text in texts)


def _excerpt(text: str, other: str) -> str:
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    same = next((at for at, (one, two) in enumerate(zip(text, other, strict=False)) if one != two), len(other))
    start = min(max(0, same - _SHOWN_BEFORE), len(text) - _SHOWN_CHARACTERS)
    start = 0 if start < _SHOWN_BEFORE else start
    end = start + _SHOWN_CHARACTERS
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
