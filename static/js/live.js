// The live connection. The server says *that* something changed; htmx fetches *what*.
// Elements: data-live="<group>" (with hx-get and hx-trigger="live:refresh"), optional data-live-model="app.model,..."
// and data-live-pause="ms", the least time between two refreshes; data-live-catch-up asks once more when it is subscribed.
// Others listen for console:live (every message) and console:connected (after each connection).

const url = document.body.dataset.liveUrl;
const MIN_PAUSE = 1200; // between two refreshes of one element
const BACK_OFF = [500, 1000, 2000, 5000, 10000, 20000];
const ENDED = new Set([4401, 4403]); // session ended or not allowed: asking again is pointless

let socket = null;
let failures = 0;
let timer = 0;
let stopped = false;
let everConnected = false;

const dot = document.querySelector("[data-live-dot]");
const WORDS = { connecting: "Connecting", connected: "Live", reconnecting: "Reconnecting", offline: "Offline" };

// A short gap is not worth a banner; a long one has to be seen by whoever looks at the figures, not at the dot.
const banner = document.querySelector("[data-live-banner]");
const LOST_AFTER = 3000;
let lostAt = 0;
let lostTimer = 0;
function tellLost(state) {
  if (!banner) return;
  if (state === "connected" || state === "connecting") {
    clearTimeout(lostTimer);
    lostAt = 0;
    banner.hidden = true;
    return;
  }
  if (lostAt) return;
  lostAt = Date.now();
  lostTimer = setTimeout(() => {
    const since = new Date(lostAt).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    banner.querySelector("[data-live-since]").textContent = since;
    banner.hidden = false;
  }, LOST_AFTER);
}

function tell(state) {
  tellLost(state);
  if (!dot) return;
  dot.dataset.state = state;
  dot.querySelector("[data-live-word]").textContent = WORDS[state];
}

const isOwn = (element) => element.dataset.live.startsWith("person.");

function groups() {
  const found = new Set();
  if (document.body.dataset.liveOrg) found.add(document.body.dataset.liveOrg);
  // The server has every page of a person in their own group without being asked.
  for (const element of document.querySelectorAll("[data-live]"))
    if (!isOwn(element)) found.add(element.dataset.live);
  for (const element of document.querySelectorAll("[data-log-group]")) found.add(element.dataset.logGroup);
  return [...found].filter(Boolean);
}

let subscribed = "";
function subscribe() {
  const wanted = groups();
  const key = wanted.join(" ");
  if (socket?.readyState !== WebSocket.OPEN || !wanted.length || key === subscribed) return;
  socket.send(JSON.stringify({ subscribe: wanted }));
  subscribed = key;
}

const pending = new Map();

// What an answer to the element replaces.
function parts(element) {
  const main = element.getAttribute("hx-target") ? document.querySelector(element.getAttribute("hx-target")) : null;
  const others = element.getAttribute("hx-select-oob");
  return [main || element.parentElement || element, ...(others ? document.querySelectorAll(others) : [])];
}

// Somebody works with what would be replaced: an open menu or dialog, a form, a field with the focus.
function busy(element) {
  if (element.hasAttribute("hx-select-oob") && document.querySelector("form[data-inline]")) return true;
  if (document.querySelector("dialog[open]")) return true;
  const active = document.activeElement;
  const typing = active.matches("input:not([type=checkbox]), textarea, select");
  return parts(element).some((part) => part.querySelector(":popover-open") || (typing && part.contains(active)));
}

function refresh(element) {
  const entry = pending.get(element) || { at: 0, timer: 0 };
  if (entry.timer) return;
  const pause = Number(element.dataset.livePause) || MIN_PAUSE;
  const wait = Math.max(0, entry.at + pause - Date.now());
  entry.timer = setTimeout(() => {
    entry.timer = 0;
    if (!element.isConnected) {
      pending.delete(element);
      return;
    }
    entry.at = Date.now();
    if (document.hidden || busy(element)) refresh(element);
    else element.dispatchEvent(new CustomEvent("live:refresh"));
  }, wait);
  pending.set(element, entry);
}

function concerns(element, message) {
  const [kind, uid] = element.dataset.live.split(".");
  const models = element.dataset.liveModel?.split(",").map((name) => name.trim());
  if (models && message.model && !models.includes(message.model)) return false;
  if (message.group) return message.group === element.dataset.live;
  return kind === "org" || message.uid === uid;
}

function onMessage(event) {
  let message;
  try {
    message = JSON.parse(event.data);
  } catch {
    return;
  }
  document.dispatchEvent(new CustomEvent("console:live", { detail: message }));
  if (message.type === "subscribed") caughtUp(message.groups);
  if (message.type !== "object.changed") return;
  for (const element of document.querySelectorAll("[data-live]")) {
    if (concerns(element, message)) refresh(element);
  }
}

// An object may have changed between the page and the subscription; lists hear of the next change.
function caughtUp(joined) {
  for (const element of document.querySelectorAll("[data-live]")) {
    const group = element.dataset.live;
    const asks = !group.startsWith("org.") || "liveCatchUp" in element.dataset;
    if (isOwn(element) || (asks && joined.includes(group))) refresh(element);
  }
}

function connect() {
  clearTimeout(timer);
  if (stopped || !url || socket?.readyState === WebSocket.OPEN) return;
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  subscribed = "";
  socket = new WebSocket(`${scheme}//${location.host}${url}`);
  socket.addEventListener("open", () => {
    failures = 0;
    tell("connected");
    subscribe();
    if (everConnected) document.querySelectorAll("[data-live]").forEach(refresh);
    everConnected = true;
    document.dispatchEvent(new CustomEvent("console:connected"));
  });
  socket.addEventListener("message", onMessage);
  socket.addEventListener("close", (event) => {
    stopped = ENDED.has(event.code);
    tell(stopped || failures > 4 || !navigator.onLine ? "offline" : "reconnecting");
    if (!stopped) retry();
  });
}

function retry() {
  const pause = BACK_OFF[Math.min(failures, BACK_OFF.length - 1)];
  failures += 1;
  timer = setTimeout(connect, pause * (0.7 + Math.random() * 0.6));
}

window.addEventListener("online", () => {
  failures = 0;
  if (socket?.readyState !== WebSocket.OPEN) {
    connect();
    return;
  }
  tell("connected"); // the socket outlived the gap; what was said meanwhile is asked for
  document.dispatchEvent(new CustomEvent("console:connected"));
});
window.addEventListener("offline", () => tell("offline"));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && socket?.readyState === WebSocket.CLOSED) connect();
});
window.addEventListener("pagehide", () => {
  stopped = true;
  socket?.close();
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    stopped = false;
    connect();
  }
});

// A value that changed by a refresh flashes once: compare what data-flash elements said before and after.
let before = new Map();
const words = () =>
  new Map([...document.querySelectorAll("[data-flash]")].map((el) => [el.dataset.flash, el.textContent]));
document.addEventListener("htmx:beforeSwap", (event) => {
  const { elt, triggeringEvent } = event.detail.requestConfig;
  const refreshed = triggeringEvent?.type === "live:refresh";
  before = refreshed ? words() : new Map();
  if (!refreshed || !busy(elt)) return;
  event.detail.shouldSwap = false; // a menu was opened while the answer was on its way
  refresh(elt);
});
document.addEventListener("htmx:afterSettle", () => {
  for (const element of document.querySelectorAll("[data-flash]")) {
    const said = before.get(element.dataset.flash);
    if (said !== undefined && said !== element.textContent) element.classList.add("flash");
  }
  before = new Map();
  subscribe();
});

tell("connecting");
connect();
