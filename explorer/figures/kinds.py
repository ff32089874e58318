"""How the variants of BPTT are drawn: one colour, dash and marker for each kind in every chart."""

import zlib
from collections.abc import Sequence

from explorer.figures.panels import DASHES, Look
from explorer.figures.theme import Theme, ink, shade_of
from explorer.findings.swept import plain
from explorer.findings.variants import variant_names

# Unlike the colours of cells, which stand on the same page, and unlike one another for the colour-blind; light, dark.
_COLOURS = {
    "full": (ink("light").text, ink("dark").text),
    "window": ("#4C24ED", "#A77BFF"),
    "online": ("#5A2A0E", "#E8C9A0"),
    "stochastic": ("#826C14", "#F0E030"),
    "subsequence": ("#167B94", "#58B4C4"),
    "adaptive": ("#14144F", "#A0A03A"),
    "rtrl": ("#7A1568", "#D450C8"),
}
_DASHES = {"full": "solid", "window": "dash", "online": "dot", "stochastic": "dashdot", "subsequence": "longdash",
           "adaptive": "longdashdot", "rtrl": "8px,3px,2px,3px,2px,3px"}  # fmt: skip
_MARKERS = {"full": "circle", "window": "square", "online": "diamond", "stochastic": "triangle-up",
            "subsequence": "triangle-down", "adaptive": "star", "rtrl": "cross"}  # fmt: skip
_SPARE = (("#4D4D00", "#C8C890"), ("#403A66", "#C9C2F0"), ("#5C3A3A", "#DDB5B5"))


def looks(variants: Sequence[str], theme: Theme) -> dict[str, Look]:
    """Return the look of each label of a variant: that of its kind, another dash and hollow where a kind comes again.

    An unknown kind gets a spare colour that never changes.
    """
    shade, found, names = shade_of(theme), dict[str, Look](), variant_names(variants)
    for label, name in names.items():
        kind = plain(label)
        spare = zlib.crc32(kind.encode()) % len(_SPARE)
        twin = sum(plain(other) == kind for other in found)
        dash, marker = _DASHES.get(kind, DASHES[1 + spare]), _MARKERS.get(kind, "hexagon")
        again = [each for each in DASHES if each != dash]
        found[label] = Look(
            name, _COLOURS.get(kind, _SPARE[spare])[shade],
            again[(twin - 1) % len(again)] if twin else dash, f"{marker}-open" if twin % 2 else marker,
        )  # fmt: skip
    return found
