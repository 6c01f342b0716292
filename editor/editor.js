// Turns the query page's <textarea> into an editor. The page is whole without it.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import {
  drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { sparql } from "codemirror-lang-sparql";
import { completions } from "./completion.js";
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
  ".cm-completionInfo": { fontFamily: "var(--sans)", padding: ".5rem .75rem", maxWidth: "22rem", lineHeight: "1.45" },
  ".cm-completionInfo-left-narrow, .cm-completionInfo-right-narrow": { display: "none" }, // it would hide the list
  // The package draws these two with pictures in data: addresses, which the Content-Security-Policy forbids.
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--err)", textUnderlineOffset: "3px" },
  ".cm-lint-marker-error": { content: "normal", background: "var(--err)", borderRadius: "50%", width: ".6em", height: ".6em", margin: ".35em .2em" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--err)" },
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

/** Underlines the word at a place, which counts characters, not UTF-16 units, from 1; at the end of a line the last one. */
function underline(view, line, column, message) {
  const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
  const offset = [...at.text].slice(0, column - 1).join("").length;
  const words = [...at.text.matchAll(/[?$]?[\w:.-]+|\S/g)];
  const word = words.find((one) => one.index + one[0].length > offset) ?? words.at(-1);
  const from = at.from + (word?.index ?? 0);
  const to = from + (word?.[0].length ?? 0);
  view.dispatch(setDiagnostics(view.state, [{ from, to, severity: "error", message }]), { selection: { anchor: from } });
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
  const terms = lazily(textarea.dataset.terms);
  // In a shadow tree styles are adopted sheets, which a strict Content-Security-Policy allows; <style> it would not.
  const host = document.createElement("div");
  host.id = "editor";
  const root = host.attachShadow({ mode: "open", delegatesFocus: true });
  textarea.before(host);
  textarea.hidden = true;
  textarea.required = false;
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: textarea.value.trimEnd(),
      extensions: [
        lineNumbers(), highlightSpecialChars(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(),
        highlightActiveLine(), highlightActiveLineGutter(), lintGutter(), sparql(), syntaxHighlighting(colours), theme,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": `${label.textContent} (${textarea.dataset.keys})`, spellcheck: "false" }),
        EditorView.updateListener.of((update) => { if (update.docChanged) textarea.value = update.state.doc.toString(); }),
        EditorView.domEventHandlers({ focus: () => { terms(); } }),
        typeOver,
        autocompletion({ override: [completions(terms)] }),
        // Tab is not bound: it leaves the editor.
        keymap.of([
          { key: "Mod-Enter", run },
          ...closeBracketsKeymap, ...defaultKeymap.filter((binding) => binding.key !== "Mod-Enter"), ...historyKeymap,
          ...completionKeymap, ...lintKeymap,
        ]),
      ],
    }),
  });
  label.addEventListener("click", () => view.focus());
  const fault = document.getElementById("fault");
  if (fault?.dataset.line) underline(view, Number(fault.dataset.line), Number(fault.dataset.column), fault.textContent);
}

const textarea = document.querySelector("textarea[data-terms]");
if (textarea) enhance(textarea);
document.querySelectorAll("table[data-sortable]").forEach(sortable);
