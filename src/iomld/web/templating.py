"""The Jinja environment with the filters and functions of templates, and a cache of rendered pages."""

import hashlib
import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from threading import Lock
from urllib.parse import quote, urlsplit
from weakref import WeakKeyDictionary

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from iomld import __version__
from iomld.browse.view import ReleaseView
from iomld.i18n import amount_text, direction, language_name, language_names
from iomld.iris import Iris
from iomld.web.i18n import (
    current_page,
    gettext,
    gettext_html,
    language_addresses,
    making,
    message_html,
    ngettext_html,
    page_language,
    value_text,
)
from iomld.web.pages.framework_names import full_name, kind_name, part_label, parts_heading

_HERE = Path(__file__).parent
_PATH_STEP = re.compile(r"(?<=[^/])(?=[/?&]\w)")  # in an address
_SPACES = re.compile(r"(\s+)")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_KB, _MB = 1000, 1_000_000
# A shape for each kind of resource, in a box of ten by ten.
_SHAPES = {
    "project": '<rect x="1" y="1" width="8" height="8" rx="1.5"/>',
    "state": '<circle cx="5" cy="5" r="4.5"/>',
    "region": '<path d="M5 .8 9.6 9H.4z"/>',
    "framework": '<path d="m5 0 5 5-5 5-5-5z"/>',
    "concept": '<path d="M1 3h8v1.6H1zM1 6h8v1.6H1z"/>',
}


def static_directory() -> Path:
    """The folder of the style sheet, the script, the fonts and the map."""
    return _HERE / "static"


def render(template: str, **values: object) -> bytes:
    """A rendered template as UTF-8; raises an error if the template uses a value that is not given."""
    return templates().get_template(template).render(**values).encode()


def local_path(iri: str, base: str) -> str | None:
    """The path on this server of the document about one of our IRIs; None for other IRIs.

    >>> local_path("https://w3id.org/iomld/id/country/CN", "https://w3id.org/iomld/")
    '/doc/country/CN'
    """
    if iri.startswith(base):
        path = iri.removeprefix(base)
        return f"/doc/{path.removeprefix('id/')}" if path.startswith("id/") else f"/{path}"
    ours = Iris().base
    return f"/{iri.removeprefix(ours)}" if iri.startswith(f"{ours}ns#") else None


def answer_address(query: str) -> str:
    """The address of the query page that runs a query.

    >>> answer_address("ASK {}")
    '/query?query=ASK%20%7B%7D&run=1'
    """
    return f"/query?query={quote(query)}&run=1"


def web_address(iri: str | None) -> str | None:
    """An address that a page may link to, that is http or https with a host; otherwise None.

    >>> web_address("javascript:alert(1)") is None
    True
    """
    if iri is None:
        return None
    try:
        parts = urlsplit(iri)
    except ValueError:
        return None
    return iri if parts.scheme in {"http", "https"} and parts.netloc else None


def grouped(number: Decimal | int) -> str:
    """A number with separators, for readers.

    >>> grouped(Decimal("100000.50"))
    '100,000.50'
    """
    return value_text(number)


def amount_in(amount: Decimal | int, currency: str) -> str:
    """The number of a sum of money for readers.

    >>> amount_in(Decimal("156750.5"), "EUR"), amount_in(100000, "USD")
    ('156,750.50', '100,000')
    """
    return amount_text(amount, currency, page_language())


def sized(size_bytes: int) -> str:
    """A size for readers, in bytes, KB (1 000 bytes) or MB.

    >>> sized(1_234_567)
    '1.2 MB'
    """
    if size_bytes < _KB:
        return gettext("{count} bytes", count=size_bytes)
    if size_bytes < _MB:
        return gettext("{count} KB", count=round(size_bytes / _KB))
    return gettext("{count} MB", count=round(Decimal(size_bytes) / _MB, 1))


def number_of(text: str) -> Decimal | str:
    """The number in a literal, which a page formats for its language; the text if it is not a number.

    >>> number_of("0.98"), number_of("high")
    (Decimal('0.98'), 'high')
    """
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def seconds(duration: float) -> str:
    """A duration in seconds for readers, to a hundredth of a second."""
    return value_text(Decimal(f"{duration:.2f}"))


def moment(text: str) -> str:
    """A moment for readers, to the minute; text that is not a moment in UTC is returned unchanged.

    >>> moment("2026-01-31T09:05:59Z")
    '2026-01-31 09:05 UTC'
    """
    return f"{text[:10]} {text[11:16]} UTC" if _MOMENT.fullmatch(text) else text


