"""Random plans for property tests."""

from hypothesis import strategies as st

from explorer.truncation import Plan, Segment


@st.composite
def plans(draw: st.DrawFn, length: int) -> Plan:
    """Any valid plan: losses in segments, some perhaps left out, each flowing back to any older state."""
    ends = sorted(draw(st.sets(st.integers(1, length), max_size=length)) | {length})
    firsts = [1, *(end + 1 for end in ends[:-1])]
    factors = st.sampled_from((1.0, 1.0, 0.5, 1.25))
    segments = [
        Segment(first, last, draw(st.integers(0, first - 1)), draw(factors))
        for first, last in zip(firsts, ends, strict=True)
    ]
    kept = draw(st.lists(st.booleans(), min_size=len(segments), max_size=len(segments)))
    return tuple(segment for segment, keep in zip(segments, kept, strict=True) if keep or draw(st.booleans()))


@st.composite
def plans_with_length(draw: st.DrawFn, longest: int = 12) -> tuple[Plan, int]:
    """A plan and the length of its sequence."""
    length = draw(st.integers(1, longest))
    return draw(plans(length)), length
