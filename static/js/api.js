// The browsable API: sends what an editor holds and shows the answer where the page's own was.
// data-api on the page, data-api-method on each form, data-api-body on its text.

const page = document.querySelector("[data-api]");
const part = (name) => page.querySelector(`[data-api-${name}]`);
const TOKENS = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

function span(kind, text) {
  const element = document.createElement("span");
  element.className = `api-${kind}`;
  element.textContent = text;
  return element;
}

function linked(text) {
  const address = text.slice(1, -1);
  if (!address.startsWith(`${location.origin}/api/`)) return document.createTextNode(text);
  const link = document.createElement("a");
  link.href = address;
  link.textContent = address;
  const whole = document.createDocumentFragment();
  whole.append('"', link, '"');
  return whole;
}

function coloured(text) {
  const whole = document.createDocumentFragment();
  let from = 0;
  for (const match of text.matchAll(TOKENS)) {
    whole.append(text.slice(from, match.index));
    const [all, string, colon, word, number] = match;
    if (colon !== undefined) whole.append(span("key", string), colon);
    else if (string !== undefined) whole.append(linked(string));
    else if (word !== undefined) whole.append(span("word", word));
    else whole.append(span("number", number));
    from = match.index + all.length;
  }
  whole.append(text.slice(from));
  return whole;
}

function show(method, url, response, text) {
  part("request").textContent = `${method} ${url}`;
  const status = part("status");
  status.textContent = `${response.status} ${response.statusText}`.trim();
  status.className = `api-status api-status-${String(response.status)[0]}`;
  const list = part("headers").querySelector("dl");
  list.replaceChildren();
  for (const [name, value] of response.headers) {
    const row = document.createElement("div");
    const term = document.createElement("dt");
    const detail = document.createElement("dd");
    term.textContent = name;
    detail.textContent = value;
    row.append(term, detail);
    list.append(row);
  }
  part("content").replaceChildren(coloured(text));
  part("content").scrollTop = 0;
  part("content").scrollIntoView({ block: "nearest" });
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 4);
  } catch {
    return text;
  }
}

function faultOf(body) {
  try {
    JSON.parse(body);
    return "";
  } catch (error) {
    return `This is not JSON: ${error.message}`;
  }
}

async function send(form) {
  const method = form.dataset.apiMethod;
  const area = form.querySelector("[data-api-body]");
  const fault = form.querySelector("[data-api-fault]");
  const body = area ? area.value : undefined;
  if (area) {
    fault.textContent = faultOf(body);
    fault.hidden = !fault.textContent;
    if (fault.textContent) return;
  }
  const url = form.getAttribute("action");
  const headers = { Accept: "application/json", "X-CSRFToken": page.dataset.csrf };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(url, { method, headers, body });
  if (method === "DELETE" && response.ok) {
    location.assign(url.replace(/[^/]+\/$/, ""));
    return;
  }
  show(method, url, response, pretty(await response.text()));
}

if (page) {
  const content = part("content");
  content.replaceChildren(coloured(content.textContent));
  page.addEventListener("submit", async (event) => {
    const form = event.target.closest("[data-api-method]");
    if (!form) return;
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    try {
      await send(form);
    } catch {
      part("status").textContent = "No answer: is the console running?";
    } finally {
      button.disabled = false;
    }
  });
}
