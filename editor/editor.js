// Turns the query page's <textarea> into an editor. The page is whole without it.
import { autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, toggleComment } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import {
  drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers,
  runScopeHandlers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { sparql, SparqlLanguage } from "codemirror-lang-sparql";
import { completions, describe } from "./completion.js";
import { keepDrafts } from "./drafts.js";
import { filterable } from "./filter.js";
import { formatted } from "./format.js";
import { names } from "./hover.js";
import { faults } from "./lint.js";
import { watchRuns } from "./running.js";
import { sortable } from "./sort.js";

// Colours are the page's own variables, so both themes hold; variables reach into the shadow tree.
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword], color: "var(--brand)", fontWeight: "600" },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: "var(--state)" },
  { tag: tags.string, color: "var(--framework)" },
  { tag: [tags.number, tags.bool], color: "var(--region)" },
  { tag: tags.comment, color: "var(--ink-2)", fontStyle: "italic" },
]);
const theme = EditorView.theme({
  "&": { border: "1.5px solid var(--line-strong)", borderRadius: "10px", background: "var(--surface)", color: "var(--ink)", fontSize: ".875rem" },
  "&.cm-focused": { outline: "3px solid var(--focus)", outlineOffset: "2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", maxHeight: "34rem", borderRadius: "9px" },
  ".cm-content, .cm-gutter": { minHeight: "15rem" },
  ".cm-content": { padding: ".8rem 0", caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { background: "var(--sunken)", color: "var(--ink-2)", border: "0" },
  ".cm-activeLine": { background: "color-mix(in oklab, var(--sunken) 55%, transparent)" },
  ".cm-activeLineGutter": { background: "var(--line)", color: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in oklab, var(--brand) 28%, transparent)",
  },
  "&.cm-focused .cm-matchingBracket": { background: "color-mix(in oklab, var(--brand) 22%, transparent)" },
  "&.cm-focused .cm-nonmatchingBracket": { background: "var(--err-bg)" },
  ".cm-tooltip": { background: "var(--surface)", color: "var(--ink)", border: "1px solid var(--line-strong)", borderRadius: "8px", overflow: "hidden" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxWidth: "min(40rem, 92vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: ".3rem .6rem", lineHeight: "1.4" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { background: "var(--brand)", color: "var(--on-brand)" },
  ".cm-completionDetail": { fontFamily: "var(--sans)", fontStyle: "normal", color: "var(--ink-2)" },
  "li[aria-selected] .cm-completionDetail": { color: "inherit" },
  ".cm-description": { display: "block", font: ".8125rem/1.4 var(--sans)", color: "var(--ink-2)", overflow: "hidden", textOverflow: "ellipsis" },
  "li[aria-selected] .cm-description": { color: "inherit", whiteSpace: "normal" },
  ".cm-name": { font: ".875rem/1.45 var(--sans)", padding: ".5rem .75rem", maxWidth: "min(26rem, 88vw)" },
  ".cm-name code": { font: ".8125rem/1.4 var(--mono)", color: "var(--ink-2)" },
  ".cm-name p": { margin: ".3rem 0 0", color: "var(--ink-2)" },
  // The package draws these two with pictures in data: addresses, which the Content-Security-Policy forbids.
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--err)", textUnderlineOffset: "3px" },
  ".cm-lint-marker-error": { content: "normal", background: "var(--err)", borderRadius: "50%", width: ".6em", height: ".6em", margin: ".35em .2em" },
  ".cm-diagnostic": { fontFamily: "var(--sans)", padding: ".4rem .6rem" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--err)" },
  ".cm-diagnosticAction": { background: "var(--brand)", color: "var(--on-brand)", fontFamily: "inherit", borderRadius: "5px", padding: ".2rem .5rem" },
});

/** A list of terms that is fetched when it is first wanted. */
function lazily(address) {
  let terms = null;
  let asked = null;
  return () => {
    asked ??= fetch(address).then(async (answer) => { if (answer.ok) terms = await answer.json(); }, () => {});
    return terms;
  };
}

/** The range of the word at a place, which counts characters, not UTF-16 units, from 1; at the end of a line the last one. */
function wordAt(doc, line, column) {
  const at = doc.line(Math.min(Math.max(line, 1), doc.lines));
  const offset = [...at.text].slice(0, column - 1).join("").length;
  const words = [...at.text.matchAll(/[?$]?[\w:.-]+|\S/g)];
  const word = words.find((one) => one.index + one[0].length > offset) ?? words.at(-1);
  const from = at.from + (word?.index ?? 0);
  return { from, to: from + (word?.[0].length ?? 0) };
}

/** Marks of the faults of the query; until it is changed, of the place that the answer names. `words` are the sentences. */
function marks(answered, terms, words) {
  const sentence = ({ kind, word }) => words[kind].replace("{word}", word.slice(0, 40));
  const declare = ({ word }) => {
    const iri = terms()?.prefixes[word.slice(0, -1)];
    const apply = (view) => view.dispatch({ changes: { from: 0, insert: `PREFIX ${word} <${iri}>\n` } });
    return iri ? [{ name: words.declare, apply }] : [];
  };
  return linter((view) => {
    if (answered && view.state.doc.eq(answered.doc)) return [answered.mark];
    return faults(view.state.doc.toString()).map((fault) => ({
      from: fault.from,
      to: fault.to,
      severity: "error",
      message: sentence(fault),
      actions: fault.kind === "prefix" ? declare(fault) : [],
    }));
  }, { delay: 600 });
}

