"""The language of a text by its small words, for pages whose labels do not tell it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

_WORD = re.compile(r"[^\W\d_]+")
# Small words that only one of the three languages has.
_SMALL: Mapping[str, frozenset[str]] = {
    "en": frozenset({"the", "of", "and", "to", "in", "for", "with", "on", "by", "is", "was", "its", "from", "at"}),
    "fr": frozenset({"le", "les", "des", "du", "et", "aux", "au", "une", "dans", "pour", "par", "sur", "avec", "qui"}),
    "es": frozenset({"el", "los", "las", "del", "y", "una", "para", "por", "con", "al", "su", "sus", "lo", "como"}),
}
_READ = 20_000  # characters; more say nothing new
_MARGIN = 2  # times as many small words as any other language


def guessed_language(text: str) -> str | None:
    """The language that most small words of a text are of, where one leads clearly; else None.

    >>> guessed_language("Appui à la gestion des frontières et du retour"), guessed_language("Kenya 2017")
    ('fr', None)
    """
    words = Counter(word.lower() for word in _WORD.findall(text[:_READ]))
    votes = sorted(((sum(words[word] for word in small), language) for language, small in _SMALL.items()), reverse=True)
    (most, language), (second, _), *_ = votes
    return language if most and most >= _MARGIN * second else None


def first_language(choices: Sequence[str | None]) -> str:
    """The first language that is known; English where none is."""
    return next((language for language in choices if language), "en")
