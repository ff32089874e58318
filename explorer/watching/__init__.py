"""What stands behind `explorer.watch`: torch's recurrent modules run by the engine, and the record that they leave."""

from explorer.watching.recorder import Recorder
from explorer.watching.refusals import WatchError
from explorer.watching.watch import watch

__all__ = ["Recorder", "WatchError", "watch"]
