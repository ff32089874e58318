"""Docstrings taken apart, and their equations as HTML."""

import pytest

from explorer.docstrings import parsed
from explorer.typeset import typeset

TEXT = """What it is,
in two lines.

    a = b
    c = d

More of it,
wrapped.
Cost: one
line and more.
Source: somebody.

Args:
    x: not kept.

        Nor this.

Returns:
    Something
    long.

Loss: also after the parts."""


def test_a_docstring_is_taken_apart() -> None:
    doc = parsed(TEXT)
    assert doc.lead == "What it is, in two lines."
    assert doc.body == (("a = b", "c = d"), "More of it, wrapped.")
    assert doc.equations == (("a = b", "c = d"),)
    assert doc.facts == {"Cost": "one line and more.", "Source": "somebody.", "Loss": "also after the parts."}
    assert doc.returns == "Something long."


def test_an_equation_right_under_the_text_is_one() -> None:
    doc = parsed("Lead.\n\nText\n    x = y\nwith more.")
    assert doc.body == ("Text", ("x = y",), "with more.")


def test_nothing_said_is_nothing() -> None:
    doc = parsed("")
    assert (doc.lead, doc.body, doc.facts, doc.returns) == ("", (), {}, "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("h_t² = W_hh·h₍t₋₁₎", "h<sub>t</sub>² = W<sub>hh</sub>·h<sub>t−1</sub>"),
        ("Σ_{t≤s} ∂L_s/∂h_{b,t}", "Σ<sub>t≤s</sub> ∂L<sub>s</sub>/∂h<sub>b,t</sub>"),
        ("‖G_l‖_F, δu_t, ĝ_k, ĝ_k", "‖G<sub>l</sub>‖<sub>F</sub>, δu<sub>t</sub>, ĝ<sub>k</sub>, ĝ<sub>k</sub>"),
        ("(1 − c)^{s−t} and β^k", "(1 − c)<sup>s−t</sup> and β<sup>k</sup>"),
        ("max_k but max_length and grad_h", "max<sub>k</sub> but max_length and grad_h"),
        ("`W_hh` <b> & C_∞", "<code>W_hh</code> &lt;b&gt; &amp; C<sub>∞</sub>"),
        ("`<i>`", "<code>&lt;i&gt;</code>"),
    ],
)
def test_equations_are_set(text: str, expected: str) -> None:
    assert typeset(text) == expected
