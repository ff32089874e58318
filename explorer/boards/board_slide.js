// Pictures for slides, 16:9: a chart alone, or a whole board under its headline. Drawn anew as SVG with the rows as
// high as on the screen, so that words keep the room they were placed for; the fewer rows, the larger all is on a slide.

const SLIDE = { width: 1280, height: 720 };
const PNG_SCALE = 2;
const ALONE = { width: 800, height: 450 }; // a chart with a title of its own
const EDGE = 28; // px around a board …
const ALONE_EDGE = 14; // … and around a chart alone, which has margins of its own
const GAP = 24; // px between columns
const PATIENCE_MS = 5000; // for a chart that is not drawn yet

// The rectangles of areas in a grid template such as '"a b" 210px "scrub ." 44px / 2fr 1fr', the scrubber's row left out.
function places(template, width) {
  const [left, right] = template.split("/");
  const rows = [...left.matchAll(/"([^"]+)"\s*(\d+)px/g)].map(([, names, high]) => [names.trim().split(/\s+/), +high]);
  const shown = rows.filter(([names]) => !names.every((name) => name === "scrub" || name === "."));
  const shares = right.trim().split(/\s+/).map(parseFloat);
  const room = width - GAP * (shares.length - 1);
  const columns = shares.map((share) => (room * share) / shares.reduce((a, b) => a + b));
  const found = {};
  let y = 0;
  for (const [names, high] of shown) {
    let x = 0;
    names.forEach((name, i) => {
      const place = (found[name] ??= { x, y, right: 0, bottom: 0 });
      Object.assign(place, { right: x + columns[i], bottom: y + high });
      x += columns[i] + GAP;
    });
    y += high;
  }
  return { found, high: y };
}

// A chart of this size as a node of SVG, as it is shown now: the update looked back at and the zoom included.
async function chart(panel, { x, y, width, height }) {
  const { message } = panel.board;
  const r = panel.board.row();
  const layout = panel.layout(message, r, { width, height });
  layout.font = { ...layout.font, family: PICTURE_FONT };
  const figure = structuredClone({ data: panel.traces(message, r), layout }); // drawing writes into it
  const text = await globalThis.Plotly.toImage(figure, { format: "svg", width, height, imageDataOnly: true });
  const node = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  // Visible: where a font is wider than the page's, a name may need more than its chart.
  const place = { x, y, width, height, overflow: "visible" };
  for (const [key, value] of Object.entries(place)) node.setAttribute(key, value);
  return node;
}

const titled = ({ figure: { layout } }) =>
  Boolean(layout.title?.text) || (layout.annotations ?? []).some((note) => note.name === "title");

function frame({ width, height }, paper, ...children) {
  const size = { ...SLIDE, viewBox: `0 0 ${width} ${height}`, xmlns: SVG };
  return svg("svg", size, svg("rect", { width, height, fill: paper }), ...children);
}

async function boardSlide(board) {
  const { colour, background } = board.theme;
  const [headline, subline] = board.texts();
  const { wide } = board.message;
  const rows = places(wide, 1).high;
  const title = (width) => written(headline, { x: EDGE, y: EDGE, width, size: 24, weight: 600, colour });
  const quiet = (width, y) => written(subline, { x: EDGE, y, width, size: 15, colour, opacity: 0.8 });
  let size = ALONE;
  let head, foot;
  for (let round = 0; round < 3; round += 1) { // a longer headline makes a larger slide, on which it may take fewer lines
    const inner = size.width - 2 * EDGE;
    head = title(inner);
    foot = quiet(inner, EDGE + head.high + 4);
    const height = Math.max(ALONE.height, 2 * EDGE + head.high + foot.high + 12 + rows);
    size = { width: (height * SLIDE.width) / SLIDE.height, height };
  }
  const top = EDGE + head.high + foot.high + 12;
  const spare = (size.height - top - EDGE) / rows; // at least 1
  const { found } = places(wide, size.width - 2 * EDGE);
  const charts = [];
  for (const panel of board.panels.values()) {
    const { x, y, right, bottom } = found[panel.name];
    const place = { x: EDGE + x, y: top + spare * y, width: right - x, height: spare * (bottom - y) };
    if (panel.figure) charts.push(await chart(panel, place));
  }
  return frame(size, background, ...head.lines, ...foot.lines, ...charts);
}

async function panelSlide(panel) {
  if (!titled(panel)) return boardSlide(panel.board); // the headline is its title
  const [x, y] = [ALONE_EDGE, ALONE_EDGE];
  const place = { x, y, width: ALONE.width - 2 * x, height: ALONE.height - 2 * y };
  return frame(ALONE, panel.board.theme.background, await chart(panel, place));
}

async function rasterised(text) {
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image(SLIDE.width, SLIDE.height);
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: PNG_SCALE * SLIDE.width, height: PNG_SCALE * SLIDE.height });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  } finally {
    URL.revokeObjectURL(url);
  }
}

function deliver(blob, name) {
  const link = document.createElement("a");
  Object.assign(link, { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// The panels that have a chart, once there are any: a page that has just been opened may not have drawn them yet.
async function charted(board) {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = [...board.panels.values()].filter(({ figure }) => figure);
    if (found.length && !board.message.dimmed && globalThis.Plotly) return found;
    if (performance.now() > end) return [];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// Save what a board shows, or one of its panels, and say how that went in one sentence.
async function save(board, format, panel = null) {
  const drawn = await charted(board);
  if (!drawn.length) return "There is no picture yet; wait until a chart is drawn.";
  const one = panel && drawn.length > 1 ? `${panel.name}-` : ""; // an only panel has the board's name
  const at = board.shown === null ? "" : `-update-${board.shown}`;
  const name = `${one}${board.message.file}${at}.${format}`;
  try {
    const text = new XMLSerializer().serializeToString(await (panel ? panelSlide(panel) : boardSlide(board)));
    deliver(format === "png" ? await rasterised(text) : new Blob([text], { type: "image/svg+xml" }), name);
  } catch (error) {
    console.error("board: picture", error);
    return "The picture could not be drawn; the file for the browser (HTML) shows the same.";
  }
  return `Saved as ${name}.`;
}

// Buttons that save the picture of a board, with a line for what came of it.
globalThis.boardButtons = (node, find) => {
  const told = node.querySelector("[role=status]");
  for (const button of node.querySelectorAll("button[data-format]")) {
    button.onclick = async () => {
      const root = find();
      told.textContent = "Making the picture …";
      told.textContent = root ? await save(boards.get(root), button.dataset.format) : "There is no chart on this page.";
    };
  }
};
