// Places popover menus next to their button. Opening, closing and Escape are the browser's own.

const GAP = 4;
const EDGE = 8;

function place(menu, button) {
  const at = button.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const wanted = button.dataset.menu === "end" ? at.right - size.width : at.left;
  const left = Math.max(EDGE, Math.min(wanted, window.innerWidth - size.width - EDGE));
  const below = at.bottom + GAP;
  const fits = below + size.height <= window.innerHeight - EDGE;
  const top = fits ? below : Math.max(EDGE, at.top - GAP - size.height);
  menu.style.inset = "auto";
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}

document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!(menu instanceof HTMLElement) || !menu.matches(".menu[popover]")) return;
    const button = document.querySelector(`[popovertarget="${menu.id}"][data-menu]`);
    if (!button) return;
    const open = event.newState === "open";
    button.setAttribute("aria-expanded", String(open));
    if (open) {
      place(menu, button);
      menu.querySelector("input:not([type=hidden]), select, a, button")?.focus({ preventScroll: true });
    }
  },
  true,
);

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(".menu[popover]");
  if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  if (event.target.matches("input:not([type=search]), select, textarea")) return;
  const items = [...menu.querySelectorAll(".menu-item:not(.disabled)")];
  if (event.target.matches("input")) {
    if (event.key === "ArrowUp") return;
    (menu.querySelector("[data-found] .menu-item") ?? items[0])?.focus();
    event.preventDefault();
    return;
  }
  const step = event.key === "ArrowDown" ? 1 : -1;
  const next = items[(items.indexOf(document.activeElement) + step + items.length) % items.length];
  next?.focus();
  event.preventDefault();
});

for (const type of ["resize", "scroll"]) {
  window.addEventListener(type, (event) => {
    if (event.target instanceof Element && event.target.closest("[popover]")) return;
    for (const menu of document.querySelectorAll(".menu:popover-open")) {
      const button = document.querySelector(`[popovertarget="${menu.id}"][data-menu]`);
      if (button) place(menu, button);
    }
  }, { passive: true, capture: true });
}
