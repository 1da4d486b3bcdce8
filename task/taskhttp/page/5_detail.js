// One task: what there is to know about it, who waits for whom around it, and
// where it is.

const detail = {parts: null, id: ""};

// show draws the task that is picked. It leaves alone what has not changed.
detail.show = function (view) {
  const box = $("detail");
  box.hidden = state.tab !== "live" || !state.task;
  if (box.hidden) {
    this.id = "";
    return;
  }
  if (this.id !== state.task) {
    this.id = state.task;
    this.parts = makeDetail(box, state.task);
  }
  const graph = view?.graph;
  if (!graph || isHeld(box) || view.asked !== state.task) return;
  const p = this.parts, task = graph.nodes[0];
  if (!task) return this.gone(view);
  p.alive = true;
  const now = Date.parse(view.time);
  const text = JSON.stringify([graph, state.root]);
  if (text !== p.text) {
    p.text = text;
    fillDetail(p, graph, task);
  }
  if (p.age) setText(p.age, duration(now - Date.parse(task.started)));
  if (p.left) {
    const left = Date.parse(task.deadline) - now;
    setText(p.left, left > 0 ? "in " + duration(left) : "passed " + duration(-left) + " ago");
  }
};

// gone says that the task has ended. What there was to see of it stays.
detail.gone = function (view) {
  const p = this.parts, end = view.finished.find(t => String(t.id) === state.task);
  const text = "gone" + Boolean(end);
  if (p.text === text) return;
  p.text = text;
  p.title.replaceChildren(element("bdi", "", end ? nameOf(end) : p.alive ? p.title.textContent : "Task #" + state.task));
  p.note.replaceChildren(element("b", "", "It has ended"),
    end ? ": " + end.state + " after " + duration(Date.parse(end.ended) - Date.parse(end.started)) + "." : " or never was; it is not among those that ended last.");
  if (end?.error) p.note.append(element("div", "error", plainLines(end.error)));
  p.buttons.hidden = true;
  p.waits.replaceChildren();
};

function makeDetail(box, id) {
  const p = {text: "", alive: false};
  const known = list.view?.tasks.find(t => String(t.id) === id);
  p.title = element("h2", "", known ? element("bdi", "", nameOf(known)) : "Task #" + id);
  p.title.id = "detail-name";
  p.title.tabIndex = -1;
  p.path = element("p", "path");
  p.note = element("p", "", "Looking…");
  p.facts = element("dl", "");
  p.waits = element("div", "");
  p.stack = element("div", "");
  const close = element("button", "", "Close");
  close.type = "button";
  close.addEventListener("click", closeDetail);
  p.where = element("button", "", "Stack");
  p.where.type = "button";
  p.where.addEventListener("click", () => showStack(p, id));
  p.only = element("a", "button", "Only what is in it");
  p.only.href = linkTo({root: id, match: ""});
  p.buttons = element("div", "buttons", p.where, p.only);
  box.replaceChildren(element("div", "top", p.path, close), p.title, p.note, p.buttons, p.facts, p.waits, p.stack);
  box.scrollTop = 0;
  return p;
}

function closeDetail() {
  go({task: ""});
  $("list").focus();
}

function taskLink(task, ...more) {
  const a = element("a", "", element("bdi", "", nameOf(task)), idOf(task), ...more);
  a.href = linkTo({task: String(task.id)});
  a.title = nameOf(task);
  return a;
}

