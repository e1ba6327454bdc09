// The build log: appends live lines, fills gaps by asking ?after=<seq>, follow, search, wrap, link to a line.
// Colours: the same rule as core/ansi.py, here by DOM nodes, so that text is never markup.

const ESCAPES = /\x1b\[[0-9;?]*[ -/]*[@-ln-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\^_=>78cM]/g;
const CONTROLS = /[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]/g;
const STYLES = { 1: "bold", 2: "dim", 3: "italic", 4: "underline" };
const CLEARS = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underline"] };
const SIDES = [["fg", 30, 90, 39], ["bg", 40, 100, 49]];

function extended(codes) {
  const kind = codes.shift();
  if (kind === 2) codes.splice(0, 3);
  if (kind !== 5) return null;
  const colour = codes.shift();
  return colour < 16 ? colour : null;
}

function applyCodes(codes, look) {
  while (codes.length) {
    const code = codes.shift();
    if (code === 0) look.clear();
    else if (code in STYLES) look.set(STYLES[code], STYLES[code]);
    else if (code in CLEARS) CLEARS[code].forEach((name) => look.delete(name));
    else if (code === 38 || code === 48) {
      const colour = extended(codes);
      const side = code === 38 ? "fg" : "bg";
      if (colour !== null) look.set(side, `${side}-${colour}`);
    } else {
      for (const [side, base, bright, reset] of SIDES) {
        if (code === reset) look.delete(side);
        else if (code >= base && code < base + 8) look.set(side, `${side}-${code - base}`);
        else if (code >= bright && code < bright + 8) look.set(side, `${side}-${code - bright + 8}`);
      }
    }
  }
}

export function coloured(text) {
  const line = text.replace(/[\r\n]+$/, "").split("\r").pop();
  const parts = line.replace(ESCAPES, "").replace(CONTROLS, "").split(/\x1b\[([0-9;]*)m/);
  const look = new Map();
  const out = document.createDocumentFragment();
  parts.forEach((part, index) => {
    if (index % 2) {
      applyCodes(part.split(";").map(Number), look);
    } else if (part) {
      const words = part.replaceAll("\x1b", "");
      if (!look.size) {
        out.append(words);
        return;
      }
      const span = document.createElement("span");
      span.className = [...look.values()].map((name) => `ansi-${name}`).join(" ");
      span.textContent = words;
      out.append(span);
    }
  });
  return out;
}

function row({ seq, stream, text }) {
  const line = document.createElement("li");
  line.id = `L${seq}`;
  line.dataset.seq = seq;
  if (stream === "stderr") line.className = "log-err";
  if (stream === "system") line.className = "log-sys";
  const number = document.createElement("a");
  number.className = "log-no";
  number.href = `#L${seq}`;
  number.dataset.no = seq;
  number.setAttribute("aria-label", `Line ${seq}`);
  const words = document.createElement("span");
  words.className = "log-text";
  words.append(coloured(text));
  line.append(number, words);
  return line;
}

class Log {
  constructor(root) {
    this.root = root;
    this.list = root.querySelector("[data-log-lines]");
    this.last = Number(this.list.lastElementChild?.dataset.seq || 0);
    this.asking = false;
    this.followButton = root.querySelector("[data-log-follow]");
    this.wire();
    if (this.following && !location.hash) this.toEnd();
    this.showHash();
    this.ask(); // a long log goes on after what the page carries
  }

  get group() {
    return this.root.dataset.logGroup;
  }

  get following() {
    return this.followButton.getAttribute("aria-pressed") === "true";
  }

  set following(on) {
    this.followButton.setAttribute("aria-pressed", String(on));
  }

  wire() {
    this.followButton.addEventListener("click", () => {
      this.following = !this.following;
      if (this.following) this.toEnd();
    });
    const wrap = this.root.querySelector("[data-log-wrap]");
    wrap.addEventListener("click", () => {
      const on = wrap.getAttribute("aria-pressed") !== "true";
      wrap.setAttribute("aria-pressed", String(on));
      this.root.classList.toggle("no-wrap", !on);
    });
    this.list.addEventListener("wheel", (event) => event.deltaY < 0 && (this.following = false), { passive: true });
    this.list.addEventListener("touchmove", () => (this.following = false), { passive: true });
    const search = this.root.querySelector("[data-log-search]");
    search.addEventListener("input", () => this.find(search.elements.find.value));
    search.addEventListener("submit", (event) => {
      event.preventDefault();
      this.nextHit(1);
    });
    window.addEventListener("hashchange", () => this.showHash());
    document.addEventListener("console:connected", () => this.ask());
    document.addEventListener("console:live", (event) => this.onMessage(event.detail));
  }

  onMessage(message) {
    if (message.type === "log.lines" && (!message.group || message.group === this.group)) this.take(message.lines);
    if (message.type === "object.changed" && this.group?.endsWith(message.uid)) this.ask();
    // What was written between the page and the subscription was told to nobody here.
    if (message.type === "subscribed" && message.groups.includes(this.group)) this.ask();
  }

  take(lines) {
    const fresh = lines.filter((line) => line.seq > this.last).sort((a, b) => a.seq - b.seq);
    if (!fresh.length) return;
    if (fresh[0].seq > this.last + 1) this.ask();
    else this.append(fresh);
  }

  append(lines) {
    const rows = document.createDocumentFragment();
    for (const line of lines) rows.append(row(line));
    this.list.append(rows);
    this.last = lines[lines.length - 1].seq;
    this.root.querySelector("[data-log-note]")?.remove();
    this.root.querySelector("[data-log-count]").textContent = `${this.list.childElementCount} lines`;
    if (this.following) this.toEnd();
    if (location.hash && !this.list.querySelector(".is-linked")) this.showHash();
  }

  async ask() {
    if (!this.root.dataset.logUrl) return;
    if (this.asking) {
      this.again = true; // the answer under way may be older than what is asked for now
      return;
    }
    this.asking = true;
    try {
      for (;;) {
        const answer = await fetch(`${this.root.dataset.logUrl}?after=${this.last}`, {
          headers: { Accept: "application/json" },
        });
        if (!answer.ok) break;
        const { lines } = await answer.json();
        const fresh = lines.filter((line) => line.seq > this.last);
        if (!fresh.length) break;
        this.append(fresh);
      }
    } catch {
      // The connection is gone; the next console:connected asks again.
    } finally {
      this.asking = false;
      if (this.again) {
        this.again = false;
        this.ask();
      }
    }
  }

  toEnd() {
    this.list.scrollTop = this.list.scrollHeight;
  }

  showHash() {
    this.list.querySelector(".is-linked")?.classList.remove("is-linked");
    if (!/^#L\d+$/.test(location.hash)) return;
    const line = this.list.querySelector(location.hash);
    if (!line) return;
    this.following = false;
    line.classList.add("is-linked");
    line.scrollIntoView({ block: "center" });
  }

  find(text) {
    const needle = text.trim().toLowerCase();
    this.hits = [];
    for (const line of this.list.children) {
      const hit = needle !== "" && line.querySelector(".log-text").textContent.toLowerCase().includes(needle);
      line.classList.toggle("is-hit", hit);
      if (hit) this.hits.push(line);
    }
    this.at = -1;
    this.root.querySelector("[data-log-found]").textContent = needle ? `${this.hits.length} found` : "";
    if (this.hits.length) this.nextHit(1);
  }

  nextHit(step) {
    if (!this.hits?.length) return;
    this.following = false;
    this.at = (this.at + step + this.hits.length) % this.hits.length;
    this.list.querySelector(".is-found")?.classList.remove("is-found");
    this.hits[this.at].classList.add("is-found");
    this.hits[this.at].scrollIntoView({ block: "center" });
  }
}

for (const root of document.querySelectorAll("[data-log]")) new Log(root);
