// Faults of a query while it is written. Whoever reads a mark must be able to trust it: no valid query has one.
import { SparqlLanguage } from "codemirror-lang-sparql";
import { declaredPrefixes, tokens } from "./tokens.js";

const NAMES = new Set(["iri", "name"]);
const LONGEST = 20_000; // characters of a query that is looked at
const ESCAPE = /\\[uU][0-9A-Fa-f]{4}/; // may stand for any character, also in keywords
const MODIFIERS = new Set(["*", "+", "?"]);

/** Reads property paths from tokens; each method gives the index after what it read, or -1. */
const path = {
  alternatives(all, at) {
    let end = path.element(all, at);
    while (end > 0 && (all[end]?.word === "/" || all[end]?.word === "|")) end = path.element(all, end + 1);
    return end;
  },
  element(all, at) {
    const start = all[at]?.word === "^" ? at + 1 : at;
    const end = path.primary(all, start);
    return end > 0 && MODIFIERS.has(all[end]?.word) ? end + 1 : end;
  },
  primary(all, at) {
    const token = all[at];
    if (!token) return -1;
    if (NAMES.has(token.kind) || token.text === "a") return at + 1;
    if (token.word === "!") return path.negated(all, at + 1);
    if (token.word !== "(") return -1;
    const end = path.alternatives(all, at + 1);
    return end > 0 && all[end]?.word === ")" ? end + 1 : -1;
  },
  negated(all, at) {
    if (all[at]?.word !== "(") return path.step(all, at);
    let end = path.step(all, at + 1);
    while (end > 0 && all[end]?.word === "|") end = path.step(all, end + 1);
    return end > 0 && all[end]?.word === ")" ? end + 1 : -1;
  },
  step(all, at) {
    const start = all[at]?.word === "^" ? at + 1 : at;
    return all[start] && (NAMES.has(all[start].kind) || all[start].text === "a") ? start + 1 : -1;
  },
};

/**
 * A query of the same length without comments, and with simpler words where the grammar of the editor knows less than SPARQL 1.1: hash functions,
 * paths in brackets and behind them, inverse properties in negated sets.
 */
export function simplified(query) {
  let text = query;
  const put = (from, to, word) => { text = text.slice(0, from) + word.padEnd(to - from) + text.slice(to); };
  const every = tokens(query);
  for (const { kind, from, to } of every) if (kind === "comment") put(from, to, "");
  const all = every.filter(({ kind }) => kind !== "comment");
  for (let at = 0; at < all.length; at++) {
    const { word, from, to } = all[at];
    const before = all[at - 1]?.word ?? "";
    if (/^(?:MD5|SHA\d+)$/.test(word)) put(from, to, "STR");
    const isVerb = "[;]".includes(before) && before !== "";
    const end = isVerb ? path.alternatives(all, at) : word === "!" && all[at + 2]?.word !== ")" ? path.negated(all, at + 1) : -1;
    const isGap = end > at + 1 && (isVerb || all.slice(at, end).some((token) => token.word === "^"));
    if (isGap) {
      put(from, all[end - 1].to, isVerb ? "a" : "!a");
      at = end - 1;
    }
  }
  return text;
}

/** The first place that the grammar does not allow; null if there is none. */
function misplaced(query) {
  let place = null;
  SparqlLanguage.parser.parse(simplified(query)).iterate({
    enter(node) {
      if (node.type.isError) place ??= node.from;
      return place === null;
    },
  });
  return place;
}

/** The faults of a query: their places, the kind of each, and the word there or the prefix that is not declared, with its colon. */
export function faults(query) {
  if (query.length > LONGEST || ESCAPE.test(query)) return [];
  const all = tokens(query).filter((token) => token.kind !== "comment");
  if (!all.length) return [];
  const place = misplaced(query);
  const declared = declaredPrefixes(query);
  const found = all
    .filter(({ kind, text }, at) => kind === "name" && !text.startsWith("_:") && all[at - 1]?.word !== "PREFIX" && !declared.has(text.split(":")[0]))
    .map(({ from, to, text }) => ({ from, to, kind: "prefix", word: `${text.split(":")[0]}:` }));
  if (place === null) return found;
  const token = all.find(({ to }) => to > place);
  if (token) return [...found.filter((fault) => fault.from < token.from), { from: token.from, to: token.to, kind: "unexpected", word: token.text }];
  const last = all.at(-1);
  return [...found, { from: last.from, to: last.to, kind: "end", word: "" }];
}
