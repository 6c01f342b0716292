"""A saved query as a value: parsed from its file, checked, and bound to the values of its parameters.

Values are inserted by tokens: a parameter is replaced where it is a variable of the query, and nowhere else. So the
text must have one reading only; where a `<` may begin an IRI or compare two values, it is refused.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from pyoxigraph import QuerySolutions, Store

from iomld.messages import ForeignText, Message, message
from iomld.saved.declarations import declared_parameters
from iomld.saved.decorators import MARK, SUMMARY, TAGS, TITLE, LineFaultError, QueryFileError, read_decorators
from iomld.saved.parameters import Parameter, ParameterError, Value, parameter_name, sparql_text
from iomld.saved.structure import check_structure, is_parameter, line_of, totally_ordered, without_solutions
from iomld.store.query_size import has_too_many_operators, has_too_many_patterns
from iomld.store.query_text import FORMS, TOKEN, is_update, syntax_message, unescaped, uses_service
from iomld.store.sparql_tokens import Token, UnsupportedSyntaxError, query_tokens

MOST_BYTES = 100_000
MOST_PARTS = 200  # operators, and triple patterns; the engine plans them in a third of a second
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A saved query.

    Attributes:
        name: Its name, which is that of its file without `.rq`.
        title: What it answers, in a few words.
        summary: The same in a sentence; may be empty.
        tags: Its subjects.
        text: The whole file.
        form: SELECT, CONSTRUCT, DESCRIBE or ASK.
        parameters: Its parameters, in the order in which the text mentions them.
        variables: What a SELECT projects.
    """

    name: str
    title: str
    summary: str
    tags: tuple[str, ...]
    text: str = field(repr=False)
    form: str
    parameters: tuple[Parameter, ...]
    variables: tuple[str, ...]
    _body: str = field(repr=False)

    @property
    def sha256(self) -> str:
        """SHA-256 of the text in UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def values(self, given: Mapping[str, str]) -> Mapping[str, Value]:
        """The value of each parameter: the one that is given, or the default.

        Raises:
            ParameterError: A value is none of the type, or there is no such parameter.
        """
        names = [parameter.name for parameter in self.parameters]
        for name in given:
            if name not in names:
                raise ParameterError(name, self._unknown(name, names))
        return {
            one.name: one.value_of(given[one.name]) if one.name in given else one.default for one in self.parameters
        }

    def bound(self, values: Mapping[str, Value]) -> str:
        """The query with a value in place of each parameter, ordered in one way only.

        It keeps its comments but those that describe it, and begins with its title as one.
        """
        query = totally_ordered(_bound(self._body, values), self.variables).strip()
        return f"# {self.title}\n{query}\n"

    def given(self, values: Mapping[str, Value]) -> Mapping[str, str]:
        """The texts of those values that are not the defaults, as they stand in an address."""
        return {one.name: one.text_of(values[one.name]) for one in self.parameters if values[one.name] != one.default}

    def _unknown(self, name: str, names: Sequence[str]) -> Message:
        if not names:
            return message("The query has no parameters. Remove “{name}”.", name=name[:40])
        close = get_close_matches(name, names, n=1)
        return message(
            "The query has no parameter “{name}”. Write {names}, or remove it.",
            name=name[:40],
            names=close[0] if close else ", ".join(names),
        )


def parse_saved_query(name: str, content: bytes | str, file: str = "") -> SavedQuery:
    """Parse and check a saved query.

    Args:
        name: Its name.
        content: The file.
        file: Name of the file, for errors; by default the name with `.rq`.

    Raises:
        QueryFileError: The file cannot be used; with the line and what to do.
    """
    file = file or f"{name}.rq"
    try:
        return _parsed(name, content if isinstance(content, str) else _decoded(content))
    except LineFaultError as error:
        raise QueryFileError(file, error.line, error.fault) from error


def check_name(name: str) -> None:
    """Check that a name can be that of a file and of an address.

    Raises:
        QueryFileError: It cannot.
    """
    if not NAME.fullmatch(name):
        fault = message(
            "A name has 1 to 64 small letters, digits, hyphens and underscores, such as projects-of-a-region. "
            "Rename the file, or give another name with --name."
        )
        raise QueryFileError(f"{name[:80]}.rq", 0, fault)


def _decoded(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise LineFaultError(0, message("The file is longer than {limit} bytes.", limit=MOST_BYTES))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise LineFaultError(line, message("The file is not UTF-8. Save it in this encoding.")) from error


def _parsed(name: str, text: str) -> SavedQuery:
    source = unescaped(text)
    if unescaped(source) != source:
        raise LineFaultError(0, message("A backslash is escaped outside of a text. Write the character itself."))
    decorators = read_decorators(_marked(source))
    body = _without_marked(source)
    tokens = [*query_tokens(body)]
    form = _form(body, tokens)
    check_structure(body, form)
    parameters = declared_parameters(body, tokens, decorators)
    names = _projected(body, form, {one.name: one.default for one in parameters})
    title = decorators.get(TITLE) or decorators.get(SUMMARY)
    if title is None or not title.text:
        fault = message(
            "The title is missing. Begin the file with a line like {example}.", example="#+ title: Projects by year"
        )
        raise LineFaultError(1, fault)
    summary = decorators[SUMMARY].text if SUMMARY in decorators else ""
    tags = tuple(entry.text for entry in decorators[TAGS].entries) if TAGS in decorators else ()
    return SavedQuery(name, title.text, summary, tags, text, form, parameters, names, body)


def _marked(source: str) -> Iterator[tuple[int, str]]:
    for match in TOKEN.finditer(source):
        if match.lastgroup == "comment" and match.group().startswith(MARK):
            yield source.count("\n", 0, match.start()) + 1, match.group()


def _without_marked(source: str) -> str:
    """The query with empty lines in place of the comments that describe it, so that its lines keep their numbers."""
    parts, end = [], 0
    for match in TOKEN.finditer(source):
        if match.lastgroup == "comment" and match.group().startswith(MARK):
            parts.append(source[end : match.start()])
            end = match.end()
    return "".join((*parts, source[end:]))


def _form(body: str, tokens: Sequence[Token]) -> str:
    if is_update(body):
        raise LineFaultError(
            _line_of_first(body, tokens), message("This is an update. Write SELECT, ASK, CONSTRUCT or DESCRIBE.")
        )
    form = next((token.word for token in tokens if token.word in FORMS), "")
    if not form:
        fault = message("There is no query. Write SELECT, ASK, CONSTRUCT or DESCRIBE below the comments.")
        raise LineFaultError(_line_of_first(body, tokens), fault)
    if uses_service(body):
        place = next((token.start for token in tokens if "service" in token.text.lower()), 0)
        fault = message(
            "A saved query cannot use SERVICE: another endpoint may answer differently tomorrow. Remove it."
        )
        raise LineFaultError(line_of(body, place), fault)
    if has_too_many_operators(body, MOST_PARTS) or has_too_many_patterns(body, MOST_PARTS):
        fault = message(
            "The query has more than {limit} operators or triple patterns. Shorten it, or list values with VALUES.",
            limit=MOST_PARTS,
        )
        raise LineFaultError(0, fault)
    return form


def _line_of_first(body: str, tokens: Sequence[Token]) -> int:
    return line_of(body, tokens[0].start) if tokens else 0


def _bound(body: str, values: Mapping[str, Value]) -> str:
    parts, end = [], 0
    for token in query_tokens(body):
        named = parameter_name(token.text[1:]) if is_parameter(token) else None
        if named:
            parts += [body[end : token.start], _apart(body, token, sparql_text(values[named.name]))]
            end = token.end
    return "".join((*parts, body[end:])).strip("\ufeff")


def _apart(body: str, token: Token, text: str) -> str:
    """The text that replaces a token, with blanks where it could run into what is beside it."""
    before, after = body[: token.start][-1:], body[token.end :][:1]
    left = "" if not before or before.isspace() or before in "({,;" else " "
    right = "" if not after or after.isspace() or after in ")},;" else " "
    return f"{left}{text}{right}"


def _projected(body: str, form: str, defaults: Mapping[str, Value]) -> tuple[str, ...]:
    """The variables that the query projects, as the engine says, which also checks the grammar.

    Raises:
        LineFaultError: The query does not parse with the defaults in place of its parameters.
    """
    bound = _bound(body, defaults)
    try:
        result = Store().query(without_solutions(bound, form), base_iri="http://localhost/")
    except UnsupportedSyntaxError as error:
        raise LineFaultError(0, message("The query nests its brackets too deeply. Make it flatter.")) from error
    except SyntaxError as error:
        fault = syntax_message(bound, str(error), {})
        line, rest = fault.values.get("line"), fault.values.get("rest")
        is_placed = isinstance(line, int) and isinstance(rest, Message | ForeignText)
        reason = rest if isinstance(rest, Message) else Message(str(rest)) if is_placed else fault
        raise LineFaultError(line if isinstance(line, int) else 0, reason) from error
    except RuntimeError as error:  # it parses and cannot be planned, as with an unknown function
        fault = message("The query cannot be evaluated: {rest}", rest=ForeignText(error))
        raise LineFaultError(0, fault) from error
    if form == "SELECT" and isinstance(result, QuerySolutions):
        return tuple(variable.value for variable in result.variables)
    return ()
