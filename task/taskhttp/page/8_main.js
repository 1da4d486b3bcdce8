// What has ended, and how all parts hang together.

const endedShown = 200;
const endedRows = new Map(); // by ID

function drawEnded(view) {
  const body = $("ended").querySelector("tbody");
  if (isHeld(body)) return;
  const all = view.finished.slice(-endedShown).reverse(), now = Date.parse(view.time);
  const from = Math.min(...all.map(t => Date.parse(t.started))), span = Math.max(1, now - from);
  const x = time => 1000 * (time - from) / span;
  setText($("ended").querySelector("th.bar"), all.length ? "From " + duration(span) + " ago" : "");
  setText($("ended").querySelector(".note"), all.length ? count(all.length) + " of " + count(view.ended) + " that have ended, the last one first." : "None has ended, or none that matches.");
  const rows = all.map(t => {
    let r = endedRows.get(t.id);
    const start = Date.parse(t.started), end = Date.parse(t.ended);
    if (!r) {
      const took = element("td", "number", duration(end - start));
      took.dataset.label = "Took";
      r = {when: element("td", "number"), bar: svg("rect", {class: "fill " + t.state, y: 4, height: 12})};
      r.when.dataset.label = "Ended";
      r.e = element("tr", "", element("td", "", label(t, nameOf(t) + idOf(t))), element("td", "state " + t.state, t.state), took, r.when,
        element("td", "bar", svg("svg", {viewBox: "0 0 1000 20", preserveAspectRatio: "none", "aria-hidden": "true"}, r.bar)),
        element("td", "", t.error ? element("div", "error", plainLines(t.error)) : ""));
      endedRows.set(t.id, r);
    }
    setText(r.when, duration(now - end) + " ago");
    setAttribute(r.bar, "x", x(start).toFixed(1));
    setAttribute(r.bar, "width", Math.max(4, x(end) - x(start)).toFixed(1));
    return r.e;
  });
  keepOrder(body, rows);
  const ids = new Set(all.map(t => t.id));
  for (const id of endedRows.keys()) if (!ids.has(id)) endedRows.delete(id);
}

function drawCounts(view) {
  const parts = [["running", view.states.running], ["waiting", view.states.waiting], ["queued", view.states.queued], ["ended", view.ended]];
  const text = JSON.stringify(parts);
  if (text === drawCounts.text) return;
  drawCounts.text = text;
  $("counts").replaceChildren(...parts.filter(([name, n]) => n || name !== "queued").map(([name, n]) => element("span", "", element("b", "", count(n || 0)), " " + name)));
  document.title = count((view.states.running || 0) + (view.states.waiting || 0) + (view.states.queued || 0)) + " tasks";
}

function drawMatched(view) {
  const searched = view.match || view.root;
  let text = searched ? count(view.matched) + (view.matched === 1 ? " row" : " rows") : "";
  if (view.unseen) text += (text ? ", " : "") + count(view.unseen) + " more were not looked at";
  setText($("matched"), text);
  $("none").hidden = view.matched > 0;
  setText($("none"), view.match ? "No task matches." : view.root ? "There is nothing in it: it has ended." : "No tasks are live.");
  const root = view.root && view.tasks.find(t => String(t.id) === view.root);
  if (root) $("root").firstElementChild.replaceChildren(element("bdi", "", nameOf(root)), idOf(root));
}

function drawCycles(view) {
  const text = JSON.stringify(view.cycles);
  if (text === drawCycles.text || isHeld($("cycles"))) return;
  drawCycles.text = text;
  $("cycles").hidden = !view.cycles.length;
  $("cycles").replaceChildren(...view.cycles.flatMap(c => {
    const links = c.tasks.map(t => taskLink(t));
    links.forEach(a => a.classList.add("cut"));
    return [element("b", "", "⟳ Deadlock of " + count(c.size) + ":"), ...links, c.size > links.length ? "…" : ""];
  }));
}

function plotsWanted() { return $("plots").open || state.tab === "durations"; }

