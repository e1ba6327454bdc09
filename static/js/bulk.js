// Selecting rows: swaps the table's header for the bulk bar, keeps the selection when the list refreshes.

const card = () => document.querySelector("[data-bulk]");
const boxes = () => [...document.querySelectorAll('[data-bulk] input[name="selected"]')];
let kept = new Set();
let last = ""; // the value, for the box itself is drawn anew when the list refreshes

function draw() {
  const place = card();
  if (!place?.querySelector("[data-bulk-bar]")) return;
  const all = boxes();
  const chosen = all.filter((box) => box.checked);
  const every = place.querySelector("[data-bulk-all]");
  place.classList.toggle("is-selecting", chosen.length > 0);
  place.querySelector("[data-bulk-count]").textContent = String(chosen.length);
  if (every && chosen.length === 0) every.checked = false;
  const head = place.querySelector("[data-select-page]");
  if (!head) return;
  head.checked = chosen.length > 0 && chosen.length === all.length;
  head.indeterminate = chosen.length > 0 && chosen.length < all.length;
  for (const box of all) box.closest("[data-row]").classList.toggle("is-selected", box.checked);
  kept = new Set(chosen.map((box) => box.value));
}

function range(from, to, checked) {
  const all = boxes();
  const [start, end] = [all.findIndex((box) => box.value === from), all.indexOf(to)].sort((a, b) => a - b);
  if (start < 0) return;
  for (const box of all.slice(start, end + 1)) box.checked = checked;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-bulk-clear]")) {
    for (const box of boxes()) box.checked = false;
    draw();
  }
  const box = event.target;
  if (box instanceof HTMLInputElement && box.name === "selected") {
    if (event.shiftKey && last) range(last, box, box.checked);
    last = box.value;
    draw();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-select-page]")) {
    for (const box of boxes()) box.checked = event.target.checked;
  }
  if (event.target.closest("[data-bulk]")) draw();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open], :popover-open")) return;
  if (!kept.size || event.target.matches("input[type=search]")) return;
  for (const box of boxes()) box.checked = false;
  draw();
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "list" && !event.target.querySelector?.("[data-bulk]")) return;
  const before = kept;
  for (const box of boxes()) box.checked = before.has(box.value);
  draw();
});

draw();
