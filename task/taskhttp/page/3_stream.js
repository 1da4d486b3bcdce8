// The connection. It says "live" only while pictures come, and goes on trying for
// as long as the page is open. It is a fetch and no EventSource, which does not say
// why it was refused, and then gives up.

const stream = {
  view: null, // the latest
  at: 0, // when it came
  begun: 0, // when the connection was asked for
  paused: false,
  onView: () => {},
  query: () => "",

  asked: "", // the query that is being answered
  abort: null,
  soon: 0, // the timer until a changed query is asked
  timer: 0, // until the next try
  failures: 0,
  trouble: "", // why there is no connection
  retryAt: 0,
};

// ask connects with the query of the moment, unless that is being answered.
stream.ask = function (force = false) {
  if (this.paused || document.hidden && !force) return;
  const query = this.query();
  if (!force && query === this.asked && (this.abort || this.trouble)) return;
  if (force) return this.connect(query);
  this.soon ||= setTimeout(() => { // one for all that changes in a while
    this.soon = 0;
    if (!this.paused && (!this.abort || this.query() !== this.asked)) this.connect(this.query());
  }, 80);
};

stream.stop = function () {
  clearTimeout(this.timer);
  this.abort?.abort();
  this.abort = null;
};

stream.connect = async function (query) {
  this.stop();
  const abort = this.abort = new AbortController();
  this.asked = query;
  this.begun = Date.now();
  let wait = 0;
  try {
    const url = location.pathname.replace(/\/+$/, "") + "/events?" + query;
    const response = await fetch(url, {signal: abort.signal, cache: "no-store", headers: {Accept: "text/event-stream"}});
    if (!response.ok) {
      wait = 1000 * response.headers.get("Retry-After");
      throw new Error(await refusal(response));
    }
    if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) throw new Error("something else answers");
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const {value, done} = await reader.read();
      if (done) throw new Error("connection lost");
      text += value;
      const events = text.split("\n\n");
      text = events.pop();
      const last = events.findLast(e => e.includes("\ndata: ")); // older ones are out of date
      if (last && abort === this.abort) this.take(JSON.parse(last.slice(last.indexOf("\ndata: ") + 7)));
    }
  } catch (error) {
    if (abort !== this.abort) return; // it was stopped
    this.abort = null;
    this.trouble = error.name === "TypeError" ? "connection lost" : error.message;
    wait ||= Math.min(15000, 500 * 2 ** this.failures++);
    this.retryAt = Date.now() + wait;
    this.timer = setTimeout(() => this.connect(this.query()), wait);
    this.show();
  }
};

async function refusal(response) {
  if (response.status === 503) return "too many follow already";
  if (response.status === 401 || response.status === 403) return "not allowed to look; load the page again to sign in";
  const text = (await response.text()).split("\n")[0].slice(0, 100);
  return response.status + " " + (text || response.statusText);
}

stream.take = function (view) {
  this.view = view;
  this.at = Date.now();
  this.failures = 0;
  this.trouble = "";
  this.show();
  this.onView(view);
};

// show says how fresh what is shown is. The line that is read out changes only
// with the state.
stream.show = function () {
  const age = Date.now() - this.at, late = Math.max(3 * (this.view?.interval ?? 1000), 4000);
  let text = "live", kind = "live", since = "";
  if (this.paused) {
    [text, kind] = ["paused", "paused"];
    since = this.view ? "at " + clock(this.view.time) : "";
  } else if (this.trouble) {
    [text, kind] = [this.trouble, "lost"];
    since = (this.view ? "as of " + clock(this.view.time) + ", " : "") + "trying again" + (this.retryAt > Date.now() ? " in " + Math.ceil((this.retryAt - Date.now()) / 1000) + " s" : "");
  } else if (!this.view) {
    [text, kind] = ["connecting", ""];
  } else if (age > late) {
    [text, kind] = ["nothing heard", "lost"];
    since = "since " + clock(this.view.time);
  } else if (list.held) {
    since = "list held while you select";
  }
  setText($("link"), text);
  setClass($("link"), kind);
  setText($("since"), since);
  document.body.classList.toggle("stale", kind === "lost");
};

setInterval(() => {
  // A connection may be dead without an event that says so.
  if (stream.abort && !document.hidden && Date.now() - Math.max(stream.at, stream.begun) > 15000 + 3 * (stream.view?.interval ?? 1000)) stream.ask(true);
  stream.show();
}, 1000);

// A page that nobody sees holds no connection.
let hiding = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (!document.hidden) stream.ask(!stream.abort);
  else hiding = setTimeout(() => stream.stop(), 20000);
});

$("pause").addEventListener("click", () => {
  stream.paused = !stream.paused;
  setText($("pause"), stream.paused ? "Resume" : "Pause");
  if (stream.paused) {
    stream.stop();
  } else {
    stream.view = null; // not live before there is news
    stream.trouble = "";
    stream.ask(true);
  }
  stream.show();
});
