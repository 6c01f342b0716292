// Mentions to review: keys count only while one of them has the focus (WCAG 2.1.4); they press its buttons. After a
// decision, those for decisions count again on the next page; the buttons themselves always work.
document.addEventListener("DOMContentLoaded", () => {
  (document.querySelector("#mentions > li:target") ?? document.querySelector("#mentions > li"))?.focus();
});
document.addEventListener("submit", ({ target }) => target.closest("#mentions")?.setAttribute("aria-busy", "true"));
addEventListener("pageshow", () => document.getElementById("mentions")?.removeAttribute("aria-busy"));  // also of "back"
document.addEventListener("keydown", (event) => {
  const { key, ctrlKey, metaKey, altKey, repeat, target } = event;
  const item = target.closest?.("#mentions > li");
  if (ctrlKey || metaKey || altKey || !item) return;
  const next = item.nextElementSibling, previous = item.previousElementSibling;
  const other = { j: next, ArrowDown: next, k: previous, ArrowUp: previous };
  const decision = { a: "accepted", r: "rejected", u: "undo" }[key];
  if (key in other) (other[key] ?? item).focus();
  else if (decision) {
    if (!repeat && !item.closest("[aria-busy]")) item.querySelector(`button[value="${decision}"]`)?.click();
  } else if (key === "?") document.getElementById("keys").toggleAttribute("open");
  else return;
  event.preventDefault();
});
