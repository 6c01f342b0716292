"""Queries made from templates over the properties and values of a dataset; the same each time."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from pyoxigraph import Literal, NamedNode, Quad

SEED = 20261125
_NUMBERS = ("integer", "decimal")


class Source:
    """A dataset to draw from: what is drawn together stands together in it, so that most answers are not empty."""

    def __init__(self, quads: Iterable[Quad], seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # the same each time is the point
        self._facts: defaultdict[str, list[tuple[str, NamedNode | Literal]]] = defaultdict(list)
        self._graphs: dict[str, str] = {}
        for quad in quads:
            if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode | Literal):
                subject = str(quad.subject)
                self._facts[subject].append((str(quad.predicate), quad.object))
                self._graphs[subject] = str(quad.graph_name)
        self._subjects = sorted(name for name, facts in self._facts.items() if len({p for p, _ in facts}) > 2)

    def subject(self) -> str:
        """A subject with three properties or more."""
        return self._random.choice(self._subjects)

    def subjects(self, number: int) -> list[str]:
        """Several of them."""
        return [self.subject() for _ in range(number)]

    def graph(self, subject: str) -> str:
        """A graph that speaks of a subject."""
        return self._graphs[subject]

    def properties(self, subject: str, number: int) -> list[str]:
        """Different properties of a subject."""
        return self._random.sample(sorted({name for name, _ in self._facts[subject]}), number)

    def value(self, subject: str, name: str) -> NamedNode | Literal:
        """A value of a property."""
        return self._random.choice(sorted((one for of, one in self._facts[subject] if of == name), key=str))

    def chain(self) -> tuple[str, str, str]:
        """A subject, a property that leads to another subject, and a property of that."""
        while True:
            subject = self.subject()
            steps = [(name, str(one)) for name, one in self._facts[subject] if str(one) in self._facts]
            if steps:
                name, target = self._random.choice(sorted(steps))
                return subject, name, self.properties(target, 1)[0]

    def one_of(self, *texts: str) -> str:
        """One of several texts."""
        return self._random.choice(texts)

    def number(self, most: int) -> int:
        """A number from 1."""
        return self._random.randint(1, most)


def generated(quads: Iterable[Quad], each: int, seed: int = SEED) -> Iterator[tuple[str, str]]:
    """The kind and text of each query: so many of each kind."""
    source = Source(quads, seed)
    for kind, template in KINDS.items():
        for _ in range(each):
            yield kind, template(source)


def _join(source: Source) -> str:
    subject = source.subject()
    a, b, c = source.properties(subject, 3)
    start, way, end = source.chain()
    return source.one_of(
        f"SELECT * {{ ?s {a} ?a ; {b} ?b }}",
        f"SELECT DISTINCT ?a ?b {{ ?s {a} ?a ; {b} ?b ; {c} ?c }}",
        f"SELECT * {{ ?s {way} ?o . ?o {end} ?b }}",
        f"SELECT * {{ {start} {way} ?o . ?o ?p ?b }}",
    )


def _optional(source: Source) -> str:
    a, b, c = source.properties(source.subject(), 3)
    return source.one_of(
        f"SELECT * {{ ?s {a} ?a OPTIONAL {{ ?s {b} ?b }} }}",
        f"SELECT * {{ ?s {a} ?a OPTIONAL {{ ?s {b} ?b FILTER(BOUND(?a)) }} OPTIONAL {{ ?s {c} ?c }} }}",
        f"SELECT ?s {{ ?s {a} ?a OPTIONAL {{ ?s {b} ?b }} FILTER(!BOUND(?b)) }}",
    )


def _union(source: Source) -> str:
    a, b, c = source.properties(source.subject(), 3)
    return f"SELECT * {{ {{ ?s {a} ?a }} UNION {{ ?s {b} ?b }} UNION {{ {source.subject()} {c} ?c }} }}"


def _minus(source: Source) -> str:
    subject = source.subject()
    a, b = source.properties(subject, 2)
    value = source.value(subject, b)
    return source.one_of(
        f"SELECT * {{ ?s {a} ?a MINUS {{ ?s {b} {value} }} }}",
        f"SELECT * {{ ?s {a} ?a MINUS {{ ?x {b} ?y }} }}",
        f"SELECT * {{ ?s {a} ?a FILTER NOT EXISTS {{ ?s {b} {value} }} }}",
    )


def _filter(source: Source) -> str:
    subject = source.subject()
    (a,) = source.properties(subject, 1)
    value = source.value(subject, a)
    tests = [f"?a != {value}", f"?a IN ({value}, 1)", "isIRI(?a)", f"STRLEN(STR(?a)) > {source.number(30)}"]
    if isinstance(value, Literal):
        tests += [
            'LANGMATCHES(LANG(?a), "*")',
            'REGEX(STR(?a), "^[a-m]", "i")',
            f'CONTAINS(STR(?a), "{source.number(9)}")',
        ]
        if value.datatype.value.endswith(_NUMBERS):
            tests += [f"?a >= {value}", f"?a * 2 < {value} + {source.number(100)}"]
    return f"SELECT ?s ?a {{ ?s {a} ?a FILTER({source.one_of(*tests)}) }}"


def _path(source: Source) -> str:
    start, way, end = source.chain()
    a, b = source.properties(source.subject(), 2)
    return source.one_of(
        f"SELECT * {{ ?s {way}/{end} ?o }}",
        f"SELECT * {{ ?s ^{way}/{a} ?o }}",
        f"SELECT * {{ {start} ({a}|{b}|{way}) ?o }}",
        f"SELECT * {{ {start} {way}? ?o }}",
        f"SELECT * {{ {start} {way}* ?o }}",
        f"SELECT * {{ {start} !({a}|^{b}) ?o }}",
        "SELECT * { ?s <http://www.w3.org/2004/02/skos/core#broader>+ ?o }",
    )


def _aggregate(source: Source) -> str:
    a, b = source.properties(source.subject(), 2)
    return source.one_of(
        f"SELECT ?a (COUNT(?s) AS ?n) {{ ?s {a} ?a }} GROUP BY ?a",
        f"SELECT ?a (COUNT(DISTINCT ?b) AS ?n) (MIN(STR(?b)) AS ?least) {{ ?s {a} ?a ; {b} ?b }} GROUP BY ?a",
        f"SELECT ?a (MAX(STRLEN(STR(?b))) AS ?n) {{ ?s {a} ?a ; {b} ?b }} GROUP BY ?a HAVING(COUNT(*) > 1)",
        f"SELECT (SUM(STRLEN(STR(?a))) AS ?n) (AVG(STRLEN(STR(?a))) AS ?m) {{ ?s {a} ?a }}",
    )


def _order(source: Source) -> str:
    (a,) = source.properties(source.subject(), 1)
    by = source.one_of("?a", "DESC(?a)", "STRLEN(STR(?a))", "LANG(?a)")
    page = f"LIMIT {source.number(30)} OFFSET {source.number(5)}"
    return f"SELECT DISTINCT ?s ?a {{ ?s {a} ?a }} ORDER BY {by} ?s STR(?a) LANG(?a) {page}"


def _values(source: Source) -> str:
    one, two = source.subjects(2)
    a, b = source.properties(one, 2)
    value = source.value(one, a)
    return source.one_of(
        f"SELECT * {{ VALUES ?s {{ {one} {two} }} ?s ?p ?o }}",
        f"SELECT * {{ VALUES (?s ?p) {{ ({one} {a}) (UNDEF {b}) ({two} UNDEF) }} ?s ?p ?o }}",
        f"SELECT * {{ ?s {a} ?o }} VALUES ?o {{ {value} 1 }}",
    )


def _graph(source: Source) -> str:
    subject = source.subject()
    a, b = source.properties(subject, 2)
    graph = source.graph(subject)
    return source.one_of(
        f"SELECT * {{ GRAPH ?g {{ ?s {a} ?a }} }}",
        f"SELECT * {{ GRAPH {graph} {{ ?s {a} ?a }} ?s {b} ?b }}",
        f"SELECT * FROM {graph} {{ ?s ?p ?o }}",  # noqa: S608  # no SQL
        f"SELECT * FROM NAMED {graph} {{ GRAPH ?g {{ ?s {b} ?o }} }}",  # noqa: S608  # no SQL
        f"SELECT ?g (COUNT(*) AS ?n) {{ GRAPH ?g {{ ?s {a} ?a }} }} GROUP BY ?g",
    )


def _subselect(source: Source) -> str:
    a, b = source.properties(source.subject(), 2)
    return source.one_of(
        f"SELECT * {{ {{ SELECT ?s (COUNT(*) AS ?n) {{ ?s {a} ?a }} GROUP BY ?s }} ?s {b} ?b }}",
        f"SELECT * {{ ?s {b} ?b {{ SELECT (MAX(STR(?a)) AS ?most) {{ ?x {a} ?a }} }} }}",
    )


def _expression(source: Source) -> str:
    a, b = source.properties(source.subject(), 2)
    return source.one_of(
        f"SELECT ?s ?t {{ ?s {a} ?a BIND(IF(isLITERAL(?a), UCASE(STR(?a)), STRAFTER(STR(?a), '/')) AS ?t) }}",
        f"SELECT ?s (COALESCE(?b, 'none') AS ?t) {{ ?s {a} ?a OPTIONAL {{ ?s {b} ?b }} }}",
        f"SELECT ?s (SHA256(STR(?a)) AS ?t) (DATATYPE(?a) AS ?d) {{ ?s {a} ?a }}",
        f"SELECT ?s (EXISTS {{ ?s {b} ?b }} AS ?t) {{ ?s {a} ?a }}",
    )


def _construct(source: Source) -> str:
    a, b = source.properties(source.subject(), 2)
    return source.one_of(
        f"CONSTRUCT {{ ?s {a} ?a }} WHERE {{ ?s {a} ?a ; {b} ?b }}",
        f"CONSTRUCT {{ ?a <http://x/of> ?s ; <http://x/n> 1 }} WHERE {{ ?s {a} ?a }}",
        f"CONSTRUCT {{ ?s <http://x/has> [ <http://x/value> ?a ] }} WHERE {{ ?s {a} ?a }}",
        f"CONSTRUCT WHERE {{ {source.subject()} ?p ?o }}",
    )


def _describe(source: Source) -> str:
    subject = source.subject()
    (a,) = source.properties(subject, 1)
    return source.one_of(
        f"DESCRIBE {subject}",
        f"DESCRIBE {subject} {source.subject()}",
        f"DESCRIBE ?s {{ ?s {a} {source.value(subject, a)} }}",
    )


def _ask(source: Source) -> str:
    subject = source.subject()
    a, b = source.properties(subject, 2)
    return source.one_of(
        f"ASK {{ {subject} {a} {source.value(subject, a)} }}",
        f"ASK {{ ?s {a} ?a FILTER NOT EXISTS {{ ?s {b} ?b }} }}",
        f"ASK {{ {subject} {a} 'nothing' }}",
    )


KINDS: dict[str, Callable[[Source], str]] = {
    "join": _join,
    "optional": _optional,
    "union": _union,
    "minus": _minus,
    "filter": _filter,
    "path": _path,
    "aggregate": _aggregate,
    "order": _order,
    "values": _values,
    "graph": _graph,
    "subselect": _subselect,
    "expression": _expression,
    "construct": _construct,
    "describe": _describe,
    "ask": _ask,
}

_PREFIXES = """PREFIX iomld: <https://w3id.org/iomld/ns#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
WRITTEN = [
    _PREFIXES + text
    for text in (
        "SELECT (COUNT(*) AS ?n) { ?p a iomld:Project }",
        "SELECT ?r (SUM(?b) AS ?total) { ?p iomld:region ?r ; iomld:budgetUSD ?b } GROUP BY ?r ORDER BY DESC(?total)",
        "SELECT ?t { ?p dcterms:title ?t FILTER(LANG(?t) = 'fr') }",
        "SELECT ?p ?y { ?p iomld:startYear ?y FILTER(?y > '2018'^^xsd:gYear) }",
        "SELECT ?p (?e - ?s AS ?d) { ?p iomld:periodStart ?s ; iomld:periodEnd ?e FILTER(YEAR(?e) < 2020) }",
        "SELECT ?c (COUNT(?p) AS ?n) { ?p iomld:benefitingCountry ?c } GROUP BY ?c HAVING(?n > 3) ORDER BY DESC(?n) ?c",
        "SELECT ?f ?part { ?part skos:broader+ ?f FILTER NOT EXISTS { ?f skos:broader ?x } }",
        "SELECT ?l { ?x skos:altLabel ?l FILTER(REGEX(?l, '[^ -~]')) }",
        'SELECT ?x { VALUES ?x { "a,b" "a\\"b" "a\\nb" "a\\tb" "é\\u00e9" 1.50 1e3 true "x"@en-GB <http://x/a,b> } }',
        "SELECT ?a ?b { VALUES (?a ?b) { (1 UNDEF) (UNDEF 2) (UNDEF UNDEF) } }",
        "SELECT * { }",
        "SELECT ?nothing { ?s iomld:noSuchProperty ?nothing }",
        "SELECT (1/0 AS ?e) (xsd:integer('x') AS ?f) ('a' + 1 AS ?g) { }",
        "SELECT ?g { GRAPH ?g { } }",
        "SELECT (GROUP_CONCAT(?c; separator='|') AS ?all) { SELECT ?c { ?p iomld:projectCode ?c } ORDER BY ?c }",
        "ASK { ?p iomld:projectCode 'PO.0105' }",
        "ASK { GRAPH ?g { ?p iomld:noSuchProperty ?o } }",
        "DESCRIBE <https://w3id.org/iomld/id/country/CN>",
        "DESCRIBE <http://x/unknown>",
        "CONSTRUCT { ?c <http://x/has> _:b . _:b <http://x/l> ?l } WHERE { ?c skos:notation 'gcm' ; skos:altLabel ?l }",
    )
]