def lang_of(language: str | None) -> Markup:
    """The `lang` attribute of a text whose language is not the page's; otherwise empty.

    >>> lang_of("fr"), lang_of("en")
    (Markup(' lang="fr"'), Markup(''))
    """
    return Markup(' lang="{}"').format(language) if language and language != page_language() else Markup()


def lang_text(text: str, language: str | None) -> Markup | str:
    """A text, in an element with its `lang` attribute if its language is not the page's.

    >>> lang_text("Projet", "fr"), lang_text("Project", "en")
    (Markup('<span lang="fr">Projet</span>'), 'Project')
    """
    attribute = lang_of(language)
    return Markup("<span{}>{}</span>").format(attribute, text) if attribute else text


def other_language(language: str | None) -> str:
    """The name of the language of a text, in the page's language; empty if it is the page's.

    >>> other_language("fr"), other_language("en")
    ('French', '')
    """
    return language_name(language, page_language()) if language and language != page_language() else ""


def name_of_language(language: str) -> str:
    """The name of a language, in the page's language.

    >>> name_of_language("fr")
    'French'
    """
    return language_name(language, page_language())


def shape(kind: str) -> Markup:
    """The shape of a kind of resource, as SVG."""
    inner = _SHAPES.get(kind, _SHAPES["concept"])
    return Markup(f'<svg class="glyph" viewBox="0 0 10 10" aria-hidden="true">{inner}</svg>')  # noqa: S704  # constants


def text_digest(text: str) -> str:
    """What tells a text from others, however browsers send its spaces and line ends."""
    return hashlib.sha256(" ".join(text.split()).encode("utf-8", "replace")).hexdigest()[:32]


def shortened(iri: str, prefixes: Mapping[str, str]) -> str:
    """An IRI as a prefixed name if one of the prefixes fits, otherwise unchanged.

    >>> shortened("http://purl.org/dc/terms/title", {"dcterms": "http://purl.org/dc/terms/"})
    'dcterms:title'
    """
    for name, start in prefixes.items():
        if iri.startswith(start) and iri != start:
            return f"{name}:{iri.removeprefix(start)}"
    return iri


def breakable(command: str) -> Markup:
    """Shell commands whose lines break between words and before a slash of an address, not after the dash of an option.

    >>> breakable("curl -G http://a.org/b")
    Markup('curl <span class="option">-G</span> http://a.org<wbr>/b')
    """
    return Markup().join(map(_breakable_word, _SPACES.split(command)))


def _breakable_word(word: str) -> Markup:
    if word.startswith("-"):
        return Markup('<span class="option">{}</span>').format(word)
    return Markup("<wbr>").join(_PATH_STEP.split(word))


@cache
def templates() -> Environment:
    """The environment of all templates."""
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        grouped=grouped,
        amount_in=amount_in,
        sized=sized,
        seconds=seconds,
        moment=moment,
        number_of=number_of,
        web_address=web_address,
        shortened=shortened,
        breakable=breakable,
        text_digest=text_digest,
    )
    environment.globals.update(
        shape=shape,
        lang_of=lang_of,
        lang_text=lang_text,
        other_language=other_language,
        name_of=name_of_language,
        version=__version__,
        local_path=local_path,
    )
    environment.globals.update(_=gettext_html, _n=ngettext_html, page_language=page_language, message_html=message_html)
    environment.globals.update(
        full_name=full_name, kind_name=kind_name, part_label=part_label, parts_heading=parts_heading
    )
    environment.globals.update(page_direction=lambda: direction(page_language()))
    environment.globals.update(language_addresses=language_addresses, language_names=language_names())
    return environment


class PageCache:
    """A cache of a page that is slow to render: once for a release and language, whatever the query of its address.

    Entries live as long as the view of their release.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._pages: WeakKeyDictionary[ReleaseView, dict[Hashable, bytes]] = WeakKeyDictionary()
        self._lock = Lock()

    def page(self, view: ReleaseView, make: Callable[[], bytes], depends_on: Hashable = None) -> bytes:
        """The current page. Requests that come while it is rendered wait for it, others that are cached do not.

        Args:
            view: The release.
            make: Renders the page if it is not cached; its links to other languages have no other parameters.
            depends_on: All that the page depends on besides the release and the language; of few possible values.
        """
        page = replace(current_page(), query="")
        key = (page.language, page.takes_submissions, depends_on)
        if found := self._pages.get(view, {}).get(key):
            return found
        with self._lock:
            pages = self._pages.setdefault(view, {})
            if key not in pages:
                with making(page):
                    pages[key] = make()
            return pages[key]
