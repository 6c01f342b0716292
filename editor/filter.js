// A box that shows only the entries with its words: rows of an answer, examples.

const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** The box is named by `data-filter`, a selector of the entries; `data-count` is the sentence for the output beside it. */
export function filterable(box) {
  const entries = [...document.querySelectorAll(box.dataset.filter)];
  const texts = entries.map((entry) => folded(entry.dataset.words ?? entry.textContent));
  const output = document.getElementById(box.getAttribute("aria-controls"));
  const format = new Intl.NumberFormat(document.documentElement.lang);
  const show = () => {
    const words = folded(box.value).split(/\s+/).filter(Boolean);
    let found = 0;
    entries.forEach((entry, at) => {
      const isFound = words.every((word) => texts[at].includes(word));
      entry.hidden = !isFound;
      found += isFound;
    });
    for (const group of document.querySelectorAll("[data-group]")) {
      group.hidden = !group.querySelector("li:not([hidden])");
    }
    output.textContent = words.length
      ? output.dataset.count.replace("{found}", format.format(found)).replace("{all}", format.format(entries.length))
      : "";
  };
  box.addEventListener("input", show);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !box.value) return;
    box.value = "";
    show();
    event.preventDefault();
  });
  if (box.value) show(); // kept by the browser
}
