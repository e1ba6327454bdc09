// Native dialogs. A link with data-dialog-link, or a submit button with data-dialog-submit, shows the
// [data-dialog-content] of the page it leads to; without JavaScript the same link opens that page.

let opener = null;

function open(dialog, from) {
  opener = from;
  dialog.showModal();
}

function remote() {
  return document.querySelector("[data-remote-dialog]");
}

async function load(url, options) {
  const answer = await fetch(url, { credentials: "same-origin", redirect: "follow", ...options });
  if (!answer.ok && answer.status !== 422) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const content = page.querySelector("[data-dialog-content]");
  return content && { content, url: answer.url };
}

async function show(url, from, options = {}) {
  const found = await load(url, options).catch(() => null);
  if (!found) return false;
  const dialog = remote();
  dialog.replaceChildren(...found.content.children);
  for (const form of dialog.querySelectorAll("form:not([action])")) form.action = found.url;
  const heading = dialog.querySelector("h1, h2");
  if (heading) dialog.setAttribute("aria-label", heading.textContent.trim());
  open(dialog, from);
  dialog.querySelector("input:not([type=hidden]), [data-dialog-close], button")?.focus();
  return true;
}

// Closes the menu that an entry is in; returns what gets the focus back: the menu's button.
function leaveMenu(entry) {
  const menu = entry.closest("[popover]");
  menu?.hidePopover();
  return menu ? document.querySelector(`[popovertarget="${menu.id}"]`) : entry;
}

document.addEventListener("click", async (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const link = event.target.closest("[data-dialog-link]");
  if (link) {
    event.preventDefault();
    const from = leaveMenu(link);
    if (!(await show(link.href, from))) location.assign(link.href);
    return;
  }
  const local = event.target.closest("[data-dialog-open]");
  if (local) {
    local.closest("[popover]")?.hidePopover();
    open(document.getElementById(local.dataset.dialogOpen), local);
    return;
  }
  const close = event.target.closest("[data-dialog-close]");
  if (close?.closest("dialog")) {
    event.preventDefault();
    close.closest("dialog").close();
    return;
  }
  if (event.target instanceof HTMLDialogElement) event.target.close(); // the backdrop
});

document.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (!button?.matches("[data-dialog-submit]")) return;
  event.preventDefault();
  const body = new FormData(event.target, button);
  if (await show(button.formAction, leaveMenu(button), { method: "POST", body })) return;
  event.target.action = button.formAction;
  event.target.submit();
});

document.addEventListener(
  "close",
  (event) => {
    if (!(event.target instanceof HTMLDialogElement)) return;
    if (event.target.matches("[data-remote-dialog]")) event.target.replaceChildren();
    opener?.focus?.();
    opener = null;
  },
  true,
);

// Leaving a form with unsaved changes asks first.
let changed = false;
document.addEventListener("input", (event) => {
  if (event.target.closest("form[data-guard]")) changed = true;
});
document.addEventListener("submit", () => {
  changed = false;
});
window.addEventListener("beforeunload", (event) => {
  if (changed) event.preventDefault();
});
