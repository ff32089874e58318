// The board in the browser: one DOM node for each panel, redrawn in place by plotly.js, and a scrubber that moves all
// of them without asking the server. This file and board_panel.js come once a page; each message brings only a few
// lines that call `liveBoard` again, as does a change of theme. What a board remembers between calls is kept in
// `boards`, by its root element. The message is written by encode() in board.py.

const boards = new WeakMap();
const FRAME_MS = 40; // what one animation frame may spend on drawing before the browser gets its turn
const QUIET_MS = 1000; // without a change for this long, the headline is read out to screen readers again
const LOAD_MS = 30000;
const AXIS = /^(.+)\.([xy]axis\d*)$/; // a zoomed axis in the address, as in #update=12&gradient.xaxis=40,60

function read(data, before) {
  const bytes = data.slice(); // it arrives at an arbitrary offset, typed arrays need an aligned one
  const size = new DataView(bytes.buffer).getUint32(0, true);
  const text = (at, length) => new TextDecoder().decode(bytes.subarray(at, at + length));
  const body = 8 + size;
  const head = JSON.parse(text(8, size));
  // The updates to look back at are most of a message, so not every one brings them.
  const same = head.scrub === "same";
  if (same) head.scrub = before?.revision === head.revision ? before.scrub : null;
  const values = same && head.scrub ? before.values : ({ bytes: itemsize, at, width }, r) => {
    const Floats = itemsize === 4 ? Float32Array : Float64Array;
    return new Floats(bytes.buffer, body + at + r * width * itemsize, width);
  };
  return {
    ...head,
    figure: ({ at, size }) => JSON.parse(text(body + at, size)),
    values,
    row: (track, r) => Array.from(values(track, r), (value) => (Number.isFinite(value) ? value : null)),
  };
}

// Text with coloured pieces. Only text nodes are ever made, so no text can become HTML.
function write(node, pieces) {
  const key = JSON.stringify(pieces);
  if (node.boardText === key) return;
  node.boardText = key;
  node.replaceChildren(
    ...pieces.map(([text, colour]) => {
      const span = document.createElement("span");
      span.append(...text.split(SPECIAL).map((part, i) => (i % 2 ? special(part) : part)));
      if (colour) span.style.color = colour;
      return span;
    }),
  );
}

// W_hh has a true subscript, and a browser would break 7e-6 into two lines after the minus.
const SPECIAL = /([\d.]+e-\d+|_hh\b)/;
function special(text) {
  const node = document.createElement(text === "_hh" ? "sub" : "span");
  if (text !== "_hh") node.className = "board-number";
  node.textContent = text.replace("_", "");
  return node;
}

// What the address says is shown, the update that is looked back at and what is zoomed; null where its end is not ours.
function linked() {
  const found = { update: null, zoom: new Map() };
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) {
    const [, panel, axis] = AXIS.exec(key) ?? [];
    const numbers = value.split(",").map(Number);
    if (key === "update") found.update = Number.isInteger(numbers[0]) ? numbers[0] : null;
    else if (!panel) return null;
    else if (numbers.length === 2 && numbers.every(Number.isFinite) && numbers[0] !== numbers[1])
      found.zoom.set(panel, [...(found.zoom.get(panel) ?? []), [axis, numbers]]);
  }
  return found;
}

class Board {
  constructor(root) {
    this.root = root;
    this.panels = new Map();
    this.pinned = null; // the update that the person looks back at; null: the newest
    this.linked = linked(); // only what the page was opened with; later the person leads
    const find = (name) => root.querySelector(name);
    [this.headline, this.subline] = [find(".board-headline"), find(".board-subline")];
    [this.grid, this.bar, this.input] = [find(".board-grid"), find(".board-scrub"), find("input")];
    this.input.addEventListener("input", () => this.moved());
    this.input.addEventListener("change", () => this.keep());
    this.sizes = new ResizeObserver((entries) => {
      this.magnify();
      for (const { target } of entries) {
        const panel = this.panels.get(target.dataset.panel);
        const { clientWidth: width, clientHeight: height } = target;
        if (panel.figure && (panel.width !== width || panel.height !== height)) panel.dirty = true;
        Object.assign(panel, { width, height });
      }
      this.schedule();
    });
  }

  // Charts grow with the page's type, 16 px but for projector mode.
  magnify() {
    const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    if (scale !== this.scale) this.root.style.setProperty("--scale", scale);
    this.scale = scale;
  }

  update(message, retheme) {
    this.magnify();
    const style = getComputedStyle(this.root);
    const read = (name) => style.getPropertyValue(`--st-${name}`).trim();
    const theme = { font: read("font"), colour: read("text-color"), background: read("background-color") };
    const changed = JSON.stringify(theme) !== JSON.stringify(this.theme);
    // The figures' own colours, and the page's around the board, are those of the theme they were made for.
    document.documentElement.style.setProperty("--page-paper", theme.background);
    if (changed && this.theme) retheme(theme.background);
    this.theme = theme;
    this.root.classList.toggle("board-dimmed", message.dimmed);
    this.grid.style.setProperty("--wide", message.wide);
    this.grid.style.setProperty("--narrow", message.narrow);
    const steps = message.scrub?.steps ?? [];
    const another = this.message && this.message.revision !== message.revision;
    if (another) this.linked = null;
    if (steps.length && this.linked) {
      this.pinned ??= this.linked.update;
      this.linked.update = null;
    }
    if (another || this.pinned >= steps.at(-1)) this.pinned = null;
    this.message = message;
    const names = new Set(message.panels.map((info) => info.name));
    for (const [name, panel] of this.panels) {
      if (names.has(name)) continue;
      panel.remove();
      this.panels.delete(name);
    }
    for (const info of message.panels) {
      if (!this.panels.has(info.name)) {
        const panel = new Panel(this, info.name, this.linked?.zoom.get(info.name));
        this.linked?.zoom.delete(info.name);
        this.panels.set(info.name, panel);
        this.grid.insertBefore(panel.node, this.bar);
      }
      const panel = this.panels.get(info.name);
      panel.show(message, info);
      if (changed && panel.figure) panel.dirty = true;
    }
    this.place();
    if (another) this.keep();
  }

