"""Other spellings of an IRI: what people get wrong when they write one."""

import re
from collections.abc import Iterator, Mapping

_CODE = re.compile(r"^([A-Z]{2})[\W_]?(\d+)$")


def respelled(iri: str, base: str, prefixes: Mapping[str, str]) -> Iterator[str]:
    """IRIs that one may be a wrong spelling of, likely ones first.

    Its scheme, a slash at its end, a document for its thing, a code without its dot or in small letters; a prefixed
    name in angle brackets.

    Args:
        iri: The IRI as it was written.
        base: Base of the data's IRIs.
        prefixes: The IRI of each prefix.

    >>> next(respelled("http://x.org/id/project/po0105", "https://x.org/", {}))
    'https://x.org/id/project/po0105'
    """
    if "\\" in iri:  # an escape; whoever writes these knows better
        return
    scheme, sign, rest = iri.partition("://")
    if not sign:
        prefix, _, local = iri.partition(":")
        if prefix in prefixes:
            yield prefixes[prefix] + local
        return
    ours, _, place = base.partition("://")
    other = ours if rest.startswith(place) and scheme != ours else "http" if scheme == "https" else "https"
    found = []
    for one in (f"{other}://{rest}", iri):
        bare = one.rstrip("/#")
        start, slash, segment = bare.rpartition("/")
        coded = start + slash + _CODE.sub(r"\1.\2", segment.upper())
        found += [one, bare, coded, start + slash + segment.upper(), f"{bare}/"]
    for change in (("/doc/", "/id/"), ("/id/", "/doc/")):
        found += [one.replace(*change, 1) for one in found]
    yield from (one for one in dict.fromkeys(found) if one != iri)
