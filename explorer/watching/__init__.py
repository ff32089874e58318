"""What stands behind `explorer.watch`: torch's recurrent layers run by the engine, and the record that they leave."""

from explorer.watching.layers import CELLS, LAYERS, Watched, WatchedCell, WatchedLayer
from explorer.watching.recorder import Recorder, WatchError

__all__ = ["CELLS", "LAYERS", "Recorder", "WatchError", "Watched", "WatchedCell", "WatchedLayer"]
