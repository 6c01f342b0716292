"""The committed files that are generated from the fields; `make fields` writes them anew."""

import json
from pathlib import Path
from textwrap import wrap

from iomld.assets import load_fields
from iomld.fields.schemas import project_schema, record_schema
from iomld.formats.jsonld_context import context_document
from iomld.formats.jsonld_frame import frame_document
from iomld.formats.jsonld_terms import document_keys

ONTOLOGY = Path(__file__).parents[2] / "ontology"
_WIDTH = 130


def generated_files() -> dict[Path, str]:
    """The text of each generated file."""
    fields = load_fields()
    schemas = {"record.schema.json": record_schema, "project.schema.json": project_schema}
    texts = {
        ONTOLOGY / name: _json_text(schema(json.loads((ONTOLOGY / name).read_text(encoding="utf-8")), fields)) + "\n"
        for name, schema in schemas.items()
    }
    texts[ONTOLOGY / "frame-project.jsonld"] = _json_text(frame_document(fields)) + "\n"
    return {ONTOLOGY / "context-v1.jsonld": context_document(document_keys(fields))} | texts


def _json_text(value: object, indent: str = "") -> str:
    """JSON with each object or list on one line where it is short."""
    line = _line(value)
    if not isinstance(value, dict | list) or (indent and len(indent) + len(line) <= _WIDTH):
        return line
    inner = f"{indent}  "
    if isinstance(value, dict):
        members = [f"{json.dumps(key)}: {_json_text(one, inner)}" for key, one in value.items()]
    elif all(isinstance(one, str) for one in value):
        lines = wrap(", ".join(map(_line, value)), _WIDTH, initial_indent=inner, subsequent_indent=inner)
        return "\n".join(("[", *lines, f"{indent}]"))
    else:
        members = [_json_text(one, inner) for one in value]
    start, end = "{}" if isinstance(value, dict) else "[]"
    return f"{start}\n{inner}" + f",\n{inner}".join(members) + f"\n{indent}{end}"


def _line(value: object) -> str:
    match value:
        case dict() if value:
            return "{ " + ", ".join(f"{json.dumps(key)}: {_line(one)}" for key, one in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(_line, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    for path, text in generated_files().items():
        path.write_text(text, encoding="utf-8")
