// Pages work without it: it keeps a chosen colour theme, copies identifiers, and filters a list when a filter changes.
const root = document.documentElement;
root.classList.add("js");
try { if (localStorage.theme) root.dataset.theme = localStorage.theme; } catch { /* storage is off */ }
document.addEventListener("click", async ({ target }) => {
  for (const menu of document.querySelectorAll(".langs[open]")) if (!menu.contains(target)) menu.open = false;
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
document.addEventListener("keydown", ({ key }) => {
  const menu = document.querySelector(".langs[open]");
  if (key !== "Escape" || !menu) return;
  menu.open = false;
  menu.firstElementChild.focus();
});

// The list of projects: a change of a filter or the order replaces the parts that depend on it.
const PARTS = ["facet-panel", "facet-count", "found", "found-total", "site-languages"];
let search = location.search, loading;
async function filter(form, { name, value }) {
  loading?.abort();
  loading = new AbortController();
  const query = new URLSearchParams([...new FormData(form)].filter(([, text]) => text)).toString();
  const address = query ? `${form.action}?${query}` : form.action;
  const found = document.getElementById("found");
  found.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: loading.signal });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const open = [...document.querySelectorAll("#facet-panel details[open]")].map(({ id }) => id);
    for (const id of PARTS) document.getElementById(id)?.replaceChildren(...(page.getElementById(id)?.childNodes ?? []));
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    document.title = page.title;
    history.pushState(null, "", address);
    search = location.search;
    const inputs = [...form.elements].filter((input) => input.name === name);
    (inputs.find((input) => input.value === value) ?? inputs[0])?.focus({ preventScroll: true });
  } catch (error) {
    if (error.name !== "AbortError") location.assign(address);
  }
  found.removeAttribute("aria-busy");
}
document.addEventListener("change", ({ target }) => {
  const form = target.form;
  if (form?.id === "filters" && target.type !== "search" && form.reportValidity()) filter(form, target);
});
addEventListener("popstate", () => { if (location.search !== search) location.reload(); });
