"""What the variants of BPTT are called for people, from labels such as ``window(k1=5, k2=5)``."""

from collections.abc import Sequence

from explorer.findings.swept import plain

NAMES = {"rtrl": "RTRL", "window": "window"}


def variant_names(labels: Sequence[str]) -> dict[str, str]:
    """Return one short name for each label: the kind, and what differs where a kind comes more than once.

    Of windows, k1 = k2 is called chunked and k1 = 1 sliding, with k2 behind.
    """
    each = list(dict.fromkeys(str(label) for label in labels))
    return {label: _name(label, [other for other in each if plain(other) == plain(label)]) for label in each}


def fields(label: str) -> dict[str, str]:
    """Return the fields that a label names, as they are written there."""
    inside = label.partition("(")[2].removesuffix(")")
    pairs = (part.partition("=") for part in inside.split(",") if part.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _name(label: str, twins: list[str]) -> str:
    kind, own = plain(label), fields(label)
    said = NAMES.get(kind, kind)
    if kind == "window" and {"k1", "k2"} <= set(own):
        style = "chunked" if own["k1"] == own["k2"] else "sliding" if own["k1"] == "1" else f"every {own['k1']}, back"
        rest = {name: value for name, value in own.items() if name not in ("k1", "k2")}
        return ", ".join([f"{style} {own['k2']}", *_differing(rest, [fields(twin) for twin in twins])])
    return ", ".join([said, *_differing(own, [fields(twin) for twin in twins])])


def _differing(own: dict[str, str], twins: list[dict[str, str]]) -> list[str]:
    """Return the fields that are not the same in all labels of a kind, in words."""
    return [_said(name, value) for name, value in own.items() if any(twin.get(name) != value for twin in twins)]


def _said(name: str, value: str) -> str:
    words = name.replace("_", " ")
    return {"true": words, "false": f"not {words}"}.get(value.lower(), f"{words} {value}")
