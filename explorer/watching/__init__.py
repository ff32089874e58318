"""What stands behind `explorer.watch`: torch's recurrent modules run by the engine, and the record that they leave."""

from explorer.watching.cells import WatchedCell
from explorer.watching.layers import WatchedLayer
from explorer.watching.recorder import Recorder
from explorer.watching.refusals import WatchError
from explorer.watching.watched import Watched

__all__ = ["Recorder", "WatchError", "Watched", "WatchedCell", "WatchedLayer"]
