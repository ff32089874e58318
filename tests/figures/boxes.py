"""Where the words and lines of a chart come to lie in pixels, worked out from the finished figure alone."""

import re

import numpy as np

EM = 0.56  # mean width of a letter over the size of the font


def plot(fig, size):
    """Return functions from data to pixels, from the plot's lower left corner, and the plot's width and height."""
    margin = fig.layout.margin
    wide, high = size[0] - margin.l - margin.r, size[1] - margin.t - margin.b
    (x0, x1), (y0, y1) = fig.layout.xaxis.range, fig.layout.yaxis.range
    return (lambda x: wide * (x - x0) / (x1 - x0)), (lambda y: high * (y - y0) / (y1 - y0)), wide, high


def box(text, x, y, size, xanchor, yanchor, turned):
    """Return left, right, low and high of a text."""
    lines = text.replace("<b>", "").replace("</b>", "").split("<br>")
    wide, high = EM * size * max(map(len, lines)), 1.2 * size * len(lines)
    wide, high = (high, wide) if turned else (wide, high)
    left = x - wide * {"left": 0, "center": 0.5, "right": 1}[xanchor]
    low = y - high * {"bottom": 0, "middle": 0.5, "top": 1}[yanchor]
    return left, left + wide, low, low + high


def words(fig, size):
    """Return text and box of all that is written in or beside the plot."""
    to_x, to_y, _, high = plot(fig, size)
    out = []
    for note in fig.layout.annotations:
        y = note.y * high if note.yref == "paper" else to_y(note.y)
        place = (to_x(note.x) + (note.xshift or 0), y + (note.yshift or 0))
        font = note.font.size or 14
        turned = bool(note.textangle)
        out.append(
            (note.text, box(note.text, *place, font, note.xanchor or "center", note.yanchor or "middle", turned))
        )
    for trace in (t for t in fig.data if t.text is not None and "text" in t.mode):
        for x, y, text in zip(trace.x, trace.y, trace.text, strict=True):
            if text:
                up, side = trace.textposition.split()
                yanchor = {"top": "bottom", "middle": "middle", "bottom": "top"}[up]
                anchor = {"left": "right", "right": "left"}[side]
                gap = EM * trace.textfont.size * text.count("\u00a0")
                place = (to_x(x) - gap, to_y(np.log10(y)))
                text = text.replace("\u00a0", "")
                out.append((text, box(text, *place, trace.textfont.size, anchor, yanchor, False)))
    return out


def paths(fig, size):
    """Return name and points [2,N], at most a pixel apart, of every line drawn, straight marks included."""
    to_x, to_y, wide, high = plot(fig, size)
    corners = []
    for trace in fig.data:
        if trace.fill is None and trace.mode != "markers":
            y = np.array(trace.y, dtype=float)
            corners.append((trace.name, to_x(np.array(trace.x, dtype=float)), to_y(np.log10(y))))
    for shape in fig.layout.shapes:
        if shape.type == "line":
            x = np.array([shape.x0, shape.x1], dtype=float)
            y = np.array([shape.y0, shape.y1], dtype=float)
            x = x * wide if shape.xref == "paper" else to_x(x)
            corners.append((shape.name, x, y * high if shape.yref == "paper" else to_y(np.log10(y))))
    for name, x, y in corners:
        found = [np.zeros((2, 0))]
        for i in range(len(x) - 1):
            if np.isfinite(y[i : i + 2]).all():
                count = 2 + int(max(abs(x[i + 1] - x[i]), abs(y[i + 1] - y[i])))
                found.append(np.array([np.linspace(x[i], x[i + 1], count), np.linspace(y[i], y[i + 1], count)]))
        yield name, np.concatenate(found, axis=1)


def overlaps(fig, size):
    """Return the pairs of texts that overlap by more than a pixel."""
    return touching(words(fig, size))


def struck(fig, size):
    """Return the pairs of a text and a line that runs through it; a text on paper may hide marks, never a curve."""
    curves = {trace.name for trace in fig.data}
    papered = {note.text for note in fig.layout.annotations if note.bgcolor}
    return [
        (text, name)
        for text, (left, right, low, high) in words(fig, size)
        for name, (x, y) in paths(fig, size)
        if ((x > left) & (x < right) & (y > low + 1) & (y < high - 1)).any()
        if name in curves or text not in papered
    ]


def panel_words(fig, size):
    """Return text and box of every annotation of a chart of several panels, and of its ticks and title."""
    margin = fig.layout.margin
    wide, high = size[0] - margin.l - margin.r, size[1] - margin.t - margin.b
    out = []
    for note in fig.layout.annotations:
        x, y = (_panel_place(fig, note, which) for which in "xy")
        place = (x * wide + (note.xshift or 0), y * high + (note.yshift or 0))
        text = re.sub("<(?!br)[^>]*>", "", note.text)
        out.append(
            (text, box(text, *place, note.font.size or 14, note.xanchor or "center", note.yanchor or "middle", False))
        )
    for i in range(1, 1 + sum(key.startswith("xaxis") for key in fig.layout.to_plotly_json())):
        axis = fig.layout[f"xaxis{i if i > 1 else ''}"]
        low, right = axis.domain if axis.domain else (0, 1)
        for value, text in zip(axis.tickvals, axis.ticktext, strict=True):
            x = wide * (low + (right - low) * _share(axis, value))
            out.append((text, box(text, x, -6, 14, "center", "top", False)))
    for ident in ["", *(["2"] if "yaxis2" in fig.layout else [])]:
        axis = fig.layout[f"yaxis{ident}"]
        if axis.showticklabels is False:
            continue
        beside = fig.layout[f"xaxis{ident}"].domain
        for value, text in zip(axis.tickvals, axis.ticktext, strict=True):
            text = re.sub("<(?!br)[^>]*>", "", text)
            x = wide * (beside[0] if beside else 0) - 4
            out.append((text, box(text, x, high * _share(axis, value), 14, "right", "middle", False)))
    lines = re.sub("<(?!br)[^>]*>", "", fig.layout.title.text or "").split("<br>") if fig.layout.title.text else []
    for i, line in enumerate(lines):
        out.append((line, box(line, 2 - margin.l, high + margin.t - 8 - 21 * i, 16, "left", "top", False)))
    return out


def _share(axis, value):
    """Return how far along an axis a value in the data's units lies."""
    value = np.log10(value) if axis.type == "log" else value
    return (value - axis.range[0]) / (axis.range[1] - axis.range[0])


def _panel_place(fig, note, which):
    """Return where an annotation stands along the plot area, 0 to 1; on a log axis it is written in decades."""
    ref, value = note[f"{which}ref"] or which, note[which]
    if ref == "paper":
        return value
    axis = fig.layout[f"{which}axis{ref.split()[0][1:]}"]
    low, high = axis.domain if axis.domain else (0, 1)
    share = value if "domain" in ref else (value - axis.range[0]) / (axis.range[1] - axis.range[0])
    return low + share * (high - low)


def touching(found):
    """Return the pairs of texts whose boxes overlap by more than a pixel."""
    return [
        (a, b)
        for i, (a, p) in enumerate(found)
        for b, q in found[:i]
        if min(p[1], q[1]) - max(p[0], q[0]) > 1 and min(p[3], q[3]) - max(p[2], q[2]) > 1
    ]
