// A part of the page that is renewed looks as its reader left it: what was unfolded stays so, a table stays scrolled,
// and who goes by keyboard goes on from the link, button or box where they were.

const FOCUSABLE = "#main :is(a[href], button, input, select, summary, textarea)";
let left = [];
let focused = null;

// A row, or the nearest part with a name, and the n-th of its kind within: what is compared before and after.
function kept(selector, words = () => "") {
  const counts = new Map();
  return [...document.querySelectorAll(selector)].map((element) => {
    const place = element.parentElement.closest("[data-uid], [id]");
    const name = `${place?.dataset.uid || place?.id || ""} ${selector} ${words(element)}`;
    counts.set(name, (counts.get(name) || 0) + 1);
    return { element, name: `${name} ${counts.get(name)}` };
  });
}

// Beside a header or a page's number others come and go: what has the focus is known by its words, too.
const focusable = () => kept(FOCUSABLE, (element) => element.ariaLabel || element.name || element.textContent.trim());

function refocus({ element, name }) {
  if (element.isConnected || document.activeElement !== document.body) return;
  focusable().find((one) => one.name === name)?.element.focus({ preventScroll: true });
}

document.addEventListener("htmx:beforeSwap", () => {
  left = [...kept("#main details"), ...kept("#main .table-scroll")].map(({ element, name }) => {
    return { element, name, open: element.open, x: element.scrollLeft };
  });
  const active = document.activeElement;
  focused = active?.closest("#main") ? focusable().find(({ element }) => element === active) : null;
});

document.addEventListener("htmx:afterSettle", () => {
  const gone = new Map(left.filter(({ element }) => !element.isConnected).map((one) => [one.name, one]));
  left = [];
  if (gone.size) {
    for (const { element, name } of [...kept("#main details"), ...kept("#main .table-scroll")]) {
      const was = gone.get(name);
      if (was?.open !== undefined) element.open = was.open;
      if (was?.x) element.scrollLeft = was.x;
    }
  }
  if (focused) refocus(focused);
  focused = null;
});
