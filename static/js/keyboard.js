// Keys: / search, f filters the list (↓ leads from there to its first row), g then a letter to go, j k rows, x select, Enter open, e edit, ? the list of keys.

const GO = { h: "dashboard", d: "devices", s: "sources", b: "builds", k: "api keys", a: "audit log", e: "environment" };
const EDIT = "[data-key='e'], a[href$='/edit/']";
let waiting = 0;
let current = null;

const rows = () => [...document.querySelectorAll("[data-row]")];

function go(letter) {
  const name = GO[letter];
  const links = [...document.querySelectorAll(".sidebar-nav a")];
  const link = links.find((entry) => entry.title.toLowerCase() === name);
  if (link) location.assign(link.href);
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const index = all.indexOf(current);
  const next = all[Math.max(0, Math.min(all.length - 1, index < 0 ? 0 : index + step))];
  current?.classList.remove("is-current");
  current = next;
  current.classList.add("is-current");
  current.scrollIntoView({ block: "nearest" });
  (current.querySelector(".cell-name") ?? current.querySelector("a"))?.focus({ preventScroll: true });
}

const actions = {
  "/": () => document.querySelector("[data-key-focus='/']")?.focus(),
  f: () => document.querySelector("[data-list-search]")?.focus(),
  "?": () => document.getElementById("shortcuts")?.showModal(),
  j: () => move(1),
  k: () => move(-1),
  x: () => current?.querySelector('input[name="selected"]')?.click(),
  e: () => {
    const ofRow = current?.querySelector(EDIT);
    (ofRow ?? [...document.querySelectorAll(EDIT)].find((link) => !link.closest("[data-row]")))?.click();
  },
  g: () => {
    waiting = Date.now();
  },
};

function typing(element) {
  return element.isContentEditable || element.matches("input:not([type=checkbox]), textarea, select");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof Element)) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    if (event.key === "ArrowDown" && event.target.matches("[data-list-search]")) {
      event.preventDefault();
      event.target.blur();
      move(1);
    }
    return;
  }
  if (document.querySelector("dialog[open], [popover]:popover-open")) return;
  if (waiting && Date.now() - waiting < 1500) {
    waiting = 0;
    if (event.key in GO) {
      event.preventDefault();
      go(event.key);
      return;
    }
  }
  const action = actions[event.key];
  if (action) {
    event.preventDefault();
    action();
  }
});

document.addEventListener("htmx:afterSwap", () => {
  if (current && !current.isConnected) {
    const uid = current.dataset.uid;
    current = uid ? document.querySelector(`[data-row][data-uid="${CSS.escape(uid)}"]`) : null;
    current?.classList.add("is-current");
  }
});
