// The name of an IRI, a prefixed name or a country code under the pointer, from the server's own list of terms.
import { hoverTooltip } from "@codemirror/view";
import { declaredPrefixes, tokens } from "./tokens.js";

/** The terms of the list by their IRI; countries also by their code. */
function indexed(known) {
  const found = new Map();
  for (const term of known.terms) {
    const [prefix, local] = term.name.split(/:(.*)/s);
    found.set(known.prefixes[prefix] + local, term);
    if (prefix === "cty") found.set(`"${local}"`, term);
  }
  return found;
}

/** Shows the name, and the meaning if the list has it. `terms()` gives the list, or null until it is there. */
export function names(terms) {
  let index = null;
  return hoverTooltip((view, place) => {
    const known = terms();
    if (!known) return null;
    index ??= indexed(known);
    const query = view.state.doc.toString();
    const token = tokens(query).find(({ from, to }) => from <= place && place < to);
    const term = token && index.get(meaning(token, query));
    if (!term?.label && !term?.comment) return null;
    return { pos: token.from, end: token.to, above: true, create: () => ({ dom: drawn(term) }) };
  });
}

function meaning({ kind, text }, query) {
  if (kind === "iri") return text.slice(1, -1);
  if (kind === "string") return text.replace(/^'|'$/g, '"');
  if (kind !== "name") return "";
  const [prefix, local] = text.split(/:(.*)/s);
  return (declaredPrefixes(query).get(prefix) ?? "") + local.replace(/\\(.)/g, "$1");
}

function drawn({ name, label, comment }) {
  const dom = document.createElement("div");
  dom.className = "cm-name";
  const title = document.createElement("b");
  title.textContent = label || name;
  const code = document.createElement("code");
  code.textContent = name;
  dom.append(title, " ", code);
  if (comment) {
    const text = document.createElement("p");
    text.textContent = comment;
    dom.append(text);
  }
  return dom;
}
