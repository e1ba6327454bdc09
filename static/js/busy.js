// A pressed button stays pressed until the answer comes: no second submit, and it shows that work goes on.

const BUSY = "is-busy";

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || !button || event.target.method !== "post") return;
  setTimeout(() => {
    button.disabled = true; // after the browser has read the form
    button.classList.add(BUSY);
  });
});

window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll(`.${BUSY}`)) {
    button.disabled = false;
    button.classList.remove(BUSY);
  }
});
