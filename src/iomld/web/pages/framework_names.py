"""Names of the kinds of policy frameworks and of their parts, in the page's language.

Kinds and roles are English words in the data, so that a fund folder can add others; these are shown as they are.
"""

from iomld.browse.view import Link
from iomld.messages import gettext_noop
from iomld.web.i18n import gettext

_KINDS = {
    "agenda": gettext_noop("agenda"),
    "compact": gettext_noop("compact"),
    "consensus": gettext_noop("consensus"),
    "declaration": gettext_noop("declaration"),
    "framework": gettext_noop("framework"),
    "goals": gettext_noop("goals"),
    "initiative": gettext_noop("initiative"),
    "institutional framework": gettext_noop("institutional framework"),
    "institutional strategy": gettext_noop("institutional strategy"),
    "measuring tool": gettext_noop("measuring tool"),
    "plan": gettext_noop("plan"),
    "principles": gettext_noop("principles"),
    "process": gettext_noop("process"),
    "programme": gettext_noop("programme"),
    "treaty": gettext_noop("treaty"),
}
# What frameworks call their parts: one with its number, and several as a heading.
_ROLES = {
    "annex": (gettext_noop("Annex {number}"), gettext_noop("Annexes")),
    "goal": (gettext_noop("Goal {number}"), gettext_noop("Goals")),
    "guideline": (gettext_noop("Guideline {number}"), gettext_noop("Guidelines")),
    "guiding principle": (gettext_noop("Guiding principle {number}"), gettext_noop("Guiding principles")),
    "objective": (gettext_noop("Objective {number}"), gettext_noop("Objectives")),
    "pillar": (gettext_noop("Pillar {number}"), gettext_noop("Pillars")),
    "principle": (gettext_noop("Principle {number}"), gettext_noop("Principles")),
    "priority": (gettext_noop("Priority {number}"), gettext_noop("Priorities")),
    "protocol": (gettext_noop("Protocol of {number}"), gettext_noop("Protocols")),
    "sector of assistance": (gettext_noop("Sector of assistance {number}"), gettext_noop("Sectors of assistance")),
    "target": (gettext_noop("Target {number}"), gettext_noop("Targets")),
}


def kind_name(kind: str) -> str:
    """The name of a kind of framework.

    >>> kind_name("compact"), kind_name("road map")
    ('compact', 'road map')
    """
    return gettext(_KINDS[kind]) if kind in _KINDS else kind


def parts_heading(role: str) -> str:
    """The heading of the parts with a role.

    >>> parts_heading("guiding principle"), parts_heading("chapter")
    ('Guiding principles', 'Parts')
    """
    return gettext(_ROLES[role][1]) if role in _ROLES else gettext("Parts")


def part_label(link: Link) -> str:
    """What a framework calls one of its parts; empty for what is no part, or has its number in its name.

    >>> from iomld.browse.view import LinkKind
    >>> part_label(Link("", LinkKind.FRAMEWORK, "No poverty", "sdg-goal-1", "en", "goal", "1"))
    'Goal 1'
    >>> part_label(Link("", LinkKind.FRAMEWORK, "MCOF sector 3", "mcof-sector-3", "en", "sector of assistance", "3"))
    ''
    """
    if not link.number or link.name.endswith(f" {link.number}"):
        return ""
    if link.role in _ROLES:
        return gettext(_ROLES[link.role][0], number=link.number)
    return f"{link.role[:1].upper()}{link.role[1:]} {link.number}"


def full_name(link: Link) -> str:
    """The name of a resource, for a part with what its framework calls it: `Goal 1: No poverty`."""
    part = part_label(link)
    return gettext("{name}: {value}", name=part, value=link.name) if part else link.name
