"""Pages that take long to write and are the same for everybody: written once for a release, language and address."""

from collections.abc import Callable, Hashable
from weakref import WeakKeyDictionary

from iomld.browse.view import ReleaseView
from iomld.web.i18n import PageRequest, current_page

_MOST = 16  # addresses of a release; more come only of parameters that mean nothing


class KeptPages:
    """Pages of the releases that are open; those of a release go with it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._pages: WeakKeyDictionary[ReleaseView, dict[tuple[PageRequest, Hashable], bytes]] = WeakKeyDictionary()

    def page(self, view: ReleaseView, make: Callable[[], bytes], depends_on: Hashable = None) -> bytes:
        """The page that is asked for.

        Args:
            view: The release.
            make: Writes the page.
            depends_on: What the page depends on besides the release, the language and the address.
        """
        pages = self._pages.setdefault(view, {})
        key = (current_page(), depends_on)
        if key not in pages:
            if len(pages) >= _MOST:
                pages.clear()
            pages[key] = make()
        return pages[key]
