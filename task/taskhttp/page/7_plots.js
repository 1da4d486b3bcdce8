// The last minutes: curves that differ in how they are drawn, not in their colour
// alone, with their numbers in words above them; and how long tasks took.

// The plots begin with a minute, and grow to five.
const leastShown = 60e3, mostShown = 300e3;

const charts = [
  {title: "Tasks a second", step: "/s", series: [["started", "one"], ["ended", "two"], ["failed", "three"]]},
  {title: "Tasks", step: "", series: [["waiting", "one"], ["running", "two"], ["queued", "four"]]},
];

function makeCharts() {
  for (const c of charts) {
    c.numbers = c.series.map(() => element("b", "", "–"));
    c.when = element("span", "", "");
    const keys = c.series.map(([name, kind], i) => element("span", "",
      svg("svg", {viewBox: "0 0 22 10", "aria-hidden": "true"}, svg("path", {class: "curve " + kind, d: "M0 5 H22"})), " " + name + " ", c.numbers[i]));
    c.svg = svg("svg", {class: "chart", role: "img"});
    c.lines = svg("path", {class: "grid"});
    c.curves = c.series.map(([, kind]) => svg("path", {class: "curve " + kind}));
    c.texts = svg("g", {});
    c.svg.append(c.lines, c.texts, ...c.curves);
    c.svg.addEventListener("pointermove", e => readChart(c, e.offsetX));
    c.svg.addEventListener("pointerleave", () => readChart(c, null));
    $("charts").append(element("figure", "", element("figcaption", "", element("span", "", c.title), ...keys, c.when), c.svg));
  }
}

const left = 34, right = 4;

function drawCharts(rates) {
  for (const c of charts) {
    c.rates = rates;
    c.width = c.svg.clientWidth || 300;
    c.height = c.svg.clientHeight || 88;
    const until = rates.at.at(-1) ?? Date.now(), from = until - Math.min(mostShown, Math.max(leastShown, until - (rates.at[0] ?? until)));
    const most = nice(Math.max(1, ...c.series.flatMap(([name]) => rates[name])));
    c.x = t => left + (t - from) / (until - from) * (c.width - left - right);
    const bottom = c.height - 16, y = v => bottom - v / most * (bottom - 8);
    setAttribute(c.svg, "viewBox", `0 0 ${c.width} ${c.height}`);
    setAttribute(c.lines, "d", [0, most / 2, most].map(v => `M${left} ${y(v)} H${c.width - right}`).join(" "));
    const text = (x, at, s, anchor) => svg("text", {x, y: at, "text-anchor": anchor}, s);
    const span = until - from, scale = [c.width, c.height, most, Math.round(span / 1000)].join();
    if (scale !== c.scale) {
      c.scale = scale;
      c.texts.replaceChildren(text(left - 5, y(0) + 4, "0", "end"), text(left - 5, y(most) + 4, short(most), "end"),
        text(left, c.height - 2, "−" + minutes(span), "start"), text((left + c.width - right) / 2, c.height - 2, "−" + minutes(span / 2), "middle"), text(c.width - right, c.height - 2, "now", "end"));
    }
    c.series.forEach(([name], i) => setAttribute(c.curves[i], "d", rates[name].map((v, k) => (k ? "L" : "M") + c.x(rates.at[k]).toFixed(1) + " " + y(v).toFixed(1)).join("")));
    if (c.at === null || c.at === undefined) readChart(c, null);
    setAttribute(c.svg, "aria-label", c.title + " in the last minutes: now " + c.series.map(([name], i) => name + " " + c.numbers[i].textContent).join(", "));
  }
}

// readChart writes the numbers of the time at x, or of now.
function readChart(c, x) {
  c.at = x;
  if (!c.rates?.at.length) return;
  let i = c.rates.at.length - 1;
  if (x !== null) for (let k = 0; k < c.rates.at.length; k++) if (Math.abs(c.x(c.rates.at[k]) - x) < Math.abs(c.x(c.rates.at[i]) - x)) i = k;
  c.series.forEach(([name], k) => setText(c.numbers[k], short(c.rates[name][i]) + c.step));
  setText(c.when, x === null ? "" : "at " + clock(c.rates.at[i]));
}

// minutes returns a time in whole seconds.
function minutes(ms) {
  const s = Math.round(ms / 1000);
  return s < 60 ? s + " s" : Math.floor(s / 60) + " m" + (s % 60 ? " " + s % 60 + " s" : "");
}

// nice returns a round number that is no less than n.
function nice(n) {
  const power = 10 ** Math.floor(Math.log10(n));
  return [1, 2, 5, 10].map(f => f * power).find(v => v >= n);
}

function short(n) {
  if (n >= 1e6) return +(n / 1e6).toPrecision(3) + "M";
  if (n >= 1e4) return +(n / 1e3).toPrecision(3) + "k";
  return String(n);
}

const durationRows = new Map(); // by name

function drawDurations(all) {
  const body = $("durations").querySelector("tbody");
  setText($("durations").querySelector(".note"), all.length
    ? "Of what ended in the last five minutes, while somebody looked. Names that differ in their numbers only are one."
    : "Nothing has ended since somebody began to look.");
  if (isHeld(body)) return;
  const shortest = Math.min(...all.flatMap(d => d.buckets.map(b => Math.max(1, b[0])))), longest = Math.max(...all.flatMap(d => d.buckets.map(b => b[1])));
  const x = us => 1000 * Math.log(Math.max(us, shortest) / shortest) / Math.log(longest / shortest);
  setText($("durations").querySelector("th.bar"), all.length ? "From " + duration(shortest / 1000) + " to " + duration(longest / 1000) : "");
  const rows = all.map(d => {
    let r = durationRows.get(d.name);
    if (!r) {
      const cells = ["Ended", "Failed", "Median", "95 %", "Longest"].map(name => {
        const td = element("td", "number");
        td.dataset.label = name;
        return td;
      });
      r = {cells, path: svg("path", {class: "fill"})};
      const picture = svg("svg", {viewBox: "0 0 1000 20", preserveAspectRatio: "none", role: "img"}, r.path);
      r.picture = picture;
      r.e = element("tr", "", element("td", "", d.name ? label(d) : "all others"), ...cells, element("td", "bar", picture));
      durationRows.set(d.name, r);
    }
    [count(d.count), count(d.failed), duration(d.median), duration(d.p95), duration(d.longest)].forEach((text, i) => setText(r.cells[i], text));
    r.cells[1].classList.toggle("cycle", d.failed > 0);
    const most = Math.max(...d.buckets.map(b => b[2]));
    setAttribute(r.path, "d", d.buckets.map(([from, to, n]) => {
      const high = Math.max(1.5, 20 * n / most), end = Math.max(x(to), x(from) + 4);
      return `M${x(from).toFixed(1)} 20V${(20 - high).toFixed(1)}H${end.toFixed(1)}V20z`;
    }).join(""));
    setAttribute(r.picture, "aria-label", "half took less than " + duration(d.median));
    return r.e;
  });
  keepOrder(body, rows);
  for (const name of durationRows.keys()) if (!all.some(d => d.name === name)) durationRows.delete(name);
}

// keepOrder makes rows the content of body, and touches those that are there only
// if they are elsewhere.
function keepOrder(body, rows) {
  rows.forEach((row, i) => {
    if (body.children[i] !== row) body.insertBefore(row, body.children[i] ?? null);
  });
  while (body.children.length > rows.length) body.lastChild.remove();
}
