"use strict";
const board = document.getElementById("board");
const body = board.tBodies[0];
const rows = [...body.rows];
const [name, family, colour, shown] =
  ["name", "family", "colour", "shown"].map((id) => document.getElementById(id));

function filter() {
  const text = name.value.trim().toLowerCase();
  let count = 0;
  for (const row of rows) {
    const label = (row.cells[0].querySelector("summary") || row.cells[0]).textContent;
    row.hidden = !(label.toLowerCase().includes(text) &&
      (!family.value || row.dataset.family === family.value) &&
      (!colour.value || row.dataset.colour === colour.value));
    count += !row.hidden;
  }
  shown.textContent = `${count} of ${rows.length}`;
}

function key(row, at) {
  const cell = row.cells[at];
  if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
  if (cell.classList.contains("n")) return -Number(cell.textContent);
  return (cell.querySelector("summary") || cell).textContent;
}

for (const head of board.tHead.rows[0].cells) {
  head.tabIndex = 0;
  const sort = () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of board.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const at = Number(head.dataset.at);
    const by = (a, b) => {
      const [x, y] = [key(a, at), key(b, at)];
      return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
    };
    body.append(...rows.sort(by));
  };
  head.addEventListener("click", sort);
  head.addEventListener("keydown", (e) => { if (e.key === "Enter") sort(); });
}
for (const field of [name, family, colour]) field.addEventListener("input", filter);
filter();
