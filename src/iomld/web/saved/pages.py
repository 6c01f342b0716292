"""Pages of saved queries: their list, and a query with a form for its parameters and its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from iomld.browse.view import ReleaseView
from iomld.fields.form import Choice
from iomld.formats import rdf, results
from iomld.messages import Message
from iomld.saved.answers import answers_of
from iomld.saved.folder import Pin, SavedQueries
from iomld.saved.parameters import Parameter, ParameterType, Value
from iomld.web.pages.frame import page_html
from iomld.web.pages.query import QueryOutcome
from iomld.web.pages.query_answer import answer_files
from iomld.web.pages.query_charts import ResultView
from iomld.web.pages.query_snippets import AnswerKind, address_snippets
from iomld.web.saved.citations import answer_citation
from iomld.web.saved.versions import SavedVersion, listed_links, query_string
from iomld.web.templating import answer_address

# The types of form fields, and the patterns that browsers check.
_INPUTS = {
    ParameterType.INTEGER: ("text", "[+\\-]?[0-9]{1,18}"),  # a field for numbers would not show what is none
    ParameterType.DATE: ("date", ""),
    ParameterType.YEAR: ("text", "[0-9]{4}"),
}
_FORMATS = {
    AnswerKind.SOLUTIONS: results.CSV.name,
    AnswerKind.BOOLEAN: results.JSON.name,
    AnswerKind.GRAPH: rdf.TURTLE.name,
}


@dataclass(frozen=True, slots=True)
class ParameterField:
    """A field of the form for parameters.

    Attributes:
        name: Name of the parameter.
        type: Its type, for the note.
        language: Language of its texts; empty for none.
        text: What is in the field.
        default: What is in it without a request.
        input: The type of the input, as HTML has it; empty for a list of options.
        pattern: What a browser lets people send; empty for anything.
        options: Text and name of each option.
    """

    name: str
    type: str
    language: str
    text: str
    default: str
    input: str
    pattern: str
    options: tuple[Choice, ...]


def parameter_fields(version: SavedVersion, texts: Mapping[str, str]) -> tuple[ParameterField, ...]:
    """The fields of the form.

    Args:
        version: The query.
        texts: What the request has for parameters.
    """
    return tuple(_field(version.view, parameter, texts) for parameter in version.query.parameters)


def _field(view: ReleaseView, parameter: Parameter, texts: Mapping[str, str]) -> ParameterField:
    default = parameter.text_of(parameter.default)
    options = _options(view, parameter)
    text = texts.get(parameter.name, default)
    if options and text not in {option.code for option in options}:
        options = (*options, Choice(text, text))  # so that the form keeps what was sent
    input_, pattern = _INPUTS.get(parameter.type, ("text", ""))
    return ParameterField(
        parameter.name,
        parameter.type.value,
        parameter.language,
        text,
        default,
        "" if options else input_,
        pattern,
        options,
    )


def _options(view: ReleaseView, parameter: Parameter) -> tuple[Choice, ...]:
    links = {link.iri: link for link in listed_links(view, parameter)}
    if parameter.choices:
        texts = [(links.get(choice.value), parameter.text_of(choice)) for choice in parameter.choices]
        return tuple(Choice(text, link.name, link.language) if link else Choice(text, text) for link, text in texts)
    if parameter.type is ParameterType.BOOLEAN:
        return (Choice("true", "true"), Choice("false", "false"))
    return tuple(Choice(iri.removeprefix(parameter.namespace), link.name, link.language) for iri, link in links.items())


def list_html(view: ReleaseView, saved: SavedQueries, pinned: tuple[Pin, ...]) -> bytes:
    """The page of all saved queries.

    Args:
        view: The release.
        saved: The queries.
        pinned: The versions that are kept.
    """
    recorded = answers_of(view.release)
    rows = {name: answer.facts.rows for name, answer in recorded.items() if answer.facts}
    texts = {name: answer.text for name, answer in recorded.items()}
    listed = [(query, rows.get(query.name) if texts.get(query.name) == query.text else None) for query in saved.queries]
    return page_html(view, "saved.html", "/query", queries=listed, faults=saved.faults, pins=pinned)


def query_html(  # noqa: PLR0913  # the parts of the page, by name
    version: SavedVersion,
    server: str,
    *,
    texts: Mapping[str, str],
    values: Mapping[str, Value],
    outcome: QueryOutcome | None,
    fault: Message | None,
    pinned: tuple[Pin, ...],
) -> bytes:
    """The page of a saved query, of today or of a release.

    Args:
        version: The query.
        server: Address of the server.
        texts: What the request has for parameters.
        values: Their values; the defaults if the texts have a fault.
        outcome: The answer; None if there is none because of a fault.
        fault: What is wrong with the parameters.
        pinned: The versions of the query that are kept.
    """
    query = version.query
    given, cited = query.given(values), f"/saved/{query.name}@{quote(version.release)}"
    path = cited if version.is_fixed else f"/saved/{query.name}"
    bound = query.bound(values)
    return page_html(
        version.view,
        "saved_query.html",
        "/query",
        saved=query,
        asked=version,
        path=path,
        given=query_string(given),
        fields=parameter_fields(version, texts),
        fault=fault,
        outcome=_with_addresses(outcome, server, path, given) if outcome else None,
        result=ResultView(),
        query=bound,
        edit=answer_address(bound),
        citation=answer_citation(version, values) if version.recorded else None,
        cited=cited,
        citation_files=[
            ("BibTeX", f"{cited}.bib{query_string(given)}"),
            ("CITATION.cff", f"{cited}.cff{query_string(given)}"),
        ],
        query_files=[("SPARQL", f"{path}.rq"), ("Turtle", f"{path}.ttl")],
        pins=[pin for pin in pinned if pin.query == query.name],
    )


def _with_addresses(outcome: QueryOutcome, server: str, path: str, given: Mapping[str, str]) -> QueryOutcome:
    """The outcome with files and programs that use the address of the saved query."""
    if outcome.answer is None:
        return outcome
    kind = outcome.answer.kind
    files = answer_files(kind, path, given)
    address = f"{server}{path}{query_string({**given, 'format': _FORMATS[kind]})}"
    return replace(
        outcome, answer=replace(outcome.answer, files=files), snippets=address_snippets(address, kind), has_more=False
    )
