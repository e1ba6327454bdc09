// Keeps relative times and running clocks fresh. Same rule as relative_time() in core/look.py.

const UNITS = [
  [86400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

export function relative(moment, now = Date.now()) {
  const seconds = Math.round((now - moment.getTime()) / 1000);
  const size = Math.abs(seconds);
  if (size < 10) return "just now";
  if (size >= 30 * 86400) {
    const month = moment.toLocaleString("en", { month: "short" });
    return `${moment.getDate()} ${month} ${moment.getFullYear()}`;
  }
  const [unit, label] = UNITS.find(([length]) => size >= length);
  const count = Math.floor(size / unit);
  return seconds > 0 ? `${count} ${label} ago` : `in ${count} ${label}`;
}

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} m`;
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  if (document.hidden) return;
  for (const element of document.querySelectorAll("time[data-reltime]")) {
    set(element, relative(new Date(element.dateTime)));
  }
  for (const element of document.querySelectorAll("[data-since]")) {
    set(element, clock((Date.now() - new Date(element.dataset.since).getTime()) / 1000));
  }
}

setInterval(tick, 1000);
document.addEventListener("htmx:afterSettle", tick);
document.addEventListener("visibilitychange", tick);
tick();
