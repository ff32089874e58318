// One panel of the board: a DOM node that lives as long as its chart does, redrawn in place by plotly.js.
// Loaded together with board.js, as one module.

// A title in Plotly's own markup (<b>, <sub> ...; anything else is shown as text), with coloured pieces.
const titleText = (pieces) =>
  pieces.map(([text, colour]) => (colour ? `<span style="color:${colour}">${text}</span>` : text)).join("");

const NAME_PX = 20; // the room of a line of a name at the end of a curve

// Heights of names of some sizes pushed apart, as little as possible, until none touch; within 0 and high.
const apart = (heights, sizes, high) => {
  const order = heights.map((_, i) => i).sort((a, b) => heights[a] - heights[b]);
  const within = (i, height) => Math.min(high - sizes[i] / 2, Math.max(sizes[i] / 2, height));
  const found = heights.map((height, i) => within(i, height));
  for (let round = 0; round < 100; round += 1) {
    for (let k = 1; k < order.length; k += 1) {
      const [a, b] = [order[k - 1], order[k]];
      const lack = Math.max(0, (sizes[a] + sizes[b]) / 2 - (found[b] - found[a])) / 2;
      found[a] = within(a, found[a] - lack);
      found[b] = within(b, found[b] + lack);
    }
  }
  return found;
};

// Names at the ends of curves are placed for a plot of at least this height; in a lower one they would touch.
const PLACED_PX = 280;
const lowered = (notes, layout) => {
  const h = layout.height - layout.margin?.t - layout.margin?.b;
  if (!(h < PLACED_PX)) return notes;
  const level = ({ y, yref = "y" }) => { // of the point that a name belongs to, in pixels
    if (yref === "paper") return h * y;
    const [low, high] = layout[yref.replace("y", "yaxis")]?.range ?? [];
    return (h * (y - low)) / (high - low);
  };
  const place = (note) => level(note) + (note.yshift ?? 0) / 1000; // in the order they were in where two are level
  const left = (note) => note.xanchor === "right" && note.xshift < 0; // going back in time, lines end on the left
  const right = (note) => note.xanchor === "left" && note.xref === "paper" && note.x === 1;
  const names = notes.filter((note) => note.yanchor === "middle" && (left(note) || right(note)));
  const moved = new Map();
  for (const x of new Set(names.map((note) => note.x))) {
    const group = names.filter((note) => note.x === x && place(note) > -1 && place(note) < h + 1);
    const sizes = group.map((note) => NAME_PX * note.text.split("<br>").length);
    const heights = apart(group.map(place), sizes, h);
    group.forEach((note, i) => moved.set(note, { ...note, yshift: heights[i] - level(note) }));
  }
  return notes.map((note) => moved.get(note) ?? note);
};

// The text of a line's last point going back in time, where that is now.
const movedText = (text, y) => {
  const name = Array.isArray(text) && text.find(Boolean);
  const end = y.findIndex((value) => value > 0);
  return name && end >= 0 ? y.map((_, i) => (i === end ? name : "")) : text;
};

class Panel {
  constructor(board, name, zoom = []) {
    this.board = board;
    this.node = document.createElement("div");
    this.node.className = "board-panel";
    this.node.dataset.panel = name;
    this.node.dataset.redraws = "0";
    this.node.setAttribute("role", "figure"); // not "img", which would hide its buttons
    this.node.style.gridArea = name;
    this.name = name;
    this.zoom = new Map(zoom); // axis name -> the range that the person has chosen
    this.drawnAt = 0;
    // As last observed: asking the node in between would lay the whole page out anew for each panel.
    this.width = this.height = 0;
    board.sizes.observe(this.node);
  }

  // What people hear who do not see the chart: the sentence it came with, and where it looks back, that of its title.
  describe(shown, caption) {
    const title = caption?.map(([text]) => text).join("").replace(/<[^>]*>/g, "");
    const back = shown === null || !this.figure ? "" : ` Now at update ${shown}${title ? `: ${title}` : ""}.`;
    this.node.setAttribute("aria-label", this.alt + back);
  }

  show(message, info) {
    this.alt = info.alt;
    if (this.revision !== undefined && this.revision !== message.revision) this.zoom.clear();
    this.revision = message.revision;
    if (this.digest === info.digest || !info.size) return; // without a size it rests
    this.digest = info.digest;
    this.figure = message.figure(info);
    this.dirty = true;
  }

  // Whether the scrubber changes this panel.
  follows({ tracks, captions }) {
    const { data, layout } = this.figure;
    return (
      this.name in captions ||
      data.some((trace) => trace.meta?.track in tracks) ||
      (layout.shapes ?? []).some((shape) => /^cursor-[xy]$/.test(shape.name))
    );
  }

  traces(message, r) {
    if (r < 0) return this.figure.data;
    return this.figure.data.map((trace) => {
      const track = message.scrub.tracks[trace.meta?.track];
      if (!track) return trace;
      if (trace.meta.mark) return movedMark(trace, this.values(message, r));
      const log = this.figure.layout[(trace.yaxis ?? "y").replace("y", "yaxis")]?.type === "log";
      const y = message.row(track, r).map((value) => (log && !(value > 0) ? null : value)); // else a line falls to 0
      return { ...trace, y, text: movedText(trace.text, y) };
    });
  }

  // The row that is shown of each track, by its name.
  values(message, r) {
    const { tracks } = message.scrub;
    return (name) => (tracks[name] ? message.values(tracks[name], r) : []);
  }

