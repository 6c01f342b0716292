"""The check of a fund folder: each fault in its lists and shapes, in one sentence with file and line.

A folder with a fault is not used: a list without codes, or a field with the key of another one, would show only in what
is published. `iomld.toml` is checked where it is read (`iomld.fund_folder`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from iomld.assets import asset_text, load_fields, scheme_names
from iomld.errors import SettingsError, SourceError
from iomld.fields.declared import PROJECT, Field, FieldKind, Fields
from iomld.formats.graph import Subject, SubjectGraph
from iomld.formats.jsonld_terms import document_keys
from iomld.formats.rdf import TURTLE, numbered, parse
from iomld.fund_folder import SETTINGS_FILE, FundFolder, line_of_key, located, own_folder, using
from iomld.iris import DCTERMS, FOAF, RDF, SH, SKOS, local_name
from iomld.messages import Message, message
from iomld.model import Finding, Severity
from iomld.pipeline.conversion import OPTIONAL_RULES
from iomld.validate import PROFILES, all_rules, load_validator
from iomld.validate.engine import EngineError
from iomld.validate.shape_checks import form_warnings
from iomld.validate.shape_restrictions import shapes_refusal

_SHARED = frozenset({"ontology/iomld.ttl", "ontology/alignment.ttl"})  # the same for every publisher
_NO_SCHEMES = frozenset({"ontology/countries.ttl", "ontology/decoys.ttl", "ontology/queries.ttl"})
_KEY = re.compile(r"[a-z][A-Za-z0-9]*")
_CLASSES_OF_CODE = (FieldKind.MONEY, FieldKind.CURRENCY, FieldKind.FUNDER)
_NOT_OF_PROJECTS = {FieldKind.LINK, FieldKind.LANGUAGE, FieldKind.MOMENT, FieldKind.INTEGER, FieldKind.HEX}
_DATATYPES = ("rdf:langString", "xsd:string", "xsd:gYear", "xsd:date", "xsd:decimal")
_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class _File:
    """A Turtle file of the folder."""

    name: str
    path: str
    text: str
    graph: SubjectGraph

    def fault(self, sentence: Message, *words: str) -> Message:
        """A fault at the line of the first of the words that the file has."""
        found = (re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", self.text) for word in words if word)
        match = next(filter(None, found), None)
        line = self.text.count("\n", 0, match.start()) + 1 if match else 1
        return located(self.path, line, sentence)


def check_fund_folder(folder: FundFolder) -> None:
    """Refuse a folder with a fault.

    Raises:
        SettingsError: It has one; the message is the first fault, and says how many others there are.
    """
    match fund_faults(folder):
        case []:
            return
        case [fault]:
            raise SettingsError(fault)
        case [fault, _]:
            more = message("{fault} 1 more: 'iomld fund check {folder}' lists it.", fault=fault, folder=folder.path)
        case [fault, *others]:
            more = message(
                "{fault} {count} more: 'iomld fund check {folder}' lists them.",
                fault=fault,
                count=len(others),
                folder=folder.path,
            )
    raise SettingsError(more)


def fund_faults(folder: FundFolder) -> list[Message]:
    """The faults of a folder, each in one sentence with file and line; none if it can be used."""
    files, faults = _parsed_files(folder)
    lists = {name: file for name, file in files.items() if name.startswith("ontology/")}
    shapes = {name: file for name, file in files.items() if name.startswith("shapes/")}
    with using(own_folder()):
        taken, fields, rules = document_keys(load_fields()).terms, load_fields(), {rule.id for rule in all_rules()}
    faults += [fault for file in lists.values() for fault in _list_faults(file, folder)]
    faults += _fund_faults(lists.get("ontology/fund.ttl"), folder)
    faults += [fault for file in shapes.values() for fault in _shape_faults(file, rules)]
    faults += _without_faults(folder, rules)
    if not faults:  # what follows needs files that can be read
        with using(folder):
            faults += _field_faults(shapes, taken, fields)
    if not faults:
        with using(folder):
            faults += _engine_faults(folder, shapes)
    return faults


def _parsed_files(folder: FundFolder) -> tuple[dict[str, _File], list[Message]]:
    files: dict[str, _File] = {}
    faults: list[Message] = []
    for name in folder.files():
        if not name.endswith(".ttl"):
            continue
        path = f"{folder.path / name}"
        try:
            text = (folder.path / name).read_text(encoding="utf-8-sig")
            quads = list(numbered(parse(text, TURTLE)))
        except UnicodeDecodeError:
            faults.append(located(path, 1, message("not UTF-8. Save it as UTF-8.")))
        except SourceError as error:
            faults.append(message("{file}, {fault}", file=path, fault=error.message))
        else:
            named = (quad for quad in quads if not str(quad.subject).startswith("_:"))
            files[name] = file = _File(name, path, text, SubjectGraph(named))
            if name.startswith("ontology/") and len(file.graph.subjects()) < len({str(one.subject) for one in quads}):
                faults.append(file.fault(message("a list has no blank nodes. Give each node an IRI."), "[", "_"))
    return files, faults


# -- lists --


def _list_faults(file: _File, folder: FundFolder) -> Iterator[Message]:
    if file.name in _SHARED:
        yield file.fault(message("the terms of iomld are the same for every publisher. Call the file otherwise."))
    elif file.name not in _NO_SCHEMES and file.name != "ontology/fund.ttl":
        yield from _scheme_faults(file, folder)


def _scheme_faults(file: _File, folder: FundFolder) -> Iterator[Message]:
    name = file.name.removeprefix("ontology/").removesuffix(".ttl")
    scheme = f"{folder.base}scheme/{name}"
    if f"{SKOS}ConceptScheme" not in file.graph[scheme].iris(f"{RDF}type"):
        yield file.fault(
            message("the file has no list. Describe <{scheme}> as a skos:ConceptScheme.", scheme=scheme),
            "skos:ConceptScheme",
        )
        return
    countries = f"{folder.base}id/country/"  # of which a list of regions says under which they count
    concepts = {iri: file.graph[iri] for iri in file.graph if iri != scheme and not iri.startswith(countries)}
    if not concepts:
        yield file.fault(message("the list is empty. Add a skos:Concept."), "skos:ConceptScheme")
    for iri, concept in concepts.items():
        yield from _concept_faults(file, scheme, iri, concept)


def _concept_faults(file: _File, scheme: str, iri: str, concept: Subject) -> Iterator[Message]:
    code, words = concept.value(f"{SKOS}notation"), (f"{local_name(scheme)}:{local_name(iri)}", iri, local_name(iri))
    if scheme not in concept.iris(f"{SKOS}inScheme"):
        yield file.fault(
            message("<{iri}> is not in the list. Write skos:inScheme <{scheme}>.", iri=iri, scheme=scheme), *words
        )
    if not code:
        yield file.fault(message("<{iri}> has no code. Write its skos:notation.", iri=iri), *words)
    elif iri != f"{scheme}/{code}":
        yield file.fault(
            message(
                "<{iri}> has the code '{code}', so its IRI must be <{scheme}/{code}>.",
                iri=iri,
                code=code,
                scheme=scheme,
            ),
            *words,
        )
    if not concept.texts(f"{SKOS}prefLabel"):
        yield file.fault(message("<{iri}> has no name. Write its skos:prefLabel.", iri=iri), *words)


def _fund_faults(file: _File | None, folder: FundFolder) -> Iterator[Message]:
    start = f"{folder.base}id/fund/"
    for iri in file.graph if file else ():
        assert file is not None  # noqa: S101  # the line above
        if not iri.startswith(start):
            yield file.fault(
                message("<{iri}> is no fund. Its IRI must begin with {start}.", iri=iri, start=start),
                iri,
                local_name(iri),
            )
        elif not file.graph[iri].texts(f"{FOAF}name"):
            yield file.fault(message("<{iri}> has no name. Write its foaf:name.", iri=iri), iri, local_name(iri))
    if folder.fund and (file is None or folder.fund not in file.graph):
        settings = folder.path / SETTINGS_FILE
        line = line_of_key(settings.read_text(encoding="utf-8"), "fund")
        yield located(
            str(settings),
            line,
            message("'fund': ontology/fund.ttl does not describe <{fund}>. Describe it there.", fund=folder.fund),
        )


# -- shapes --


def _shape_faults(file: _File, rules: Iterable[str]) -> Iterator[Message]:
    """Faults of the rules of a file; whether engines can run them is seen when all files are read."""
    for iri in file.graph:
        shape, name = file.graph[iri], local_name(iri)
        kinds = {f"{SH}PropertyShape", f"{SH}NodeShape"} & set(shape.iris(f"{RDF}type"))
        is_rule = shape.texts(f"{SH}message") or shape.value(f"{SH}codeIdentifier")
        if not kinds or not is_rule:
            continue
        words = (f":{name}", name)
        if name in rules:
            yield file.fault(message("iomld has a rule '{name}'. Choose another name.", name=name), *words)
        if local_name(shape.iri(f"{SH}severity") or "") not in {severity.value for severity in Severity}:
            yield file.fault(
                message("{name} has no severity. Write sh:severity sh:Violation, sh:Warning or sh:Info.", name=name),
                *words,
            )
        if not {local_name(one) for one in shape.iris(f"{DCTERMS}isPartOf")} & set(PROFILES):
            yield file.fault(
                message("{name} is in no profile. Write dcterms:isPartOf prof:submission, prof:published.", name=name),
                *words,
            )
        for predicate in ("name", "description", "message"):
            if _LANGUAGE not in {language for _, language in shape.texts(f"{SH}{predicate}")}:
                yield file.fault(
                    message('{name} has no {predicate} in English ("…"@en).', name=name, predicate=f"sh:{predicate}"),
                    *words,
                )


def _field_faults(shapes: Mapping[str, _File], taken: frozenset[str], known: Fields) -> Iterator[Message]:
    ours = {(one.key, one.subject) for one in known.all}
    theirs = [one for one in load_fields().all if one.iri not in {field.iri for field in known.all}]
    for file in shapes.values():
        for iri in file.graph:
            key = file.graph[iri].value(f"{SH}codeIdentifier")
            if key is None:
                continue
            declared = [one for one in theirs if one.key == key] or [one for one in load_fields().all if one.key == key]
            if key in taken or (key, declared[0].subject) in ours:
                yield file.fault(
                    message("'{key}' is a key of iomld. Choose another sh:codeIdentifier.", key=key), f'"{key}"'
                )
            elif not _KEY.fullmatch(key):
                yield file.fault(
                    message("'{key}' is no key. Write letters and digits, a small letter first.", key=key), f'"{key}"'
                )
            elif len(declared) > 1:
                yield file.fault(message("two fields have the key '{key}'. Keep one.", key=key), f'"{key}"')
            else:
                yield from _kind_faults(file, file.graph[iri], declared[0], known)


def _kind_faults(file: _File, shape: Subject, field: Field, known: Fields) -> Iterator[Message]:
    """Faults of what a field says about its values."""
    at = f'"{field.key}"'
    if not field.iri.startswith(("http://", "https://")) or shape.iri(f"{SH}path") is None:
        yield file.fault(message("'{key}' has no property. Write one IRI as sh:path.", key=field.key), at)
    elif field.iri in known.by_property or sum(one.iri == field.iri for one in load_fields()) > 1:
        yield file.fault(
            message("<{iri}> is the property of another field. Choose another sh:path.", iri=field.iri), at
        )
    if field.kind in _NOT_OF_PROJECTS and field.subject == PROJECT and shape.iri(f"{SH}datatype"):
        yield file.fault(
            message(
                "the sh:datatype of '{key}' must be one of {datatypes}.", key=field.key, datatypes=", ".join(_DATATYPES)
            ),
            at,
        )
    elif field.kind is FieldKind.LINK and (shape.iri(f"{SH}node") or shape.iri(f"{SH}class")):
        yield file.fault(message("the shape of '{key}' names no list. See docs/FUNDS.md.", key=field.key), at)
    elif field.kind in _CLASSES_OF_CODE:
        yield file.fault(
            message("money and funders have fields of iomld; '{key}' cannot hold them.", key=field.key), at
        )
    if field.scheme and field.scheme not in scheme_names():
        yield file.fault(message("there is no list '{scheme}'. Add ontology/{scheme}.ttl.", scheme=field.scheme), at)


def _engine_faults(folder: FundFolder, shapes: Mapping[str, _File]) -> Iterator[Message]:
    """What engines cannot run: features that none has, ill-formed shapes, and queries that do not parse."""
    declared = list(parse(asset_text("shapes/profiles.ttl"), TURTLE))  # the prefixes for queries
    for file in shapes.values():
        # The key of a field is of the draft of SHACL 1.2.
        ignored = f"{SH}codeIdentifier"
        quads = [quad for quad in numbered(parse(file.text, TURTLE)) if quad.predicate.value != ignored]
        if not any(quad.predicate.value.startswith(SH) for quad in quads):
            continue  # headings for fields of iomld
        refusal = shapes_refusal([*quads, *declared], file.text, "pyshacl")
        if refusal:
            yield message("{file}, {fault}.", file=file.path, fault=refusal)
        for warning in form_warnings(quads, file.text, file.path, {}):
            sentence = _with_fix(warning.finding)
            place, at = warning.finding.place, warning.statement
            if place and place.line:
                yield located(file.path, place.line, sentence)
            else:
                yield file.fault(sentence, *((f":{local_name(at[0])}", local_name(at[0])) if at else ()))
    try:
        reason: Message | str = load_validator("published", base=folder.base).fallback_reason
    except EngineError as error:
        reason = error.message
    if reason:
        yield message(
            "{folder}: the shapes cannot be run: {reason}. Correct them.", folder=folder.path / "shapes", reason=reason
        )


def _with_fix(finding: Finding) -> Message:
    return message("{fault} {fix}", fault=finding.message, fix=finding.fix) if finding.fix else finding.message


def _without_faults(folder: FundFolder, rules: Iterable[str]) -> Iterator[Message]:
    settings = folder.path / SETTINGS_FILE
    for name in folder.without:
        if name not in rules and name not in OPTIONAL_RULES:
            text = settings.read_text(encoding="utf-8")
            line = text.count("\n", 0, text.find(f'"{name}"')) + 1
            fault = message("'without': there is no rule '{name}' to leave out. See 'iomld rules'.", name=name)
            yield located(str(settings), line, fault)
