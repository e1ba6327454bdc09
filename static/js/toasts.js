// Toasts: dismissed by hand or by themselves; errors stay. Failed htmx requests become one.

const LIFE = 6000;

function watch(toast) {
  if (toast.dataset.watched) return;
  toast.dataset.watched = "1";
  if (toast.matches(".toast-error, .toast-warning")) return;
  let timer = setTimeout(() => toast.remove(), LIFE);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => {
    timer = setTimeout(() => toast.remove(), LIFE / 2);
  });
}

function area() {
  return document.getElementById("toasts");
}

function show(text, level = "error") {
  const toast = document.createElement("div");
  toast.className = `toast-card toast-${level}`;
  toast.dataset.toast = "";
  toast.setAttribute("role", level === "error" ? "alert" : "status");
  const words = document.createElement("span");
  words.className = "toast-text";
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn-quiet";
  close.dataset.toastClose = "";
  close.textContent = "Dismiss";
  toast.append(words, close);
  area().append(toast);
  watch(toast);
}

function fromAnswer(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const toasts = [...page.querySelectorAll("[data-toast]")];
  area().append(...toasts);
  toasts.forEach(watch);
  return toasts.length > 0;
}

const WORDS = {
  0: "The console does not answer. What you see may be old; it is asked again by itself.",
  401: "Your session has ended. Sign in again.",
  403: "Your role does not include this action.",
  404: "This no longer exists, or is not yours to see.",
  409: "Somebody changed this meanwhile. Reload the page and try again.",
  429: "Too many requests. Wait a moment and try again.",
};

document.addEventListener("click", (event) => {
  event.target.closest("[data-toast-close]")?.closest("[data-toast]")?.remove();
});

document.addEventListener("htmx:responseError", (event) => {
  const { xhr, elt } = event.detail;
  if (elt?.matches?.("[data-live]")) return; // a refresh in the background; the live dot tells
  if (fromAnswer(xhr.responseText)) return;
  show(WORDS[xhr.status] || `The console answered with status ${xhr.status}. Try again; if it stays, tell your administrator.`);
});

document.addEventListener("htmx:sendError", (event) => {
  if (!event.detail.elt?.matches?.("[data-live]")) show(WORDS[0], "warning");
});

document.addEventListener("console:toast", (event) => show(event.detail.text, event.detail.level));

new MutationObserver(() => document.querySelectorAll("#toasts [data-toast]").forEach(watch)).observe(
  area(),
  { childList: true },
);
document.querySelectorAll("#toasts [data-toast]").forEach(watch);
