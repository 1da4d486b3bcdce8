const $ = id => document.getElementById(id);
const rowsShown = 40; // bars of the timeline
let latest = null, paused = false;

// Everything that comes from the program is put in as text, never as markup.
function element(name, className, ...content) {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...content);
  return e;
}

function svg(name, attributes, text) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) e.setAttribute(key, attributes[key]);
  if (text !== undefined) e.textContent = text;
  return e;
}

function duration(ms) {
  if (ms < 1000) return Math.max(0, Math.round(ms)) + " ms";
  if (ms < 60e3) return (ms / 1000).toFixed(1) + " s";
  if (ms < 3600e3) return Math.floor(ms / 60e3) + " m " + Math.floor(ms / 1000) % 60 + " s";
  return Math.floor(ms / 3600e3) + " h " + Math.floor(ms / 60e3) % 60 + " m";
}

function matches(task, words) {
  if (!words.length) return true;
  const vars = Object.entries(task.variables || {}).map(([k, v]) => k + "=" + v).join(" ");
  const text = [task.name, task.state, task.waiting || "", vars, "#" + task.id].join(" ").toLowerCase();
  return words.every(w => text.includes(w));
}

// tree returns the tasks in the order of the tree, each with its depth. A task
// that matches brings those above it along.
function tree(tasks, words) {
  const byID = new Map(tasks.map(t => [t.id, t])), below = new Map(), keep = new Set();
  for (const t of tasks) {
    const up = byID.has(t.parent) ? t.parent : 0;
    if (!below.has(up)) below.set(up, []);
    below.get(up).push(t);
    if (matches(t, words)) for (let a = t; a && !keep.has(a.id); a = byID.get(a.parent)) keep.add(a.id);
  }
  const rows = [], stack = (below.get(0) || []).map(t => [t, 0]).reverse();
  while (stack.length) {
    const [t, depth] = stack.pop();
    if (keep.has(t.id)) rows.push([t, depth]);
    const children = below.get(t.id) || [];
    for (let i = children.length - 1; i >= 0; i--) stack.push([children[i], depth + 1]);
  }
  return rows;
}

function show() {
  if (!latest) return;
  const now = Date.parse(latest.time);
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = tree(latest.tasks, words);
  $("tasks").replaceChildren(...rows.map(([t, depth]) => {
    const name = element("td", "name", t.name + " ", element("small", "", "#" + t.id));
    name.style.paddingLeft = depth * 1.3 + "rem";
    const vars = element("td", "vars");
    for (const [k, v] of Object.entries(t.variables || {})) vars.append(element("span", "", k + "=", element("b", "", v)));
    return element("tr", "", name, element("td", "state " + t.state, t.state),
      element("td", "age", duration(now - Date.parse(t.started))), element("td", "", t.waiting || ""), vars);
  }));
  $("none").hidden = rows.length > 0;
  $("none").textContent = latest.tasks.length ? "No task matches." : "No tasks are live.";
  const omitted = latest.omitted ? ", " + latest.omitted + " more not shown" : "";
  $("counts").textContent = latest.tasks.length + " live" + omitted + ", " + latest.ended + " ended";
  timeline((latest.finished || []).filter(t => matches(t, words)).slice(-rowsShown), now);
}

function timeline(finished, now) {
  const box = $("timeline"), width = box.clientWidth || 800, label = 190, step = 18;
  $("nofinished").hidden = finished.length > 0;
  box.setAttribute("height", finished.length ? finished.length * step + 24 : 0);
  if (!finished.length) return box.replaceChildren();
  const from = Math.min(...finished.map(t => Date.parse(t.started))), span = Math.max(1, now - from);
  const x = time => label + (time - from) / span * (width - label - 70);
  const parts = [];
  for (let i = 0; i <= 4; i++) {
    const at = from + span * i / 4;
    parts.push(svg("line", {x1: x(at), x2: x(at), y1: 16, y2: finished.length * step + 20}),
      svg("text", {x: x(at), y: 11, class: "axis", "text-anchor": i ? "middle" : "start"}, i == 4 ? "now" : "-" + duration(now - at)));
  }
  finished.forEach((t, i) => {
    const start = Date.parse(t.started), end = Date.parse(t.ended), y = i * step + 20;
    const bar = svg("rect", {x: x(start), y: y + 2, width: Math.max(2, x(end) - x(start)), height: step - 6, class: t.state});
    bar.append(svg("title", {}, t.name + " #" + t.id + ": " + t.state + " after " + duration(end - start) + (t.error ? "\n" + t.error : "")));
    const name = t.name.length > 26 ? t.name.slice(0, 25) + "…" : t.name;
    parts.push(svg("text", {x: 0, y: y + 12}, name), bar,
      svg("text", {x: x(end) + 6, y: y + 12, class: "axis"}, duration(end - start)));
  });
  box.replaceChildren(...parts);
}

$("filter").addEventListener("input", show);
addEventListener("resize", show);
$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").textContent = paused ? "Resume" : "Pause";
  $("pause").setAttribute("aria-pressed", paused);
  status(paused ? "paused" : "live", paused ? "" : "live");
});
function status(text, className) { $("link").textContent = text; $("link").className = className; }

const events = new EventSource(location.pathname.replace(/\/+$/, "") + "/events");
events.addEventListener("tasks", e => {
  if (paused) return;
  latest = JSON.parse(e.data);
  status("live", "live");
  show();
});
events.onerror = () => { if (!paused) status("connection lost, trying again", "lost"); };
