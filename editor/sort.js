// Columns of a table sort on click: up, down, and as they came.

const order = (a, b) => {
  const [x, y] = [a, b].map((text) => (text.trim() === "" ? NaN : Number(text)));
  return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, undefined, { numeric: true }) : x - y;
};

export function sortable(table) {
  const body = table.tBodies[0];
  const given = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const next = { none: "ascending", ascending: "descending", descending: "none" }[head.ariaSort ?? "none"];
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      const rows = [...given];
      if (next !== "none") {
        const sign = next === "ascending" ? 1 : -1;
        rows.sort((a, b) => sign * order(a.cells[column].textContent, b.cells[column].textContent));
        head.ariaSort = next;
      }
      body.append(...rows);
    });
  });
}
