"""What a figure's title says at other updates than the one it was drawn at."""

from collections.abc import Iterable

import xarray as xr

from explorer.figures import weight_share


def captions(dataset: xr.Dataset, rows: Iterable[int]) -> dict[str, list[str]]:
    """Return the titles of each figure whose title depends on the shown update: one for each row, in its own markup.

    Args:
        dataset: a run.
        rows: indices of updates, in the order of the titles.
    """
    return {"share": [weight_share.title(dataset, int(row)) for row in rows]}
