// A part of the page that is renewed looks as its reader left it: what was unfolded stays so, a table stays scrolled.

let left = [];

// A row, or the nearest part with a name, and the n-th of its kind within: what is compared before and after.
function kept(selector) {
  const counts = new Map();
  return [...document.querySelectorAll(selector)].map((element) => {
    const place = element.parentElement.closest("[data-uid], [id]");
    const name = `${place?.dataset.uid || place?.id || ""} ${selector}`;
    counts.set(name, (counts.get(name) || 0) + 1);
    return { element, name: `${name} ${counts.get(name)}` };
  });
}

document.addEventListener("htmx:beforeSwap", () => {
  left = [...kept("#main details"), ...kept("#main .table-scroll")].map(({ element, name }) => {
    return { element, name, open: element.open, x: element.scrollLeft };
  });
});

document.addEventListener("htmx:afterSettle", () => {
  const gone = new Map(left.filter(({ element }) => !element.isConnected).map((one) => [one.name, one]));
  left = [];
  if (!gone.size) return;
  for (const { element, name } of [...kept("#main details"), ...kept("#main .table-scroll")]) {
    const was = gone.get(name);
    if (was?.open !== undefined) element.open = was.open;
    if (was?.x) element.scrollLeft = was.x;
  }
});
