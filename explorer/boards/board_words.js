// Text with coloured pieces as lines of SVG, for pictures of boards. One module with the other files of the board.

const SVG = "http://www.w3.org/2000/svg";
// What a picture's reader has, not what the page has loaded: else lines would be longer there than they were measured.
const PICTURE_FONT = "Helvetica, Arial, sans-serif";

const svg = (name, attributes, ...children) => {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};

// Words that are not to be parted, each a list of [text, colour]; a piece may begin within one.
const wordsOf = (pieces) => {
  const words = [[]];
  for (const [text, colour] of pieces) {
    text.split(/[ \n]+/).forEach((part, i) => {
      if (i && words.at(-1).length) words.push([]);
      if (part) words.at(-1).push([part, colour]);
    });
  }
  return words.filter((word) => word.length);
};

// The lines of at most so many pixels, each a list of words.
const linesOf = (pieces, width, font) => {
  const context = document.createElement("canvas").getContext("2d");
  context.font = font;
  const wide = (word) => context.measureText(word.map(([text]) => text).join("")).width;
  const space = context.measureText(" ").width;
  const lines = [];
  let used = Infinity;
  for (const word of wordsOf(pieces)) {
    if (used + space + wide(word) > width) {
      lines.push([]);
      used = -space;
    }
    lines.at(-1).push(word);
    used += space + wide(word);
  }
  return lines;
};

// A text in a column of some width, its first line under y; `high` is the room that it takes.
const written = (pieces, { x, y, width, size, weight = 400, colour, opacity = 1 }) => {
  const step = 1.3 * size;
  const lines = linesOf(pieces, width, `${weight} ${size}px ${PICTURE_FONT}`).map((words, i) => {
    const spans = words.flatMap((word, k) =>
      word.map(([text, own], j) => svg("tspan", own ? { fill: own, "fill-opacity": 1 } : {}, k && !j ? ` ${text}` : text)));
    const look = { "font-family": PICTURE_FONT, "font-size": size, "font-weight": weight, fill: colour, "fill-opacity": opacity };
    return svg("text", { x, y: y + (i + 0.8) * step, style: "white-space: pre", ...look }, ...spans);
  });
  return { lines, high: step * lines.length };
};