function fillDetail(p, graph, task) {
  p.path.replaceChildren(...graph.path.flatMap(t => [taskLink(t), " › "]));
  p.title.replaceChildren(element("bdi", "", plain(task.name) || "(no name)"), element("small", "", idOf(task)));
  p.note.replaceChildren();
  p.buttons.hidden = false;
  p.only.href = linkTo({root: String(task.id), match: ""});
  p.only.hidden = task.kind === "call" || state.root === String(task.id);

  const facts = [];
  const fact = (name, ...content) => {
    const dd = element("dd", "", ...content);
    facts.push(element("dt", "", name), dd);
    return dd;
  };
  p.age = p.left = null;
  if (task.kind !== "call") {
    fact(task.kind === "group" ? "Group" : "State", element("span", "state " + task.state, task.state), task.waiting ? element("bdi", "", ", for " + plain(task.waiting)) : "");
    p.age = element("span", "");
    fact("Started", clock(task.started) + ", ", p.age, " ago");
  }
  if (task.cycle) fact("Deadlock", element("span", "cycle", "⟳ it waits for itself, by way of those with this mark"));
  if (task.deadline) {
    p.left = element("span", "");
    fact("Deadline", clock(task.deadline) + ", ", p.left);
  }
  if (task.jobs) {
    const bar = element("progress", "");
    bar.setAttribute("aria-label", "jobs done");
    if (task.jobs.total >= 0) {
      bar.max = task.jobs.total || 1;
      bar.value = task.jobs.done;
    }
    fact("Jobs", waitingOf({jobs: task.jobs})[0], " ", bar);
  }
  if (task.function) fact("Function", element("bdi", "", plain(task.function)));
  if (task.site) fact("Started at", element("bdi", "", plain(task.site)));
  for (const [k, v] of Object.entries(task.variables || {})) fact(plain(k), element("bdi", "", plain(v)));
  p.facts.replaceChildren(...facts);

  const byID = new Map(graph.nodes.map(t => [t.id, t])), parts = [];
  const some = (title, tasks, more) => {
    if (!tasks.length) return;
    const items = tasks.map(t => element("li", "", t.cycle && t.cycle === task.cycle ? element("span", "cycle", "⟳") : "", taskLink(t),
      element("span", "state " + (t.kind === "call" ? "none" : t.state), t.jobs ? t.jobs.done + " done" : t.state)));
    if (more) items.push(element("li", "", "and " + count(more) + " more"));
    parts.push(element("h3", "", title), element("ul", "", ...items));
  };
  const of = (from, to) => graph.edges.filter(e => e[from] === task.id).map(e => byID.get(e[to]));
  const waitsFor = of(0, 1);
  some("Waits for", waitsFor, (task.waits_for || []).length + (task.waits_for_more || 0) - waitsFor.length);
  some("Waits for it", of(1, 0), 0);
  if (graph.edges.length > 1) {
    const picture = element("div", "", drawGraph(graph));
    picture.id = "graph";
    picture.tabIndex = 0;
    picture.setAttribute("role", "group");
    picture.setAttribute("aria-label", "Who waits for whom, as a picture");
    parts.push(element("h3", "", "Who waits for whom"), picture);
    if (graph.omitted) parts.push(element("p", "path", "and " + count(graph.omitted) + " more"));
  }
  p.waits.replaceChildren(...parts);
}

// showStack asks where the task is. That stops the program for a moment, and so it
// is done only when it is asked for.
async function showStack(p, id) {
  p.where.disabled = true;
  let text, stack;
  try {
    const response = await fetch(location.pathname + "?format=json&stack=" + id, {cache: "no-store"});
    if (response.ok) stack = await response.json();
    else text = response.status === 404 ? "It has ended." : "Not to be had: " + response.status + " " + response.statusText;
  } catch {
    text = "The connection is lost.";
  }
  p.where.disabled = false;
  setText(p.where, "Stack again");
  const pre = element("pre", "");
  pre.id = "stack";
  pre.tabIndex = 0;
  pre.setAttribute("aria-label", "Stack");
  for (const [i, g] of (stack?.goroutines ?? []).entries()) {
    pre.append(i ? "\n" : "", element("span", "at", "goroutine " + g.id + " [" + plain(g.state) + "]"), "\n");
    for (const f of g.frames) pre.append(frame(f));
    if (g.created_by) pre.append(element("span", "at", "started by "), frame(g.created_by));
  }
  if (stack && !stack.goroutines.length) text = "It has no goroutine yet.";
  if (stack?.omitted) text = "and " + count(stack.omitted) + " more goroutines";
  if (text) pre.append(text);
  p.stack.replaceChildren(element("h3", "", "Stack at " + clock(Date.now())), pre);
  pre.scrollIntoView({block: "nearest"});
}

function frame(f) {
  const slash = f.function.lastIndexOf("/") + 1, place = f.file.split("/").slice(-2).join("/") + ":" + f.line;
  const at = element("span", "at", "    " + plain(place));
  at.title = plain(f.file) + ":" + f.line;
  const e = element("span", "", f.function.slice(0, slash) && element("span", "at", plain(f.function.slice(0, slash))), element("b", "", plain(f.function.slice(slash))), "\n", at, "\n");
  return e;
}