  // The row of the tracks that is shown; -1 where the figures are shown as they came.
  row() {
    const steps = this.message.scrub?.steps ?? [];
    if (this.pinned === null || !steps.length) return -1;
    return Math.max(0, steps.findLastIndex((step) => step <= this.pinned));
  }

  moved() {
    const steps = this.message.scrub.steps;
    const r = Number(this.input.value);
    this.pinned = r < steps.length - 1 ? steps[r] : null;
    this.place();
  }

  // Let the address say which update is looked back at and what is zoomed; nothing is asked of the server.
  keep() {
    if (!linked()) return;
    const found = this.row() < 0 ? [] : [`update=${this.shown}`];
    for (const { name, zoom } of this.panels.values())
      for (const [axis, range] of zoom) found.push(`${name}.${axis}=${range.map((end) => +end.toPrecision(6))}`);
    const place = found.length ? `#${found.join("&")}` : "";
    if (place !== location.hash)
      history.replaceState(history.state, "", location.pathname + location.search + place);
  }

  // Put the scrubber and the texts where they belong, and mark the panels that have to change.
  place() {
    const { scrub } = this.message;
    const r = this.row();
    const shown = r < 0 ? null : scrub.steps[r];
    if (shown !== this.shown || shown !== null) {
      for (const panel of this.panels.values()) panel.dirty ||= panel.figure && (!scrub || panel.follows(scrub));
    }
    this.shown = shown;
    const count = scrub?.steps.length ?? 0;
    this.bar.style.visibility = count > 1 ? "visible" : "hidden";
    this.input.max = String(Math.max(0, count - 1));
    this.input.value = String(r < 0 ? count - 1 : r);
    this.bar.style.setProperty("--at", count > 1 ? this.input.value / (count - 1) : 0);
    const label = count ? `update ${shown ?? scrub.steps.at(-1)} of ${scrub.total}` : "";
    this.input.setAttribute("aria-valuetext", label);
    this.bar.lastElementChild.textContent = label;
    for (const panel of this.panels.values()) panel.describe(shown, r < 0 ? null : scrub.captions[panel.name]?.[r]);
    this.hush();
    const [headline, subline] = this.texts();
    write(this.headline, headline);
    write(this.subline, subline);
    this.schedule();
  }

  // Headline and subline of the update that is shown.
  texts() {
    const { scrub } = this.message;
    const r = this.row();
    return ["headline", "subline"].map((slot) => (r >= 0 && scrub.captions[slot]?.[r]) || this.message[slot]);
  }

  hush() {
    this.headline.setAttribute("aria-live", "off");
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => this.headline.setAttribute("aria-live", "polite"), QUIET_MS);
  }

  schedule() {
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  // Draw what has changed, the longest waiting first; what does not fit in this frame is drawn in the next.
  draw() {
    this.frame = undefined;
    const start = performance.now();
    if (!globalThis.Plotly) return this.wait(start);
    const waiting = [...this.panels.values()].filter((panel) => panel.dirty).sort((a, b) => a.drawnAt - b.drawnAt);
    for (const panel of waiting) {
      if (performance.now() - start > FRAME_MS) break;
      // A redraw under the person's hand would end the zoom that is being drawn.
      if (panel.busy || panel.node._dragging) continue;
      panel.draw(this.message, this.row()).catch((error) => console.error(`board: ${panel.name}`, error));
    }
    if (waiting.some((panel) => panel.dirty && panel.width)) this.schedule();
  }

  wait(now) {
    this.waiting ??= now;
    if (now - this.waiting < LOAD_MS) setTimeout(() => this.schedule(), 20);
    else write(this.subline, [["The charts' drawing library did not arrive. Reload the page.", null]]);
  }

  align(node) {
    const { l, r } = node._fullLayout._size;
    this.bar.style.setProperty("--left", `${l}px`);
    this.bar.style.setProperty("--right", `${r}px`);
  }

  dispose() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.quiet);
    this.sizes.disconnect();
    for (const panel of this.panels.values()) panel.remove();
  }
}

globalThis.liveBoard = ({ data, parentElement, setTriggerValue }) => {
  const root = parentElement.querySelector(".board");
  if (!boards.has(root)) boards.set(root, new Board(root));
  const board = boards.get(root);
  const retheme = (background) => setTriggerValue("theme", background);
  board.pick = (panel, place) => setTriggerValue("picked", { panel, place });
  board.update(board.data === data ? board.message : read(data, board.message), retheme);
  board.data = data;
  // Streamlit also calls this for a message that was overtaken by a newer one; then the root is still in the page.
  return () => {
    if (!root.isConnected) board.dispose();
  };
};

export default function () {}
