// What may be written at a place of a query, from the server's own list of terms; nothing is asked elsewhere.

const KEYWORDS = [
  "SELECT", "WHERE", "FILTER", "OPTIONAL", "UNION", "GROUP BY", "ORDER BY", "LIMIT", "OFFSET", "DISTINCT", "COUNT", "VALUES",
  "BIND", "MINUS", "CONSTRUCT", "ASK", "DESCRIBE", "PREFIX",
];
const NAME = /^[\w-]*:?[\w.-]*$/;

/** A query without its comments and strings, which may hold anything; lengths change. */
const bare = (text) => text.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""').replace(/(^|\s)#[^\n]*/g, "$1");

/** The class that the query gives to the subject of the place, as a prefixed name. */
function classOfSubject(text, place) {
  const before = bare(text.slice(0, place));
  const subject = before.match(/(?:^|[.{}]\s*)([?$]\w+|<[^>]+>|[\w-]*:[\w.-]+)\s+[^.{}]*$/)?.[1];
  if (!subject) return null;
  const escaped = subject.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return bare(text).match(new RegExp(`${escaped}\\s+(?:[^.{}]*;\\s*)?(?:a|rdf:type)\\s+([\\w-]*:[\\w-]+)`))?.[1] ?? null;
}

/** Writes a term, and the prefix it needs if the query has not declared it. */
function insert(term, prefixes) {
  return (view, _, from, to) => {
    const prefix = term.name.split(":")[0];
    const declared = new RegExp(`prefix\\s+${prefix}:`, "i").test(view.state.doc.toString());
    const declaration = declared ? "" : `PREFIX ${prefix}: <${prefixes[prefix]}>\n`;
    view.dispatch({
      changes: [{ from: 0, insert: declaration }, { from, to, insert: term.name }],
      selection: { anchor: declaration.length + from + term.name.length },
      userEvent: "input.complete",
    });
  };
}

const uses = (count) => (count ? `${count.toLocaleString("en")} ${count === 1 ? "use" : "uses"}` : "not used yet");

function option(term, prefixes, boost) {
  return {
    label: `${term.name} ${term.label}`, // words of the label find it too
    displayLabel: term.name,
    detail: term.label,
    type: term.kind === "class" ? "class" : term.kind === "thing" ? "constant" : "property",
    description: term.kind === "thing" ? "" : [uses(term.count), term.comment].filter(Boolean).join(" · "),
    boost,
    apply: insert(term, prefixes),
  };
}

/** The element that describes an option below its name; null for one without a description. */
export function describe({ description }) {
  if (!description) return null;
  const element = document.createElement("span");
  element.className = "cm-description";
  element.textContent = description;
  return element;
}

/** Completions; `terms()` gives the list, or null until it is there. */
export const completions = (terms) => (context) => {
  const word = context.matchBefore(/[?$]?[\w-]*:?[\w.-]*/);
  if (!word || (word.from === word.to && !context.explicit)) return null;
  const text = context.state.doc.toString();
  if (/^[?$]/.test(word.text)) {
    const names = new Set(text.match(/[?$]\w+/g) ?? []);
    names.delete(word.text);
    return { from: word.from, options: [...names].map((label) => ({ label, type: "variable" })) };
  }
  const known = terms();
  const isClassWanted = /(?:^|[\s;])(?:a|rdf:type)\s+$/.test(text.slice(0, word.from));
  const subjectClass = classOfSubject(text, word.from);
  const options = (known?.terms ?? [])
    .filter((term) => (term.kind === "class") === isClassWanted)
    .map((term) => {
      const fits = subjectClass && term.domain?.includes(subjectClass);
      const rank = term.kind === "thing" ? -20 : Math.min(20, Math.log2((term.count ?? 0) + 1));
      return option(term, known.prefixes, fits ? 50 : rank);
    });
  if (!isClassWanted) options.push(...KEYWORDS.map((label) => ({ label, type: "keyword", boost: -10 })));
  return { from: word.from, options, validFor: NAME };
};
