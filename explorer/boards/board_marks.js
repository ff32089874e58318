// Marks beside the lines of a run, where they are at an update that is looked back at: exact zeros, what is not finite,
// the hatching where nothing arrives, and the words about them. Loaded together with board.js, as one module.
// A trace says in its meta what it marks ("mark"), by which track ("track"), and at what height ("at").

const MARKED = { zero: (value) => value === 0, broken: (value) => !Number.isFinite(value) };
const brokenWord = (value) => (Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf");

const movedPoints = (trace, values) => {
  const { mark, at } = trace.meta;
  const times = Array.from(values, (value, i) => (MARKED[mark](value) ? i + 1 : 0)).filter(Boolean);
  const moved = { ...trace, x: times, y: times.map(() => at) };
  if (mark === "zero") return moved;
  const words = times.map((time) => brokenWord(values[time - 1]));
  const symbol = words.map((word) => (word === "nan" ? "x-thin-open" : "triangle-up"));
  return { ...moved, text: words, marker: { ...trace.marker, symbol } };
};

// Whether every line is exactly zero at each step: those that follow the scrubber, and the others, told in `still`.
const deadSteps = ({ tracks, still }, values) => {
  const rows = tracks.map(values);
  return Array.from(rows[0], (_, i) => (still?.[i] ?? true) && rows.every((row) => row[i] === 0));
};

const movedHatching = (trace, values) => {
  const { low, high } = trace.meta;
  const dead = [false, ...deadSteps(trace.meta, values), false];
  const [x, y] = [[], []];
  for (let time = 1; time < dead.length; time += 1) {
    if (dead[time] === dead[time - 1]) continue;
    // A stretch begins at its lower left corner; its other corners follow where it ends.
    if (dead[time]) [x.push(time - 0.5), y.push(low)];
    else [x.push(time - 0.5, time - 0.5, x.at(-1), null), y.push(low, high, high, null)];
  }
  return { ...trace, x, y };
};

const movedMark = (trace, values) =>
  trace.meta.mark === "hatch" ? movedHatching(trace, values) : movedPoints(trace, values(trace.meta.track));

// The words and the short line about marks, which stand where the newest update has them.
const movedWords = (layout, traces, values) => {
  const hatch = traces.find((trace) => trace.meta?.mark === "hatch");
  const dead = hatch && deadSteps(hatch.meta, values);
  const [time, value] = traces
    .filter((trace) => trace.meta?.mark === "broken")
    .map((trace) => values(trace.meta.track))
    .map((row) => [row.findLastIndex(MARKED.broken) + 1, row])
    .map(([step, row]) => [step, row[step - 1]])
    .reduce((best, found) => (found[0] > best[0] ? found : best), [0, 0]);
  const about = layout.annotations?.some((note) => note.name === "not finite");
  const annotations = layout.annotations?.flatMap((note) => {
    if (note.name === "exactly zero") return dead?.[Math.round(note.x) - 1] ? [note] : [];
    if (note.name !== "not finite") return [note];
    const word = brokenWord(value).replace("-", "");
    const xshift = note.xanchor === "left" ? 10 : -10;
    return time ? [{ ...note, x: time, xshift, text: `${word} from t = ${time} back` }] : [];
  });
  const shapes = layout.shapes?.flatMap((shape) => {
    if (!about || shape.name !== "not finite") return [shape];
    return time ? [{ ...shape, x0: time, x1: time }] : [];
  });
  return { annotations, shapes };
};
