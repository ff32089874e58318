"""The Reference page: one chapter at a time, each with a link of its own."""

import streamlit as st

from explorer.experiment import Experiment
from explorer.reference import Section, sections
from explorer.ui import address, reference_text
from explorer.ui.given import put
from explorer.ui.look import theme

REFERENCE, KEY, TURNED = "reference", "section", "turned to another chapter"
UP = "document.querySelector('.stMain').scrollTo(0, 0);"  # a page stays where it was scrolled to, whatever it shows
CHAPTERS = st.cache_resource(sections)


def _chosen(chapters: tuple[Section, ...], experiment: Experiment) -> Section:
    """The chapter that the link asks for; the first where it asks for none."""
    named = {section.name: section for section in chapters}
    asked = address.own(REFERENCE).get(KEY, [chapters[0].name])[-1]
    if asked not in named:
        address.notice(f"section: {asked[:40]!r} is no chapter; there are {', '.join(named)}. The first is shown.")
        address.correct(REFERENCE, {}, experiment)
        address.write(REFERENCE, alone=True)
    return named.get(asked, chapters[0])


def _choose(chapters: tuple[Section, ...], shown: Section) -> None:
    """The list of chapters."""
    titles = {section.name: section.title for section in chapters}

    def chosen() -> None:
        name = st.session_state["chapter"]
        st.session_state[TURNED] = True
        address.change_own(REFERENCE, {} if name == chapters[0].name else {KEY: [name]})

    put("chapter", shown.name)
    st.radio("Chapter", list(titles), key="chapter", format_func=titles.__getitem__, on_change=chosen)


experiment = address.current(REFERENCE, (KEY,), alone=True)
chapters = CHAPTERS()
shown = _chosen(chapters, experiment)
st.html(reference_text.style(theme()))
with st.sidebar:
    _choose(chapters, shown)
    st.html(reference_text.contents(shown.entries))
if st.session_state.pop(TURNED, False):
    st.html(f"<script>{UP}/* {shown.name} */</script>", unsafe_allow_javascript=True)
st.title(shown.title, anchor=False)
st.html(reference_text.page(reference_text.lead(shown)))
if shown.quantities:
    st.html(reference_text.page(reference_text.quantities(shown.quantities), reference_text.facts(shown.facts)))
for found in shown.entries:
    st.header(found.title, anchor=found.kind)
    st.html(reference_text.entry(found))
for sentence in address.notices():
    st.toast(sentence)
