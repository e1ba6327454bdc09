// Charts by uPlot, drawn from the table beside them: <figure data-chart="bars|lines" id="…"> with a <table> whose first column
// holds <time datetime> and whose others are series: th data-tone="ok|warning|error|running|accent" names the colour. An empty cell
// is a gap. The table stays, below, for whoever does not see the chart. data-tz is the time zone, data-unit goes behind values.

const drawn = new Map(); // id of the figure -> { plot, box }
const CSS = getComputedStyle(document.documentElement);
const colour = (name) => CSS.getPropertyValue(`--${name}`).trim();
const HEIGHT = 168;
// Steps of an axis of counts: 1, 2, 5, 10 and so on; a large fleet calls many million times a day.
const WHOLE = Array.from({ length: 30 }, (_, n) => [1, 2, 5][n % 3] * 10 ** Math.floor(n / 3));
// Pixels beside the plot, so that the longest number stands there whole.
const room = (_, labels) => Math.max(48, 18 + 7 * Math.max(0, ...(labels ?? []).map((label) => (label ?? "").length)));

function read(figure) {
  const table = figure.querySelector(".chart-table table"); // the legend is a table, too
  const heads = [...table.querySelectorAll("thead th")].slice(1);
  const rows = [...table.querySelectorAll("tbody tr")];
  const times = rows.map((row) => Date.parse(row.querySelector("time").dateTime) / 1000);
  const columns = heads.map((_, at) =>
    rows.map((row) => {
      const text = row.cells[at + 1].dataset.value ?? row.cells[at + 1].textContent.trim();
      return text === "" ? null : Number(text);
    }),
  );
  return { heads, data: [times, ...columns] };
}

function series(heads, kind, unit) {
  const value = (_, raw) => (raw === null || raw === undefined ? "–" : `${raw.toLocaleString("en")}${unit}`);
  const aside = heads.length > 1; // two series stand side by side, neither hides the other
  return heads.map((head, at) => {
    const tone = head.dataset.tone || "accent";
    const common = { label: head.textContent.trim(), value, stroke: () => colour(tone), width: 1.5, spanGaps: false };
    if (kind !== "bars") return { ...common, points: { show: lonely, size: 4 } };
    const paths = uPlot.paths.bars(aside ? { size: [0.4, 20], align: at ? 1 : -1 } : { size: [0.7, 40] });
    return { ...common, width: 0, fill: () => colour(tone), paths, points: { show: false } };
  });
}

// A single value between two gaps has no line to lie on.
function lonely(plot, at, first, last) {
  const values = plot.data[at];
  for (let n = first; n <= last; n += 1) {
    if (values[n] !== null && values[n - 1] == null && values[n + 1] == null) return true;
  }
  return false;
}

function clock(zone) {
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: zone });
  const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
  return (_, splits, __, ___, step) => splits.map((at) => (step >= 43200 ? day : time).format(at * 1000));
}

function options(figure, heads) {
  const axis = { stroke: () => colour("ink-2"), grid: { stroke: () => colour("line"), width: 1 }, ticks: { show: false }, font: "12px Inter" };
  const zone = figure.dataset.tz || undefined;
  const unit = figure.dataset.unit ? ` ${figure.dataset.unit}` : "";
  const counts = figure.dataset.chart === "bars";
  return {
    width: figure.clientWidth,
    height: HEIGHT,
    tzDate: (at) => (zone ? uPlot.tzDate(new Date(at * 1000), zone) : new Date(at * 1000)),
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: counts ? (_, __, max) => [0, Math.max(4, max * 1.1)] : undefined } },
    axes: [{ ...axis, values: clock(zone) }, { ...axis, size: room, incrs: counts ? WHOLE : undefined }],
    series: [{ label: "Time", value: "{YYYY}-{MM}-{DD} {HH}:{mm}" }, ...series(heads, figure.dataset.chart, unit)],
  };
}

function draw(figure) {
  const { heads, data } = read(figure);
  const before = drawn.get(figure.id);
  if (before) {
    // A refreshed page brings a new figure: the old drawing moves in and takes the new numbers.
    if (before.box.parentElement !== figure) figure.prepend(before.box);
    before.plot.setData(data);
    return;
  }
  const box = document.createElement("div");
  box.className = "chart";
  box.setAttribute("aria-hidden", "true");
  figure.prepend(box);
  const plot = new uPlot(options(figure, heads), data, box);
  drawn.set(figure.id, { plot, box });
}

function drawAll() {
  for (const [id, { plot, box }] of drawn) {
    if (!document.getElementById(id)) {
      plot.destroy();
      box.remove();
      drawn.delete(id);
    }
  }
  document.querySelectorAll("figure[data-chart]").forEach(draw);
}

new MutationObserver(() => drawn.forEach(({ plot }) => plot.redraw())).observe(document.documentElement, {
  attributeFilter: ["data-bs-theme"],
});
window.addEventListener("resize", () => {
  for (const { plot, box } of drawn.values()) plot.setSize({ width: box.parentElement.clientWidth, height: HEIGHT });
});
document.addEventListener("htmx:afterSwap", drawAll);
drawAll();
