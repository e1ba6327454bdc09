// Copy and download buttons: data-copy="text", data-copy-from="id", data-download-from="id" data-filename="name".

function fallback(text) {
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "visually-hidden";
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  return done;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return fallback(text); // no clipboard on plain http
  }
}

function confirmOn(button, done) {
  button.classList.add(done ? "is-copied" : "is-refused");
  const before = button.title;
  button.title = done ? "Copied" : "Press Ctrl+C";
  setTimeout(() => {
    button.classList.remove("is-copied", "is-refused");
    button.title = before;
  }, 1600);
}

function download(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const textOf = (id) => {
  const element = document.getElementById(id);
  return "value" in element ? element.value : element.textContent;
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from], [data-download-from]");
  if (!button) return;
  event.preventDefault();
  if (button.dataset.downloadFrom) {
    download(`${textOf(button.dataset.downloadFrom)}\n`, button.dataset.filename || "download.txt");
    return;
  }
  const text = button.dataset.copyFrom ? textOf(button.dataset.copyFrom) : button.dataset.copy;
  confirmOn(button, await copy(text));
});

document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-select-all]")) event.target.select();
});
