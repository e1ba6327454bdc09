// An editor in place of each <textarea data-code>; without this file it stays a plain field.
// data-error-line (from 1) marks the line that does not compile.

const TAB_LEAVES = { Tab: false, "Shift-Tab": false };

function edit(area) {
  const label = document.querySelector(`label[for="${area.id}"]`);
  const editor = window.CodeMirror.fromTextArea(area, {
    mode: area.dataset.code,
    lineNumbers: true,
    matchBrackets: true,
    indentUnit: 2,
    tabSize: 2,
    viewportMargin: Infinity,
    extraKeys: TAB_LEAVES,
  });
  const input = editor.getInputField();
  input.setAttribute("aria-label", label ? label.textContent.trim() : "Script");
  if (area.getAttribute("aria-describedby")) {
    input.setAttribute("aria-describedby", area.getAttribute("aria-describedby"));
  }
  // It scrolls, so the keyboard has to reach it as well.
  const scroller = editor.getScrollerElement();
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "group");
  scroller.setAttribute("aria-label", "Script, scrolls");
  label?.addEventListener("click", () => editor.focus());
  editor.on("change", () => {
    editor.save();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const line = Number(area.dataset.errorLine) - 1;
  if (line >= 0) {
    editor.addLineClass(line, "background", "code-error-line");
    editor.addLineClass(line, "gutter", "code-error-line");
    editor.scrollIntoView({ line, ch: 0 }, 80);
  }
}

for (const area of document.querySelectorAll("textarea[data-code]")) edit(area);
document.querySelector("[data-focus]")?.focus();
