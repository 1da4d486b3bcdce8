// What is shown is in the address, behind the #: a link to it can be sent, and a
// page that is loaded again shows it. An address of another form of the view, with
// the same names behind a ?, shows the same.

const defaults = {match: "", sort: "tree", root: "", task: "", tab: "live"};
const state = {...defaults};
const listeners = [];

if (!location.hash && location.search) {
  history.replaceState(null, "", location.pathname + location.search + "#" + location.search.slice(1));
}

// linkTo returns the address of what is shown, with changes.
function linkTo(changes) {
  const params = new URLSearchParams();
  const next = {...state, ...changes};
  for (const key in defaults) if (next[key] !== defaults[key]) params.set(key, next[key]);
  return "#" + params;
}

// go shows something else. While the user types, that is no new place to go back to.
function go(changes, replace = false) {
  const hash = linkTo(changes);
  if (hash === "#" + location.hash.slice(1)) return;
  if (replace) history.replaceState(null, "", hash);
  else history.pushState(null, "", hash);
  readState();
}

function readState() {
  const params = new URLSearchParams(location.hash.slice(1)), before = {...state};
  for (const key in defaults) state[key] = params.get(key) ?? defaults[key];
  if (!/^\d*$/.test(state.root)) state.root = "";
  if (!/^\d*$/.test(state.task)) state.task = "";
  if (![...$("sort").options].some(o => o.value === state.sort)) state.sort = "tree";
  if (!["live", "ended", "durations"].includes(state.tab)) state.tab = "live";
  for (const f of listeners) f(before);
}

addEventListener("hashchange", readState);
addEventListener("popstate", readState);
