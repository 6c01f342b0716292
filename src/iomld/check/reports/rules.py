"""The rules of the shapes as reports tell of them, read once."""

from collections.abc import Mapping
from functools import cache

from iomld.assets import asset_names, asset_text
from iomld.formats.rdf import TURTLE, parse
from iomld.iris import SH, SHAPES
from iomld.validate import Rule, all_rules

# Parameters of the constraint components that our shapes use (SHACL sections 4 and 5.1).
_PARAMETERS = (
    "class",
    "datatype",
    "hasValue",
    "maxCount",
    "maxInclusive",
    "maxLength",
    "minCount",
    "minExclusive",
    "minInclusive",
    "minLength",
    "node",
    "nodeKind",
    "or",
    "pattern",
    "sparql",
    "uniqueLang",
)


@cache
def shape_rules() -> tuple[Rule, ...]:
    """Every rule of the shapes; reading them costs more than checking a record."""
    return all_rules()


@cache
def sole_components() -> Mapping[str, str]:
    """For each rule with one constraint the local name of its component; several constraints are one finding."""
    components = {f"<{SH}{name}>": _component(name) for name in _PARAMETERS}
    found: dict[str, set[str]] = {}
    for name in asset_names("shapes"):
        for quad in parse(asset_text(name), TURTLE):
            component = components.get(str(quad.predicate))
            if component:
                found.setdefault(str(quad.subject), set()).add(component)
    ours = f"<{SHAPES}"
    return {
        shape.removeprefix(ours).removesuffix(">"): next(iter(names))
        for shape, names in found.items()
        if shape.startswith(ours) and len(names) == 1
    }


def _component(parameter: str) -> str:
    name = "SPARQL" if parameter == "sparql" else f"{parameter[0].upper()}{parameter[1:]}"
    return f"{name}ConstraintComponent"
