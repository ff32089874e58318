"""Text with equations as docstrings write them, as HTML: W_hh and x^{s−t} get true sub- and superscripts."""

import html
import re

_LOW = str.maketrans("₍₎₋₊₀₁₂₃₄₅₆₇₈₉ₜ", "()−+0123456789t")
_RUN = re.compile(r"₍([^₎]*)₎")
_CODE = re.compile(r"`([^`]*)`")
# One letter, perhaps after a ∂, Σ or δ of its own, or a closing bar: words with underscores are names, not equations.
_SUB = re.compile(r"((?<![^\W_δ])[^\W\d_]\u0302?|‖)_(\{[^}]*\}|[a-zA-Z0-9α-ω]{1,5}(?![^\W²¹ᵀ])|∞)")
_MOST = re.compile(r"\b(max|min)_(\w)\b")
_SUP = re.compile(r"\^(\{[^}]*\}|\([^)]*\)|−?\w+)")


def typeset(text: str) -> str:
    """Plain text as HTML, all of it escaped; what stands between backticks is code and stays as it is."""
    pieces = _CODE.split(text)  # every second one is code
    return "".join(
        f"<code>{html.escape(piece)}</code>" if i % 2 else _mathematics(html.escape(piece))
        for i, piece in enumerate(pieces)
    )


def _mathematics(text: str) -> str:
    text = _RUN.sub(lambda found: f"<sub>{found[1].translate(_LOW)}</sub>", text)
    text = _SUB.sub(lambda found: f"{found[1]}<sub>{_bare(found[2])}</sub>", text)
    text = _MOST.sub(r"\1<sub>\2</sub>", text)
    return _SUP.sub(lambda found: f"<sup>{_bare(found[1])}</sup>", text)


def _bare(text: str) -> str:
    return text[1:-1] if text.startswith("{") else text
