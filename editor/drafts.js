// The query that is being written and those that were run, kept in this browser. Nothing is sent, and no example or link
// takes a query away that was changed and never run.

const KEY = "iomld.queries";
const MOST = 30; // queries
const LONGEST = 20_000; // characters of one
const PAUSE_MS = 400;

const isOne = (entry) => typeof entry?.text === "string" && Number.isFinite(entry.at);

function stored() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY)) ?? {};
    return {
      text: typeof found.text === "string" ? found.text : "",
      isChanged: found.isChanged === true,
      past: Array.isArray(found.past) ? found.past.filter(isOne).slice(0, MOST) : [],
    };
  } catch {
    return { text: "", isChanged: false, past: [] };
  }
}

function store(state) {
  try {
    localStorage.setItem(KEY, JSON.stringify(state));
  } catch { /* storage is off or full; the query is still in the editor */ }
}

/** A query at the head of the earlier ones, where it stands once. */
function remembered(past, text) {
  if (!text.trim() || text.length > LONGEST) return past;
  return [{ text, at: Date.now() }, ...past.filter((entry) => entry.text !== text)].slice(0, MOST);
}

/** The line of a query that tells it from others: the first that is neither empty, nor a prefix, nor a bracket alone. */
function headline(text) {
  const lines = text.split("\n").map((line) => line.trim());
  return (lines.find((line) => /\w/.test(line) && !/^(?:prefix|base)\b/i.test(line)) ?? lines[0]).slice(0, 120);
}

/**
 * Keeps what is written.
 *
 * `editor` has `text()`, `replace(text)` and `focus()`. `panel` is the list of earlier queries, `notice` the sentence about a query
 * that another one has replaced. Gives a function to call after each change.
 */
export function keepDrafts(editor, panel, notice) {
  const list = panel.querySelector("ul");
  const given = editor.text();
  const address = new URLSearchParams(location.search);
  let timer = 0;

  const save = (changes) => {
    store({ ...stored(), ...changes });
    show();
  };
  function show() {
    const { past } = stored();
    panel.hidden = !past.length;
    list.replaceChildren(...past.map(({ text, at }) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "past";
      const line = document.createElement("code");
      line.textContent = headline(text);
      const when = document.createElement("small");
      when.textContent = new Date(at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
      button.append(line, when);
      button.addEventListener("click", () => {
        editor.replace(text);
        editor.focus();
      });
      const item = document.createElement("li");
      item.append(button);
      return item;
    }));
  }

  const before = stored();
  const isLost = before.isChanged && before.text.trim() && before.text !== given;
  if (address.has("query")) {
    let past = isLost ? remembered(before.past, before.text) : before.past;
    if (address.has("run")) past = remembered(past, given);
    save({ text: given, isChanged: false, past });
    if (isLost) {
      notice.hidden = false;
      notice.querySelector("button").addEventListener("click", () => {
        editor.replace(before.text);
        editor.focus();
        notice.hidden = true;
      });
    }
  } else {
    show();
    if (before.text.trim()) editor.replace(before.text);
  }
  panel.querySelector("[data-forget]").addEventListener("click", () => {
    clearTimeout(timer);
    timer = 0;
    try { localStorage.removeItem(KEY); } catch { /* storage is off */ }
    notice.hidden = true;
    show();
  });

  const flush = () => {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    const text = editor.text();
    const state = stored();
    const isChanged = text !== given && !state.past.some((entry) => entry.text === text);
    if (text.length <= LONGEST) store({ ...state, text, isChanged });
  };
  addEventListener("pagehide", flush);
  return () => {
    clearTimeout(timer);
    timer = setTimeout(flush, PAUSE_MS);
  };
}
