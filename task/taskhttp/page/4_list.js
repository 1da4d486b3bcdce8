// The list of live tasks. There are elements for the rows to be seen only, and
// data for some hundred around them; what is further away is asked for when it is
// come to.

const list = {
  view: null,
  rows: new Map(), // elements, by ID
  height: 30, // of a row
  active: 0, // the ID of the row that the keys are at
  index: 0, // and where it was last
  coming: false, // since the keys went to a row that is not here yet
  held: false, // since the user selects text in it
};

const ahead = 100, page = 50; // rows

// wanted returns the part of the list to ask for.
list.wanted = function () {
  const [from, to] = this.seen();
  const offset = Math.max(0, Math.floor((from - ahead) / page) * page);
  const loaded = this.view && from >= this.view.offset && to <= this.view.offset + this.view.tasks.length;
  if (loaded && state.match === this.match && state.sort === this.sort && state.root === this.root) {
    return [this.offset, this.max]; // as it is: it is enough
  }
  [this.match, this.sort, this.root] = [state.match, state.sort, state.root];
  this.offset = offset;
  this.max = Math.ceil((to + ahead - offset) / page) * page;
  return [this.offset, this.max];
};

// seen returns the first row to be seen and the one behind the last.
list.seen = function () {
  const top = $("list").scrollTop, total = this.view?.matched ?? Infinity;
  const from = Math.max(0, Math.floor(top / this.height) - 6);
  return [Math.min(from, Math.max(0, total - 1)), Math.min(total, Math.ceil((top + $("list").clientHeight) / this.height) + 6)];
};

// room returns how high the part with rows is, below the names of the columns.
list.room = () => $("list").clientHeight - $("columns").offsetHeight;

// show takes a new view. What is at the top stays there, whatever comes or goes
// above it.
list.show = function (view) {
  if (isHeld($("rows"))) {
    this.held = true;
    return;
  }
  this.held = false;
  const box = $("list"), before = this.view;
  this.view = view;
  setAttribute(box, "aria-rowcount", view.matched + 1); // and the names of the columns
  $("rows").style.height = view.matched * this.height + "px";
  const top = Math.floor(box.scrollTop / this.height);
  const anchor = before?.tasks[top - before.offset];
  if (top > 0 && anchor) {
    const now = view.tasks.findIndex(t => t.id === anchor.id);
    if (now >= 0 && now + view.offset !== top) box.scrollTop += (now + view.offset - top) * this.height;
  }
  if (this.coming) this.move(this.index);
  else this.draw();
};

list.draw = function () {
  if (!this.view || isHeld($("rows"))) return;
  const {tasks, offset} = this.view, [from, to] = this.seen();
  const context = new Set(this.view.context), now = Date.parse(this.view.time), shown = new Set();
  let last = null;
  for (let i = Math.max(from, offset); i < Math.min(to, offset + tasks.length); i++) {
    const task = tasks[i - offset];
    shown.add(task.id);
    let row = this.rows.get(task.id);
    if (!row) this.rows.set(task.id, row = makeRow(task.id));
    fillRow(row, task, now);
    row.e.classList.toggle("context", context.has(task.id));
    row.e.classList.toggle("picked", state.task === String(task.id));
    setAttribute(row.e, "aria-selected", state.task === String(task.id));
    row.e.classList.toggle("active", this.active === task.id);
    if (row.index !== i) {
      row.index = i;
      row.e.style.top = i * this.height + "px";
      setAttribute(row.e, "aria-rowindex", i + 2);
    }
    const next = last ? last.nextSibling : $("rows").firstChild; // in order, for those who listen
    if (next !== row.e) $("rows").insertBefore(row.e, next);
    last = row.e;
  }
  for (const [id, row] of this.rows) {
    if (!shown.has(id)) {
      row.e.remove();
      this.rows.delete(id);
    }
  }
  setAttribute($("list"), "aria-activedescendant", shown.has(this.active) ? "row-" + this.active : null);
};

function makeRow(id) {
  const r = {index: -1, task: null};
  const cell = (name, ...content) => {
    const c = element("span", name, ...content);
    c.setAttribute("role", "gridcell");
    return c;
  };
  r.link = element("a", "", element("bdi", "", ""));
  r.link.tabIndex = -1;
  r.deep = element("small", "");
  r.id = element("small", "");
  r.name = cell("name", r.deep, r.link, r.id);
  r.state = cell("state");
  r.age = cell("age");
  r.waits = cell("waits");
  r.deadline = cell("deadline");
  r.values = cell("values");
  r.e = element("div", "row", r.name, r.state, r.age, r.waits, r.deadline, r.values);
  r.e.id = "row-" + id;
  r.e.setAttribute("role", "row");
  return r;
}

