// Lays out a SPARQL query: line breaks and indents change, tokens and comments never do.
import { tokens } from "./tokens.js";

const STEP = "  ";
const INLINE = 80; // characters of a group that stays on its line
const CLAUSES = new Set(["OPTIONAL", "FILTER", "BIND", "VALUES", "MINUS", "GRAPH", "SERVICE"]);
const MODIFIERS = new Set(["FROM", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"]);
const FORMS = new Set(["SELECT", "CONSTRUCT", "ASK", "DESCRIBE"]);
const CLOSING = { "{": "}", "(": ")", "[": "]" };

/** For each opening bracket the index of its closing one; null if they do not match. */
function pairs(all) {
  const found = new Map();
  const open = [];
  for (const [at, { word }] of all.entries()) {
    if (word in CLOSING) open.push(at);
    else if ("})]".includes(word) && word) {
      const start = open.pop();
      if (start === undefined || CLOSING[all[start].word] !== word) return null;
      found.set(start, at);
    }
  }
  return open.length ? null : found;
}

/** Whether a group in braces stays on one line: it is short, was on one line, and holds no other group. */
function isInline(query, all, start, end) {
  const inside = all.slice(start + 1, end);
  const text = query.slice(all[start].from, all[end].to);
  return text.length <= INLINE && !text.includes("\n") && inside.every(({ kind, word }) => kind !== "comment" && word !== "{");
}

/** Lays out a query whose brackets match; says for each token what stands before it. */
class Layout {
  constructor(query, all, closings) {
    Object.assign(this, { query, all, closings });
    this.last = null; // the last token that is no comment
    this.open = []; // the brackets around the place: their sign, and whether the group is on one line
    this.isData = false; // whether the next brace opens a block of VALUES
  }

  text() {
    let text = "";
    this.all.forEach((token, at) => {
      if (at) text += this.gap(this.all[at - 1], token);
      if (token.kind !== "comment") this.last = token;
      text += token.text;
      this.enter(token, at);
    });
    return text;
  }

  get depth() { return this.open.filter(({ sign, isLine }) => sign === "{" && !isLine).length; }
  get top() { return this.open.at(-1); }
  /** Whether the place is directly in a group of several lines, or outside of all brackets. */
  get isStructural() { return !this.top || (this.top.sign === "{" && !this.top.isLine); }

  /** The blanks before a token that begins a line, which may go on with what began on another one. */
  indent(token, continued) {
    if (token.word !== "}") return STEP.repeat(this.depth + continued);
    return STEP.repeat(this.depth - (this.top?.isLine ? 0 : 1));
  }

  enter(token, at) {
    if (token.word === "VALUES") this.isData = true;
    if (token.word in CLOSING) {
      const isLine = (token.word === "{" && (this.isData || isInline(this.query, this.all, at, this.closings.get(at)))) || (this.top?.isLine ?? false);
      this.open.push({ sign: token.word, isLine });
      if (token.word === "{") this.isData = false;
    } else if (token.word && "})]".includes(token.word)) this.open.pop();
  }

  gap(before, token) {
    const between = this.query.slice(before.to, token.from);
    const breaks = between.split("\n").length - 1;
    if (this.isNewStatement(before, token, breaks)) {
      const isBlank = breaks > 1 || (FORMS.has(token.word) && !this.top && before.kind === "iri");
      return (isBlank && before.word !== "{" && token.word !== "}" ? "\n\n" : "\n") + this.indent(token, 0);
    }
    const isHead = !this.top && before.kind !== "comment" && token.word === "{"; // SELECT … WHERE {
    if (!isHead && (before.kind === "comment" || breaks || (before.word === ";" && this.isStructural))) {
      return "\n" + this.indent(token, !this.top && token.word === "WHERE" ? 0 : 1);
    }
    const isWide = token.word === "{" || before.word === "{" || token.word === "}" || before.word === "}" || before.word === ",";
    if (before.word === "{" && token.word === "}") return "";
    const isStop = this.isStructural && (token.word === "." || token.word === ";" || before.word === ".");
    return between || isWide || isStop || token.kind === "comment" ? " " : "";
  }

  /** Whether a statement, a clause or the end of a group begins with a token. */
  isNewStatement(before, token, breaks) {
    const last = this.last ?? before;
    if (!this.isStructural || (token.kind === "comment" && !breaks)) return false;
    if (last.word === "{" || token.word === "}") return before.word !== "{" || token.word !== "}" || breaks > 0;
    if (!this.top) {
      return token.word === "PREFIX" || token.word === "BASE" || MODIFIERS.has(token.word) || last.kind === "comment" ||
        (FORMS.has(token.word) && last.kind === "iri") || ((last.word === "}" || last.kind === "iri") && token.kind === "comment");
    }
    if (last.word === ".") return token.word !== ".";
    if (last.word === "}") return token.word !== "UNION" && token.word !== ".";
    return CLAUSES.has(token.word) && last.word !== "UNION";
  }
}

/** A query laid out; unchanged if its brackets do not match. */
export function formatted(query) {
  const all = tokens(query);
  const closings = pairs(all);
  if (!closings || !all.length) return query;
  const text = new Layout(query, all, closings).text();
  const after = tokens(text);
  const isSame = after.length === all.length && after.every((token, at) => token.text === all[at].text);
  return isSame ? `${text}\n` : query;
}
