// The tokens of a SPARQL query. Whitespace is what stands between them; comments are tokens.

const NUMBER = String.raw`[+-]?(?:\d+\.\d*[eE][+-]?\d+|\.?\d+[eE][+-]?\d+|\d*\.\d+|\d+)`;
const LOCAL = String.raw`[\p{L}\p{N}\p{M}_:]|%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]`;
const KINDS = {
  comment: String.raw`#[^\r\n]*`,
  iri: String.raw`<(?:[^<>"{}|^\x60\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*>`,
  string: String.raw`'''(?:'{0,2}(?:[^'\\]|\\[^]))*'''|"""(?:"{0,2}(?:[^"\\]|\\[^]))*"""|'(?:[^'\\\r\n]|\\.)*'|"(?:[^"\\\r\n]|\\.)*"`,
  variable: String.raw`[?$][\p{L}\p{N}\p{M}_]+`,
  language: String.raw`@[A-Za-z]+(?:-[A-Za-z0-9]+)*`,
  name: String.raw`(?:[\p{L}_][\p{L}\p{N}\p{M}_.\-]*)?:(?:(?:${LOCAL})(?:(?:${LOCAL}|[.\-·])*(?:${LOCAL}|[\-·]))?)?`,
  number: NUMBER,
  word: String.raw`[\p{L}\p{N}\p{M}_]+`,
  other: String.raw`\S`,
};
const TOKEN = new RegExp(Object.entries(KINDS).map(([kind, pattern]) => `(?<${kind}>${pattern})`).join("|"), "gu");

/**
 * The tokens of a query: kind, text, place, and the keyword in capitals or the sign, which is empty for other tokens.
 * A `<` that begins no IRI is a sign; one that may begin an IRI is read as one, and its text is then left as it is.
 */
export function tokens(query) {
  return [...query.matchAll(TOKEN)].map((match) => {
    const [kind, text] = Object.entries(match.groups).find(([, found]) => found !== undefined);
    const word = kind === "word" ? text.toUpperCase() : kind === "other" ? text : "";
    return { kind, text, word, from: match.index, to: match.index + text.length };
  });
}

/** The IRI of each prefix that a query declares. */
export function declaredPrefixes(query) {
  const found = new Map();
  const all = tokens(query).filter((token) => token.kind !== "comment");
  all.forEach((token, at) => {
    const [name, iri] = all.slice(at + 1, at + 3);
    if (token.word === "PREFIX" && name?.kind === "name" && iri?.kind === "iri") found.set(name.text.slice(0, -1), iri.text.slice(1, -1));
  });
  return found;
}