// fillRow writes what may change each time, and the rest if it has changed.
function fillRow(r, task, now) {
  const started = Date.parse(task.started);
  setText(r.age, started > 0 ? duration(now - started) : "");
  const left = task.deadline ? Date.parse(task.deadline) - now : 0;
  setText(r.deadline, !task.deadline ? "" : left > 0 ? "in " + duration(left) : "passed");
  r.e.classList.toggle("late", Boolean(task.deadline) && left < 10000);
  const text = JSON.stringify(task);
  if (text === r.text) return;
  r.text = text;
  r.task = task;
  const depth = task.depth || 0, name = nameOf(task);
  const flat = state.sort !== "tree";
  r.name.style.setProperty("--depth", flat ? 0 : depth);
  r.waits.style.setProperty("--depth", flat ? 0 : depth);
  setAttribute(r.e, "aria-level", depth + 1);
  setText(r.deep, !flat && depth > 24 ? "(" + depth + ") " : "");
  setText(r.link.firstChild, name);
  r.link.href = linkTo({task: String(task.id)});
  r.name.title = name + (task.function ? "\n" + plain(task.function) : "");
  setText(r.id, task.kind === "call" ? "" : idOf(task));
  setText(r.state, task.kind === "call" ? "call" : task.state);
  setClass(r.state, "state " + (task.kind === "call" ? "none" : task.state));
  r.e.classList.toggle("call", task.kind === "call");
  r.e.classList.toggle("inCycle", Boolean(task.cycle));
  r.waits.replaceChildren(...waitingOf(task));
  r.waits.title = r.waits.textContent;
  const values = Object.entries(task.variables || {}).map(([k, v]) => plain(k + "=" + v)).join("  ");
  r.values.replaceChildren(element("bdi", "", values));
  r.values.title = values;
}

// waitingOf returns what a task waits for, as links if these are tasks.
function waitingOf(task) {
  const parts = [];
  if (task.cycle) parts.push(element("span", "cycle", "⟳ deadlock "));
  if (task.jobs) {
    const {done, running, total} = task.jobs;
    return [...parts, count(done) + (total < 0 ? "" : " of " + count(total)) + " jobs done, " + count(running) + " running"];
  }
  const ids = task.waits_for || [], text = plain(task.waiting || "");
  if (ids.length === 1) {
    const link = element("a", "", element("bdi", "", text || "#" + ids[0]), text.includes("-" + ids[0]) || text.endsWith("running)") ? "" : " #" + ids[0]);
    link.href = linkTo({task: String(ids[0])});
    link.tabIndex = -1;
    return [...parts, link];
  }
  if (text) parts.push(element("bdi", "", text));
  ids.slice(0, 3).forEach((id, i) => {
    const link = element("a", "", "#" + id);
    link.href = linkTo({task: String(id)});
    link.tabIndex = -1;
    parts.push(i ? ", " : ": ", link);
  });
  const more = (task.waits_for_more || 0) + ids.length - 3;
  if (more > 0) parts.push(" and " + count(more) + " more");
  return parts;
}

// move makes the row with that number the active one, and shows it.
list.move = function (index) {
  if (!this.view?.matched) return;
  const box = $("list");
  this.index = Math.max(0, Math.min(index, this.view.matched - 1));
  const top = this.index * this.height;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + this.height > box.scrollTop + this.room()) box.scrollTop = top + this.height - this.room();
  const task = this.view.tasks[this.index - this.view.offset];
  this.coming = !task;
  this.active = task?.id ?? 0;
  this.draw();
};

// at returns where the active row is now.
list.at = function () {
  const i = this.view.tasks.findIndex(t => t.id === this.active);
  return i < 0 ? this.index : i + this.view.offset;
};

// up returns where the row is that the active one is in.
list.up = function () {
  const {tasks, offset} = this.view, parent = tasks[this.at() - offset]?.parent;
  const i = tasks.findIndex(t => t.id === parent);
  return i < 0 ? this.at() : i + offset;
};

$("list").addEventListener("keydown", e => {
  if (!list.view || e.ctrlKey || e.metaKey || e.altKey) return;
  const full = Math.max(1, Math.floor(list.room() / list.height) - 1);
  const moves = {
    ArrowDown: () => list.active ? list.at() + 1 : list.at(),
    ArrowUp: () => list.at() - 1,
    PageDown: () => list.at() + full,
    PageUp: () => list.at() - full,
    Home: () => 0,
    End: () => list.view.matched - 1,
    ArrowLeft: () => list.up(),
  };
  if (moves[e.key]) {
    list.move(moves[e.key]());
  } else if (e.key === "Enter" && list.active) {
    go({task: String(list.active)});
    $("detail-name")?.focus();
  } else {
    return;
  }
  e.preventDefault();
});

$("list").addEventListener("click", e => {
  const row = e.target.closest(".row");
  if (!row || e.target.closest("a") || isHeld($("rows"))) return;
  go({task: row.id.slice(4)});
});

$("list").addEventListener("scroll", () => {
  list.draw();
  stream.ask();
}, {passive: true});

// The selection that held the list is gone.
document.addEventListener("selectionchange", () => {
  if (list.held && !isHeld($("rows"))) {
    list.held = false;
    if (stream.view) list.show(stream.view);
    stream.show();
  }
});
