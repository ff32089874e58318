"""The picture of what an update costs under each variant."""

import streamlit as st

from explorer.experiment import Experiment
from explorer.figures import cost_orders
from explorer.prices import SIZES, Over, prices, sized
from explorer.ui import address
from explorer.ui.costs import cost_of, find_out, give_up
from explorer.ui.given import put
from explorer.ui.look import theme
from explorer.ui.pictures import Picture, Shown
from explorer.variants import priced

OVER, _STOPPED = "over", "costs stopped"
WORDS: dict[Over, str] = {"length": "sequence length", "k2": "truncation length", "hidden_size": "hidden units"}


class Costs(Picture):
    """Time and memory of one update, filled in as they are measured.

    Args:
        page: the page whose URL says against what.
    """

    label = "Cost"

    def __init__(self, page: str) -> None:
        self._page = page

    def show(self, experiment: Experiment) -> Shown:
        """Draw what is measured."""
        found = prices(experiment, self._over(), known=cost_of)
        return Shown(cost_orders(found, theme()), numbers=found)

    def busy(self, experiment: Experiment) -> bool:
        """Whether something is still to be measured."""
        return not self._stopped(experiment) and find_out(self._experiments(experiment))

    def buttons(self, experiment: Experiment) -> None:
        """Against what; stop, and go on."""

        def changed() -> None:
            own = {key: values for key, values in address.own(self._page).items() if key != OVER}
            over = st.session_state["cost-over"]
            address.change_own(self._page, own if over == next(iter(SIZES)) else {**own, OVER: [over]})

        put("cost-over", self._over())
        st.segmented_control(
            "Against", list(SIZES), format_func=lambda over: WORDS[over], key="cost-over", required=True,
            on_change=changed, label_visibility="collapsed",
        )  # fmt: skip

        def stop() -> None:
            give_up()
            st.session_state[_STOPPED] = self._asked(experiment)

        if self._stopped(experiment):
            st.button("Go on", key="measure-costs", on_click=st.session_state.pop, args=(_STOPPED, None))
        else:
            st.button("Stop", key="stop-costs", on_click=stop, disabled=not self.busy(experiment))

    def progress(self, experiment: Experiment) -> None:
        """How many are measured."""
        wanted = self._experiments(experiment)
        done = sum(cost_of(each) is not None for each in wanted)
        if self.busy(experiment) or self._stopped(experiment):
            said = "stopped" if self._stopped(experiment) else "each alone on one thread"
            st.progress(done / len(wanted), f"{done} of {len(wanted)} updates measured, {said}")

    def leave(self) -> None:
        """Give up the one under way; what is measured stays known."""
        give_up()

    def _asked(self, experiment: Experiment) -> tuple[str, str]:
        return self._over(), experiment.digest

    def _stopped(self, experiment: Experiment) -> bool:
        return bool(st.session_state.get(_STOPPED) == self._asked(experiment))

    def _over(self) -> Over:
        word = address.choice(self._page, OVER, SIZES)
        return next(over for over in SIZES if over == word)

    def _experiments(self, experiment: Experiment) -> list[Experiment]:
        over = self._over()
        each = [sized(experiment, over, size, scheme) for scheme in priced(experiment) for size in SIZES[over]]
        return [found for found in each if found is not None]
