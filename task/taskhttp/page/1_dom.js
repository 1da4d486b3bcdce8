// What comes from the program is put in as text, never as markup, and changed only
// where it has changed: that costs nothing, and keeps what is selected.

const $ = id => document.getElementById(id);

function element(name, className, ...content) {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...content);
  return e;
}

function svg(name, attributes, ...content) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) e.setAttribute(key, attributes[key]);
  e.append(...content);
  return e;
}

function setText(e, text) {
  const node = e.firstChild;
  if (!node) e.append(text);
  else if (node.data !== text) node.data = text;
}

function setAttribute(e, name, value) {
  if (value === null) e.removeAttribute(name);
  else if (e.getAttribute(name) !== String(value)) e.setAttribute(name, value);
}

function setClass(e, name) {
  if (e.className !== name) e.className = name;
}

// isHeld reports whether the user has selected text in e, which is not to change
// then.
function isHeld(e) {
  const s = getSelection();
  return !s.isCollapsed && s.rangeCount > 0 && s.getRangeAt(0).intersectsNode(e);
}

// Characters that do something instead of being seen: controls, those that turn
// the direction of text around, and those without a width. Joiners stay, for some
// scripts are not readable without.
const unseen = /[\0-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

const controls = "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split(" ");

function visible(c) {
  const n = c.codePointAt(0);
  if (n < 0x20) return "‹" + controls[n] + "›";
  return "‹U+" + n.toString(16).toUpperCase().padStart(4, "0") + "›";
}

// plain returns text in one line, with all characters to be seen.
function plain(text) { return text.replace(unseen, visible); }

// plainLines is plain for text with lines and tabs.
function plainLines(text) { return text.replace(unseen, c => c === "\n" || c === "\t" ? c : visible(c)); }

// nameOf returns a task's name as it is shown.
function nameOf(task) { return plain(task.name) || "(no name)"; }

// label returns the name of a task, apart from the direction of what is around it.
function label(task, text = nameOf(task)) {
  const e = element("bdi", "cut", text);
  e.title = text;
  return e;
}

// idOf returns a task's number, unless its name ends with it.
function idOf(task) { return task.name.endsWith("-" + task.id) ? "" : " #" + task.id; }

function duration(ms) {
  if (ms < 1) return ms <= 0 ? "0 ms" : ms.toPrecision(1) + " ms";
  if (ms < 999.5) return Math.round(ms) + " ms";
  if (ms < 60e3) return (ms / 1000).toFixed(1) + " s";
  if (ms < 3600e3) return Math.floor(ms / 60e3) + " m " + Math.floor(ms / 1000) % 60 + " s";
  if (ms < 864e5) return Math.floor(ms / 3600e3) + " h " + Math.floor(ms / 60e3) % 60 + " m";
  return Math.floor(ms / 864e5) + " d " + Math.floor(ms / 3600e3) % 24 + " h";
}

function count(n) { return n.toLocaleString("en"); }

function clock(time) { return new Date(time).toLocaleTimeString(); }