stream.query = () => {
  const live = state.tab === "live", [offset, max] = live ? list.wanted() : [0, 0];
  const params = new URLSearchParams({match: state.match, sort: state.sort, offset, max});
  if (state.root) params.set("root", state.root);
  if (live && state.task) params.set("graph", state.task);
  if (plotsWanted()) params.set("plots", 1);
  return params.toString();
};

stream.onView = view => {
  const asked = new URLSearchParams(stream.asked);
  [view.match, view.root, view.asked] = [asked.get("match"), asked.get("root") ?? "", asked.get("graph")];
  drawCounts(view);
  drawCycles(view);
  if (view.rates) drawCharts(view.rates);
  if (state.tab === "durations" && view.durations) drawDurations(view.durations);
  if (state.tab === "ended") drawEnded(view);
  if (state.tab === "live" && asked.get("max") !== "0") {
    drawMatched(view);
    list.show(view);
    detail.show(view);
  }
  stream.ask(); // if there is less than what is to be seen
};

listeners.push(before => {
  if ($("match").value.trim() !== state.match) $("match").value = state.match;
  if ($("sort").value !== state.sort) $("sort").value = state.sort;
  for (const b of $("columns").querySelectorAll("button")) {
    setAttribute(b.parentElement, "aria-sort", {[b.dataset.sort]: "ascending", ["-" + b.dataset.sort]: "descending"}[state.sort] ?? null);
  }
  for (const tab of ["live", "ended", "durations"]) {
    $(tab).hidden = state.tab !== tab;
    $("tab-" + tab).setAttribute("aria-selected", state.tab === tab);
    $("tab-" + tab).tabIndex = state.tab === tab ? 0 : -1;
    $("tab-" + tab).href = linkTo({tab});
  }
  $("root").hidden = !state.root;
  $("root").firstElementChild.href = linkTo({task: state.root});
  $("root").lastElementChild.href = linkTo({root: ""});
  if (state.root !== before.root) setText($("root").firstElementChild, "#" + state.root);
  if (["match", "sort", "root"].some(key => state[key] !== before[key])) {
    $("list").scrollTop = 0;
    for (const r of list.rows.values()) r.text = ""; // the links in them lead from here
  }
  detail.show(null);
  list.draw();
  stream.ask();
});

function measure() {
  list.height = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row"));
  for (const r of list.rows.values()) r.index = -1;
  if (list.view) $("rows").style.height = list.view.matched * list.height + "px";
  list.draw();
  if (stream.view?.rates) drawCharts(stream.view.rates);
  stream.ask();
}

let typing = 0;
$("match").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => go({match: $("match").value.trim()}, true), 150);
});
$("sort").addEventListener("change", () => go({sort: $("sort").value}));
// The names of the columns say and change the order; with keys, the choice above does.
$("columns").addEventListener("click", e => {
  const key = e.target.dataset.sort, orders = key === "age" ? ["age", "-age", "tree"] : [key, "tree"];
  if (key) go({sort: orders[(orders.indexOf(state.sort) + 1) % orders.length]});
});
$("plots").addEventListener("toggle", () => stream.ask());
document.querySelector("nav").addEventListener("keydown", e => {
  const tabs = ["live", "ended", "durations"], step = {ArrowRight: 1, ArrowLeft: 2}[e.key];
  if (!step) return;
  const tab = tabs[(tabs.indexOf(state.tab) + step) % 3];
  go({tab});
  $("tab-" + tab).focus();
});
addEventListener("keydown", e => {
  if (e.key === "/" && !/^(input|select|textarea)$/i.test(e.target.tagName)) {
    $("match").focus();
    e.preventDefault();
  }
  if (e.key === "Escape" && !$("detail").hidden && e.target !== $("match")) closeDetail();
});
new ResizeObserver(measure).observe($("list"));

$("plots").open = innerWidth > 900 && innerHeight > 560;
makeCharts();
readState();
stream.ask(true);
