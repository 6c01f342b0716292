"""Candidates for a name: the entities that it may mean, the best first, and whether one is meant without doubt."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from iomld.browse.filters import read_filters
from iomld.browse.reconciliation.entities import (
    CODED_TYPES,
    Entity,
    EntityType,
    entity_by_code,
    entity_by_id,
    project_entity,
)
from iomld.browse.reconciliation.names import (
    Code,
    beginning_codes,
    may_be_cut,
    named_codes,
    similar_codes,
    similarity,
)
from iomld.browse.reconciliation.properties import EntityProperty, known_property, meets
from iomld.browse.reconciliation.queries import (
    BEST_SCORE,
    MOST_CANDIDATES,
    Candidate,
    Condition,
    Quantifier,
    ReconciliationError,
    ReconciliationQuery,
)
from iomld.browse.search import filter_projects, projects_of
from iomld.browse.view import ReleaseView
from iomld.folding import fold, name_order
from iomld.messages import LocalizedText, alternatives, message
from iomld.release.project_index import ProjectEntry, words_of
from iomld.release.project_reader import TITLES, ProjectReader

_LEAST_SIMILAR = 0.5  # of a candidate
_BEST_SIMILAR = 95.0  # score of a name that is similar, but not equal
_OF_CODE = 65.0  # score of an entity whose code is given with the name of something else
_SEVERAL = 80.0  # score of each country in a list of countries
_UNMET = 0.3  # the part of the score that conditions make
_MOST_COMPARED = 15  # projects whose titles are compared with a name
_MOST_NAMESAKES = 60  # projects with all words of a name in their titles
_LONGEST_TITLE = 300  # characters of a name that are compared with titles
_MOST_WORDS = 16
_SHORTEST_TELLING = 4  # letters of a word that tells titles apart
_MOST_SUGGESTED = 500
_IDENTIFYING = frozenset({"projectCode", "primaId", "code", "iso3", "m49", "iri"})  # by themselves


@dataclass(frozen=True, slots=True)
class _Scored:
    """An entity with the score of its name.

    Attributes:
        entity: The entity.
        score: How well its name fits.
        is_exact: Whether that is exactly the name.
        is_named: Whether it was found by its name, and not only by a code beside another name.
    """

    entity: Entity
    score: float
    is_exact: bool = False
    is_named: bool = True


def find_candidates(view: ReleaseView, query: ReconciliationQuery) -> tuple[Candidate, ...]:
    """The entities that a name may mean, the best first.

    One is a match only if it alone has the name or the code, in any language, and meets all conditions; of several with
    the name, if it alone meets them. A similar name is a match only with a code that confirms it, and a country whose
    name is the beginning of another's only with a condition.

    Raises:
        ReconciliationError: A type or a property is unknown, or there is neither a name nor a code.
    """
    types = known_types(query.types)
    known = [(one, known_property(view, types, one.property)) for one in query.conditions]
    names = query.names or _names_in(query.conditions)
    if not names:
        detail = message("There is no name to look for. Send a name, or the code of a project or country.")
        raise ReconciliationError("no-name", detail)
    found = _scored(view, names, _names_in(query.conditions) if query.names else (), types)
    most = max(MOST_CANDIDATES, sum(one.is_exact for one in found))
    judged = [one for scored in found[:most] if (one := _judged(view, scored, known))]
    judged.sort(key=lambda one: (-one.score, name_order(one.entity.name)))
    certain, exact = [one.entity for one in judged if one.is_match], {one.entity for one in found if one.is_exact}
    is_doubtful = (
        len(certain) != 1
        or (bool(exact) and certain[0] not in exact)  # the name and the code are of different entities
        or (not known and _may_be_cut(view, names, certain[0]))
    )
    answers = [replace(one, is_match=False) for one in judged] if is_doubtful else judged
    return tuple(answers[: min(query.limit, MOST_CANDIDATES)])


def _scored(
    view: ReleaseView, names: Iterable[str], codes: Iterable[str], types: Collection[EntityType]
) -> list[_Scored]:
    """The entities with names or similar ones, and those with codes that stand beside a name; the best first."""
    best: dict[Entity, _Scored] = {}
    for scored in (one for name in names if name.strip() for one in _named(view, name.strip(), types)):
        best[scored.entity] = max(scored, best.get(scored.entity, scored), key=lambda one: one.score)
    if best:
        for scored in (one for code in codes for one in _named(view, code, types) if one.is_exact):
            best.setdefault(scored.entity, _Scored(scored.entity, _OF_CODE, is_named=False))
    return sorted(best.values(), key=lambda one: (-one.score, one.entity.code))


def known_types(identifiers: Collection[str]) -> tuple[EntityType, ...]:
    """The types with some identifiers; all types for none.

    Raises:
        ReconciliationError: There is no such type.
    """
    for name in identifiers:
        if name not in set(EntityType):
            close = get_close_matches(name[:100].lower(), list(EntityType), n=1) or list(EntityType)
            names = alternatives([LocalizedText({"en": one}) for one in close])
            detail = message("There is no type '{name}'. Did you mean {names}?", name=name[:100], names=names)
            raise ReconciliationError("unknown-type", detail)
    return tuple(map(EntityType, dict.fromkeys(identifiers))) or tuple(EntityType)


def suggest_entities(view: ReleaseView, prefix: str, types: Collection[EntityType]) -> tuple[Entity, ...]:
    """The entities that people may be typing: those with an identifier, a code or a name first, then by name.

    Words find names with words that begin so; nothing finds everything but projects.
    """
    text = " ".join(prefix.split())
    identified = _by_identifier(view, text, types)
    found = dict.fromkeys((identified,) if identified else ())
    coded = [one for one in types if one in CODED_TYPES]
    if text:
        found |= dict.fromkeys(_entities(view, sorted(named_codes(view, text, coded))))
    begun = _entities(view, beginning_codes(view, text, coded))
    found |= dict.fromkeys(sorted(begun, key=lambda one: (not _begins(one, text), name_order(one.name))))
    if text and EntityType.PROJECT in types:
        projects = filter_projects(view, read_filters([("q", text)])).part(0, _MOST_SUGGESTED)
        found |= dict.fromkeys(project_entity(view, entry) for entry in projects)
    return tuple(found)[:_MOST_SUGGESTED]


def _begins(entity: Entity, text: str) -> bool:
    return fold(entity.name).startswith(fold(text))


def _by_identifier(view: ReleaseView, text: str, types: Collection[EntityType]) -> Entity | None:
    entity = entity_by_id(view, text)
    return entity if entity and entity.type in types else None


def _names_in(conditions: Iterable[Condition]) -> tuple[str, ...]:
    """The values of the first condition that identifies an entity by itself; none without such a condition."""
    return next((one.values for one in conditions if one.property in _IDENTIFYING), ())


def _named(view: ReleaseView, name: str, types: Collection[EntityType]) -> list[_Scored]:
    """The entities with a name, a similar name, or an identifier."""
    if entity := _by_identifier(view, name, types):
        return [_Scored(entity, BEST_SCORE, is_exact=True)]
    coded = [one for one in types if one in CODED_TYPES]
    exact = named_codes(view, name, coded)
    countries = [one for one in exact if one.type is EntityType.COUNTRY]
    scores: dict[Code, float] = {
        code: min(_BEST_SIMILAR, round(close * BEST_SCORE, 1))
        for code, close in similar_codes(view, name, coded).items()
        if close >= _LEAST_SIMILAR
    }
    scores |= {code: _SEVERAL if code in countries and len(countries) > 1 else BEST_SCORE for code in exact}
    found = [
        _Scored(entity, score, is_exact=score == BEST_SCORE)
        for code, score in scores.items()
        if (entity := entity_by_code(view, *code))
    ]
    return found + (_projects(view, name) if EntityType.PROJECT in types else [])


def _projects(view: ReleaseView, name: str) -> list[_Scored]:
    """The projects with a code, or with a title that is equal or similar."""
    reader, key = projects_of(view), fold(name)
    if code := reader.code(key):
        entries = reader.entries(_numbers(reader.with_code(code)))
        return [_Scored(project_entity(view, entry), BEST_SCORE, is_exact=True) for entry in entries]
    words = words_of(key)
    namesakes = _with_all(reader, words)
    exact: list[ProjectEntry] = []
    others: list[ProjectEntry] = []
    for entry in reader.entries(dict.fromkeys((*namesakes, *_sharing(reader, words)))):
        (exact if _has_title(entry, words) else others).append(entry)
    # Where more have all the words than were read, others may have the title too.
    is_known = len(namesakes) < _MOST_NAMESAKES
    found = [_Scored(project_entity(view, entry), BEST_SCORE, is_exact=is_known) for entry in exact]
    for entry in others[: 2 * _MOST_COMPARED]:
        close = max((similarity(key[:_LONGEST_TITLE], fold(title.text)) for title in entry.titles), default=0.0)
        if close >= _LEAST_SIMILAR:
            found.append(_Scored(project_entity(view, entry), min(_BEST_SIMILAR, round(close * BEST_SCORE, 1))))
    return found


def _has_title(entry: ProjectEntry, words: Sequence[str]) -> bool:
    """Whether a project has a title of these words, whatever the signs between them."""
    return bool(words) and any(words_of(fold(title.text)) == words for title in entry.titles)


def _with_all(reader: ProjectReader, words: Sequence[str]) -> list[int]:
    """The numbers of the projects whose titles have all words of a name, `_MOST_NAMESAKES` at most."""
    found = reader.all if words else 0
    for word in sorted(set(words), key=len, reverse=True):
        if found.bit_count() < _MOST_NAMESAKES:
            break  # the sets of short words are large
        found &= reader.with_word(TITLES, word)
    return _numbers(found, _MOST_NAMESAKES)


def _sharing(reader: ProjectReader, words: Sequence[str]) -> list[int]:
    """The numbers of the projects whose titles share the most words with a name, those with the most first."""
    planes: list[int] = []  # plane N has bit N of the number of shared words of each project
    # "of" begins words of nearly all titles.
    telling = [word for word in words if len(word) >= _SHORTEST_TELLING or word.isdigit()] or words
    for word in sorted(set(telling), key=len, reverse=True)[:_MOST_WORDS]:
        carry = reader.with_word(TITLES, word)
        for place, plane in enumerate(planes):
            planes[place], carry = plane ^ carry, plane & carry
        if carry:
            planes.append(carry)
    found: list[int] = []
    for count in range((1 << len(planes)) - 1, 0, -1):
        alike = reader.all
        for place, plane in enumerate(planes):
            alike &= plane if count >> place & 1 else ~plane
        found += _numbers(alike, _MOST_COMPARED - len(found))
        if len(found) >= _MOST_COMPARED:
            break
    return found


def _numbers(projects: int, most: int = _MOST_COMPARED) -> list[int]:
    """The numbers of the projects in a set, the lowest first."""
    found: list[int] = []
    while projects and len(found) < most:
        lowest = projects & -projects
        found.append(lowest.bit_length() - 1)
        projects ^= lowest
    return found


def _judged(view: ReleaseView, scored: _Scored, known: Sequence[tuple[Condition, EntityProperty]]) -> Candidate | None:
    """An entity with the conditions that it meets; None if it misses a required one."""
    if not known:
        return Candidate(scored.entity, scored.score, scored.score, scored.is_exact)
    met = [meets(view, scored.entity, condition, property_) for condition, property_ in known]
    if any(condition.is_required and not one for (condition, _), one in zip(known, met, strict=True)):
        return None
    is_identified = any(one.property in _IDENTIFYING and one.quantifier is not Quantifier.NONE for one, _ in known)
    share = sum(met) / len(met)
    score = round(scored.score * (1 - _UNMET * (1 - share)), 1)
    is_match = (scored.is_exact or (is_identified and scored.is_named)) and all(met)
    return Candidate(scored.entity, score, scored.score, is_match)


def _may_be_cut(view: ReleaseView, names: Iterable[str], entity: Entity) -> bool:
    return all(may_be_cut(view, name.strip(), Code(entity.type, entity.code)) for name in names)


def _entities(view: ReleaseView, codes: Iterable[Code]) -> list[Entity]:
    return [one for code in codes if (one := entity_by_code(view, *code))]
