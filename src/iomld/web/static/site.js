// Works without it: this only keeps a chosen colour theme and copies identifiers.
const root = document.documentElement;
root.classList.add("js");
try { if (localStorage.theme) root.dataset.theme = localStorage.theme; } catch { /* storage is off */ }
document.addEventListener("click", async ({ target }) => {
  const copy = target.closest("[data-copy]");
  if (target.closest("#site-theme")) {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.theme = root.dataset.theme; } catch { /* storage is off */ }
  } else if (copy) {
    const source = document.getElementById(copy.dataset.copy);
    getSelection().selectAllChildren(source);
    await navigator.clipboard?.writeText(source.textContent);
    if (navigator.clipboard) copy.textContent = copy.dataset.copied;
  }
});