  // Notes named "end TRACK", beside the last points of lines going back in time, where these are now.
  named(notes, { yaxis }, { scrub, row }, r, h) {
    const [low, high] = yaxis.range;
    const found = notes.flatMap((note) => {
      const track = scrub.tracks[note.name?.match(/^end (.+)/)?.[1]];
      if (!track) return [];
      const y = row(track, r);
      const end = y.findIndex((value) => value > 0);
      // A line that is nowhere drawn has its points in the row of zeros, or in that of what is not finite.
      const row0 = y.includes(0) ? 0 : h;
      const height = end < 0 ? row0 : (h * (Math.log10(y[end]) - low)) / (high - low);
      return [{ note, x: Math.max(0, end) + 1, height }];
    });
    const moved = new Map();
    for (const x of new Set(found.map((name) => name.x))) {
      // Where a zoom leaves the end of a line out, its name is left out as well.
      const group = found.filter((name) => name.x === x && name.height >= 0 && name.height <= h);
      const heights = apart(group.map((name) => name.height), group.map(() => NAME_PX), h);
      group.forEach(({ note, height }, i) => {
        moved.set(note, { ...note, x, y: low + (height * (high - low)) / h, yshift: heights[i] - height });
      });
    }
    const gone = new Set(found.map(({ note }) => note).filter((note) => !moved.has(note)));
    return notes.filter((note) => !gone.has(note)).map((note) => moved.get(note) ?? note);
  }

  // The layout of a chart of some size; on the screen, that which it has there.
  layout(message, r, { width, height } = this) {
    const given = this.figure.layout;
    const base = given.template?.layout ?? {};
    const layout = { ...given, autosize: false, width, height };
    layout.uirevision = `board ${this.revision}`;
    const { font, colour, background } = this.board.theme;
    layout.font = { family: base.font?.family ?? font, color: base.font?.color ?? colour, ...given.font };
    // Opaque, so that a downloaded picture is readable on any page.
    if (/^$|^transparent$|, *0\)$/.test(given.paper_bgcolor ?? base.paper_bgcolor ?? "")) layout.paper_bgcolor = background;
    layout.plot_bgcolor = given.plot_bgcolor ?? base.plot_bgcolor ?? "rgba(0,0,0,0)";
    for (const key of Object.keys(layout)) {
      if (/^[xy]axis\d*$/.test(key)) layout[key] = { ...layout[key] }; // Plotly writes into it
    }
    for (const [axis, range] of this.zoom) layout[axis] = { ...layout[axis], range: [...range], autorange: false };
    if (given.annotations) layout.annotations = lowered(given.annotations, layout);
    if (r < 0) return layout;
    const { steps, captions } = message.scrub;
    const step = steps[r];
    layout.shapes = given.shapes?.map((shape) => {
      if (shape.name === "cursor-x") return { ...shape, x0: step, x1: step };
      return shape.name === "cursor-y" ? { ...shape, y0: step, y1: step } : shape;
    });
    if (given.annotations?.some((note) => /^end /.test(note.name))) {
      const { t, b } = given.margin; // the plot's height is what these leave
      layout.annotations = this.named(given.annotations, layout, message, r, height - t - b);
    }
    Object.assign(layout, movedWords(layout, this.figure.data, this.values(message, r)));
    const title = captions[this.name] && titleText(captions[this.name][r]);
    const named = given.annotations?.some((note) => note.name === "title");
    if (title !== undefined && named) {
      layout.annotations = layout.annotations.map((note) => (note.name === "title" ? { ...note, text: title } : note));
    } else if (title !== undefined) layout.title = { ...given.title, text: title };
    return layout;
  }

  async draw(message, r) {
    if (!this.width) return;
    this.dirty = false;
    this.busy = true;
    try {
      await globalThis.Plotly.react(this.node, this.traces(message, r), this.layout(message, r), this.config());
      if (!this.drawnAt) {
        this.listen();
        for (const svg of this.node.querySelectorAll(".main-svg")) svg.setAttribute("aria-hidden", "true"); // said by the label
      }
      this.node.dataset.redraws = String(Number(this.node.dataset.redraws) + 1);
    } finally {
      this.drawnAt = performance.now();
      this.busy = false;
    }
    if (this.name === message.align) this.board.align(this.node);
  }

  config() {
    const { Icons } = globalThis.Plotly;
    const click = (format) => async () => {
      const told = await save(this.board, format, this);
      if (!told.startsWith("Saved")) write(this.board.subline, [[told, null]]);
    };
    const picture = (format, title, icon) => ({ name: `download ${format}`, title, icon, click: click(format) });
    this.options ??= {
      displaylogo: false,
      showSendToCloud: false,
      doubleClick: false, // done here: Plotly would go back to the range of the first frame
      modeBarButtons: [
        [
          picture("png", "Slide as PNG", Icons.camera),
          picture("svg", "Slide as SVG", Icons.disk),
          { name: "reset", title: "Show everything", icon: Icons.home, click: () => this.unzoom() },
        ],
      ],
    };
    return this.options;
  }

  // Plotly forgets a zoom when the figure's own range moves, which it does while data stream in: remember it here.
  listen() {
    this.node.on("plotly_doubleclick", () => this.unzoom());
    this.node.on("plotly_click", ({ points }) => {
      const place = points.map((point) => point.customdata).find(Number.isInteger);
      if (place !== undefined) this.board.pick(this.name, place);
    });
    this.node.on("plotly_relayout", (changes) => {
      for (const key of Object.keys(changes)) {
        const axis = key.match(/^([xy]axis\d*)\.range/)?.[1];
        if (axis) this.zoom.set(axis, [...this.node.layout[axis].range]);
      }
      this.board.keep();
    });
  }

  unzoom() {
    this.zoom.clear();
    this.board.keep();
    this.dirty = true;
    this.board.schedule();
  }

  remove() {
    this.board.sizes.unobserve(this.node);
    globalThis.Plotly?.purge(this.node);
    this.node.remove();
  }
}
