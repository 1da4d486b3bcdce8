// The picture of who waits for whom: from left to right, with the picked one where
// those that wait for it and those that it waits for meet. It is the lists in
// other words, and for eyes only.

function drawGraph(graph) {
  const wide = 122, high = 30, gapX = 28, gapY = 10, self = graph.nodes[0].id;
  const layers = layersOf(graph), columns = new Map();
  for (const t of graph.nodes) {
    const layer = layers.get(t.id);
    if (!columns.has(layer)) columns.set(layer, []);
    columns.get(layer).push(t);
  }
  const order = [...columns.keys()].sort((a, b) => a - b);
  const tallest = Math.max(...[...columns.values()].map(c => c.length));
  const places = new Map();
  order.forEach((layer, x) => {
    const column = columns.get(layer), top = (tallest - column.length) / 2;
    column.forEach((t, y) => places.set(t.id, {x: 10 + x * (wide + gapX), y: 12 + (top + y) * (high + gapY), task: t}));
  });
  const width = order.length * (wide + gapX) - gapX + 20, height = tallest * (high + gapY) + 46;
  const root = svg("svg", {width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true"});
  const marker = (id, name) => svg("marker", {id, class: name, viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto"},
    svg("path", {d: "M0 0 L8 4 L0 8 z"}));
  root.append(svg("defs", {}, marker("arrow", ""), marker("arrow-cycle", "cycle")));
  for (const [from, to] of graph.edges) {
    const a = places.get(from), b = places.get(to);
    const inCycle = a.task.cycle && a.task.cycle === b.task.cycle;
    root.append(svg("path", {class: inCycle ? "edge cycle" : "edge", d: curve(a, b, wide, high, height), "marker-end": inCycle ? "url(#arrow-cycle)" : "url(#arrow)"}));
  }
  for (const {x, y, task} of places.values()) {
    const name = nameOf(task), a = svg("a", {href: linkTo({task: String(task.id)}), tabindex: -1, class: (task.id === self ? "self " : "") + (task.cycle ? "inCycle" : ""), transform: `translate(${x} ${y})`},
      svg("title", {}, name + idOf(task) + ": " + (task.jobs ? "call" : task.state) + (task.cycle ? ", in a deadlock" : "")),
      svg("rect", {width: wide, height: high, rx: 6}),
      svg("text", {x: 8, y: 19}, task.cycle ? svg("tspan", {class: "mark"}, "⟳ ") : "", shorten(name, task.cycle ? 14 : 16)));
    if (task.cycle) a.querySelector("text").setAttribute("font-weight", "600");
    root.append(a);
  }
  return root;
}

// shorten returns a name of some characters, with its end, where the number is.
function shorten(name, most) {
  const all = [...name];
  if (all.length <= most) return name;
  return all.slice(0, most - 6).join("") + "…" + all.slice(-5).join("");
}

// layersOf returns how far to the right each is: what the first one waits for is to
// the right of it, and who waits for it to the left.
function layersOf(graph) {
  const layers = new Map([[graph.nodes[0].id, 0]]);
  const spread = (from, to, step) => {
    for (const todo = [graph.nodes[0].id]; todo.length;) {
      const id = todo.shift();
      for (const e of graph.edges) {
        if (e[from] !== id || layers.has(e[to])) continue;
        layers.set(e[to], layers.get(id) + step);
        todo.push(e[to]);
      }
    }
  };
  spread(0, 1, 1);
  spread(1, 0, -1);
  for (const t of graph.nodes) if (!layers.has(t.id)) layers.set(t.id, 0);
  return layers;
}

// curve leads from the right side of a to the left one of b, and if b is not to the
// right, below both.
function curve(a, b, wide, high, height) {
  const x1 = a.x + wide, y1 = a.y + high / 2, x2 = b.x, y2 = b.y + high / 2;
  if (x2 > x1) {
    const half = (x2 - x1) / 2;
    return `M${x1} ${y1} C${x1 + half} ${y1} ${x2 - half} ${y2} ${x2} ${y2}`;
  }
  const from = a.x + wide * 0.6, to = b.x + wide * 0.4, low = Math.min(height - 4, Math.max(a.y, b.y) + high + 24);
  return `M${from} ${a.y + high} C${from} ${low} ${to} ${low} ${to} ${b.y + high}`;
}
