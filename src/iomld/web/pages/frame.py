"""The frame of every page: its header with the menu, its footer, and what all templates get.

It does without the web framework, since the worker that checks uploads renders pages too.
"""

from iomld.browse.view import Link, ReleaseView
from iomld.iris import Iris
from iomld.messages import gettext_noop
from iomld.web.i18n import current_page
from iomld.web.templating import local_path, render

# The main menu: path and name of each page.
MENU = (
    ("/projects", gettext_noop("Projects")),
    ("/countries", gettext_noop("Countries")),
    ("/regions", gettext_noop("Regions")),
    ("/frameworks", gettext_noop("Frameworks")),
    ("/query", gettext_noop("Query")),
    ("/validate", gettext_noop("Validate")),
    ("/downloads", gettext_noop("Downloads")),
    ("/developers", gettext_noop("Developers")),
    ("/guide", gettext_noop("Guide")),
    ("/about", gettext_noop("About")),
)
SUBMIT_PAGE = ("/submissions/new", gettext_noop("Submit"))  # in the menu of a server that has an inbox
_FORMATS = (
    ("ttl", "Turtle"),
    ("jsonld", "JSON-LD"),
    ("nt", "N-Triples"),
    ("nq", "N-Quads"),
    ("trig", "TriG"),
    ("rdf", "RDF/XML"),
)


def _menu() -> tuple[tuple[str, str], ...]:
    """The menu of this server; who submits has validated before."""
    if not current_page().takes_submissions:
        return MENU
    at = next(number for number, (path, _) in enumerate(MENU, 1) if path == "/validate")
    return (*MENU[:at], SUBMIT_PAGE, *MENU[at:])


def page_html(view: ReleaseView | None, template: str, section: str = "", **values: object) -> bytes:
    """A page with its header and footer, as UTF-8.

    Args:
        view: The release; None for a page that does not depend on it.
        template: File name of the template.
        section: Path of the menu entry to highlight.
        **values: Other values for the template.
    """
    iris = view.iris if view else Iris()
    name = view.release.manifest.name if view else ""
    of_release = f"?release={name}" if view and view.is_chosen else ""  # of links to the data of the page

    def path_of(link: Link) -> str:
        return local_path(link.iri, iris.base) or "/"

    def term_path(iri: str) -> str:
        return local_path(iri, iris.base) or ""

    return render(
        template,
        menu=_menu(),
        takes_submissions=current_page().takes_submissions,
        section=section,
        release=name,
        of_release=of_release,
        base=iris.base,
        prefixes=iris.prefixes(),
        path_of=path_of,
        term_path=term_path,
        formats=tuple((f"{suffix}{of_release}", form) for suffix, form in _FORMATS),
        **values,
    )