/** The list of completions scrolls, so Tab reaches it; its keys are those of the editor, and it closes when focus leaves. */
const reachableList = EditorView.updateListener.of(({ view }) => {
  const list = view.root.querySelector(".cm-tooltip-autocomplete > ul:not([tabindex])");
  if (!list) return;
  list.tabIndex = 0;
  list.addEventListener("keydown", (event) => {
    if (event.key === "Tab" || !runScopeHandlers(view, event, "editor")) return;
    event.preventDefault();
    view.focus();
  });
  list.addEventListener("focusout", () => setTimeout(() => { if (!view.hasFocus) closeCompletion(view); }));
});

/** Replaces the whole text in one step, which undo takes back. */
function replaceText(view, text) {
  const { doc } = view.state;
  if (doc.toString() === text) return true;
  view.dispatch({ changes: { from: 0, to: doc.length, insert: text }, userEvent: "input.replace" });
  return true;
}

/**
 * Replaces a selection itself. Left to it, Chromium keeps the colour of what is typed over in a style attribute, which
 * the Content-Security-Policy forbids.
 */
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== "insertText" || event.isComposing || !event.data || view.state.selection.main.empty) return false;
    const { from, to } = view.state.selection.main;
    const isHandled = view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, event.data, () => null));
    if (!isHandled) view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    event.preventDefault();
    return true;
  },
});

function enhance(textarea) {
  const form = textarea.form;
  const label = form.querySelector(`label[for="${textarea.id}"]`);
  const run = () => (form.requestSubmit(form.querySelector("button[name=run]")), true);
  const format = (view) => replaceText(view, formatted(view.state.doc.toString()).trimEnd());
  const terms = lazily(textarea.dataset.terms);
  const { unexpected, end, prefix, declare } = textarea.dataset;
  // In a shadow tree styles are adopted sheets, which a strict Content-Security-Policy allows; <style> it would not.
  const host = document.createElement("div");
  host.id = "editor";
  host.dir = "ltr"; // a query reads so in all languages
  const root = host.attachShadow({ mode: "open", delegatesFocus: true });
  textarea.before(host);
  textarea.hidden = true;
  textarea.required = false;
  const state = EditorState.create({ doc: textarea.value.trimEnd() });
  const answered = answeredFault(state.doc);
  let changed = () => {};
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: state.doc,
      selection: { anchor: answered?.mark.from ?? 0 },
      extensions: [
        lineNumbers(), highlightSpecialChars(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(),
        highlightActiveLine(), highlightActiveLineGutter(), lintGutter(), sparql(), syntaxHighlighting(colours), theme,
        EditorView.lineWrapping,
        SparqlLanguage.data.of({ commentTokens: { line: "#" } }),
        EditorView.contentAttributes.of({ "aria-label": `${label.textContent} (${textarea.dataset.keys})`, spellcheck: "false" }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          textarea.value = update.state.doc.toString();
          changed();
        }),
        EditorView.domEventHandlers({ focus: () => { terms(); }, mouseover: () => { terms(); } }),
        typeOver,
        autocompletion({ override: [completions(terms)], addToOptions: [{ render: describe, position: 90 }] }),
        reachableList,
        names(terms),
        marks(answered, terms, { unexpected, end, prefix, declare }),
        // Tab is not bound: it leaves the editor.
        keymap.of([
          { key: "Mod-Enter", run },
          { key: "Mod-Shift-f", run: format },
          ...closeBracketsKeymap, ...defaultKeymap.filter((binding) => binding.key !== "Mod-Enter"), ...historyKeymap,
          ...completionKeymap, ...lintKeymap,
        ]),
      ],
    }),
  });
  label.addEventListener("click", () => view.focus());
  for (const [name, command] of Object.entries({ format, comment: toggleComment })) {
    form.querySelector(`[data-edit=${name}]`).addEventListener("click", () => {
      command(view);
      view.focus();
    });
  }
  const editor = {
    text: () => view.state.doc.toString(),
    replace: (text) => replaceText(view, text),
    focus: () => view.focus(),
  };
  changed = keepDrafts(editor, document.getElementById("queries"), document.getElementById("kept"));
  watchRuns(form, document.getElementById("running"));
}

/** The place that the answer names as the reason why there is none, and the text to which it applies. */
function answeredFault(doc) {
  const fault = document.getElementById("fault");
  if (!fault?.dataset.line) return null;
  const range = wordAt(doc, Number(fault.dataset.line), Number(fault.dataset.column));
  return { doc, mark: { ...range, severity: "error", message: fault.textContent } };
}

const textarea = document.querySelector("textarea[data-terms]");
if (textarea) enhance(textarea);
document.querySelectorAll("table[data-sortable]").forEach(sortable);
document.querySelectorAll("input[data-filter]").forEach(filterable);
for (const button of document.querySelectorAll("[data-share]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard?.writeText(location.href.replace(/#.*/s, ""));
    if (navigator.clipboard) button.textContent = button.dataset.copied;
  });
}
