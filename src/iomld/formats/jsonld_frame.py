"""The JSON-LD frame of a project's document, from the classes of the values of its keys.

A key whose values have a class with keys contains these nodes, down to the classes that are already above: a mention
names its project by IRI. The published frame (`ontology/frame-project.jsonld`) is committed as this module writes it
(`make fields`); by it, any JSON-LD processor makes the document that `iomld.formats.jsonld` writes.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from iomld.fields.declared import PROJECT, Field, FieldKind, Fields
from iomld.iris import DEFAULT_BASE

# The keys whose nodes are embedded, as a tree; any other link is a plain IRI.
Frame = Mapping[str, "Frame"]
NO_FRAME: Frame = {}


@lru_cache(maxsize=8)
def project_frame(fields: Fields) -> Frame:
    """The keys of a project whose nodes are embedded, and so on below."""
    return _tree(fields, _keys_of_project(fields), frozenset({PROJECT}))


def frame_document(fields: Fields) -> dict[str, object]:
    """The same as a frame (JSON-LD 1.1 Framing): a JSON object."""
    keys = {key.key: key for key in _keys_of_project(fields)}
    frame = project_frame(fields)
    writer = _FrameWriter(fields, frozenset(_names(frame)))
    parts = {name: writer.part(keys[name], inner) for name, inner in frame.items()}
    return {"@context": f"{DEFAULT_BASE}context/v1.jsonld", "type": "Project", **parts}


def _keys_of_project(fields: Fields) -> tuple[Field, ...]:
    return (*fields, *fields.of_class(PROJECT))


def _tree(fields: Fields, keys: Iterable[Field], above: frozenset[str]) -> Frame:
    found: dict[str, Frame] = {}
    for key in keys:
        inner = {name: fields.of_class(name) for name in key.classes if name not in above and fields.of_class(name)}
        if inner:
            below = [_tree(fields, keys_of_class, above | {name}) for name, keys_of_class in inner.items()]
            found[key.key] = {name: frame for tree in below for name, frame in tree.items()}
    return found


def _names(frame: Frame) -> Iterator[str]:
    for name, inner in frame.items():
        yield name
        yield from _names(inner)


class _FrameWriter:
    """Writes the parts of a frame.

    A processor embeds every node that it finds, and takes no node that has none of the properties in the frame. So a
    link is named only where it leads to a node of the project's graph.
    """

    def __init__(self, fields: Fields, embedded: frozenset[str]) -> None:
        self._fields = fields
        self._embedded = embedded  # the keys that have nodes at any place

    def part(self, key: Field, frame: Frame) -> dict[str, object]:
        """The frame of the nodes under a key; of nodes that point to the one above, all other keys are named."""
        part: dict[str, object] = {"@embed": "@always"}
        if key.reverse:
            part["@explicit"] = True
        inner = (one for name in key.classes for one in self._fields.of_class(name))
        return part | _if_optional(key) | dict(self._parts(inner, frame, key))

    def _parts(self, keys: Iterable[Field], frame: Frame, above: Field) -> Iterator[tuple[str, object]]:
        for key in keys:
            if key.key in frame:
                yield key.key, self.part(key, frame[key.key])
            elif above.reverse and key.iri == above.iri:
                continue  # it is the link to the node above
            elif key.kind is FieldKind.LINK and (above.reverse or self._leads_to_nodes(key)):
                yield key.key, {"@embed": "@never"} | _if_optional(key)
            elif above.reverse:
                yield key.key, _if_optional(key)

    def _leads_to_nodes(self, key: Field) -> bool:
        return key.key in self._embedded or any(self._fields.of_class(name) for name in key.classes)


def _if_optional(key: Field) -> dict[str, object]:
    """What keeps a processor from adding a null where there is no value."""
    return {} if key.required else {"@omitDefault": True}
