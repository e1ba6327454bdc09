// Editing a fact in place: its pencil fetches form[data-inline="<field>"] by htmx.
// Enter saves (Ctrl+Enter in a long text), Escape cancels; the pencil has the focus again. What was saved may show
// anywhere on the page, so the page fetches itself anew then; not over a form that was opened meanwhile.

const OPEN = "form[data-inline]";
const COMING = ".fact-edit.htmx-request";
const PAGE = "[data-live][hx-select-oob]";
const shown = new WeakMap(); // the facts as they were, by their place
let returnTo = "";
let stale = false;

const form = (target) => target instanceof Element && target.closest(OPEN);

function refresh() {
  stale = false;
  const page = document.querySelector(PAGE);
  if (page) page.dispatchEvent(new CustomEvent("live:refresh"));
  else location.reload();
}

function cancel(editor) {
  const place = editor.parentElement;
  const name = editor.dataset.inline;
  place.innerHTML = shown.get(place);
  window.htmx.process(place);
  const pencil = document.getElementById(`edit-${name}`);
  pencil.classList.remove("htmx-request"); // it was remembered while it asked
  pencil.focus();
  if (stale) refresh();
}

document.addEventListener("field:saved", (event) => {
  const editor = form(event.target);
  returnTo = `edit-${editor.dataset.inline}`;
  delete editor.dataset.inline;
  if (editor.contains(document.activeElement)) document.activeElement.blur(); // nobody types there any more
  refresh();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-inline-cancel]");
  if (!link || !form(link)) return;
  event.preventDefault();
  cancel(form(link));
});

document.addEventListener(
  "keydown",
  (event) => {
    const editor = form(event.target);
    if (!editor) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      cancel(editor);
      return;
    }
    const long = event.target.matches("textarea");
    const saves = event.key === "Enter" && (long ? event.ctrlKey || event.metaKey : event.target.matches("select"));
    if (!saves) return;
    event.preventDefault();
    editor.requestSubmit();
  },
  true,
);

document.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = event;
  const asking = detail.requestConfig.elt; // detail.elt is what is swapped
  if (asking.matches(".fact-edit")) {
    shown.set(detail.target, detail.target.innerHTML);
  } else if (asking.matches(PAGE) && document.querySelector(`${OPEN}, ${COMING}`)) {
    detail.shouldSwap = false;
    stale = true;
  } else if (detail.xhr.status === 422 && form(asking)) {
    detail.shouldSwap = true; // what the server has against the value comes as the form again
    detail.isError = false;
  }
});

document.addEventListener("htmx:afterSettle", () => {
  if (!returnTo || document.querySelector(OPEN)) return;
  document.getElementById(returnTo)?.focus();
  returnTo = "";
});
