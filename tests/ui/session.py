"""A session with a page as a browser has one, without the drawing: what it shows, and what a person does in it."""

import asyncio
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from tornado.websocket import WebSocketClientConnection, websocket_connect


class Session:
    """One tab.

    Attributes:
        widgets: (kind, label) → id of what was last drawn.
        texts: what the progress bars say, the newest last.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address, self._query = f"ws://{parts.netloc}/_stcore/stream", parts.query
        self._page, self._ended = "", asyncio.Event()
        self._ticks: dict[str, asyncio.Task[None]] = {}
        self.widgets: dict[tuple[str, str], str] = {}
        self.texts: list[str] = [""]

    async def open(self) -> None:
        """Connect, and wait until the page is there."""
        self._socket: WebSocketClientConnection = await websocket_connect(self._address, subprotocols=["streamlit"])
        self._reading = asyncio.create_task(self._read())
        await self._run(lambda message: None)

    async def click(self, label: str) -> None:
        """Press a button and wait for the page."""

        def press(message: BackMsg) -> None:
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.trigger_value = self.widgets["button", label], True

        await self._run(press)

    async def slide(self, label: str, value: float) -> float:
        """Move a slider; seconds until the page has answered."""

        def move(message: BackMsg) -> None:
            state = message.rerun_script.widget_states.widgets.add()
            state.id = self.widgets["slider", label]
            state.double_array_value.data.append(value)

        began = time.monotonic()
        await self._run(move)
        return time.monotonic() - began

    async def until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait for something in what is shown."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited in vain; the page says {self.texts[-1]!r}"
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Close the tab."""
        self._stop_ticks()
        self._socket.close()
        await asyncio.wait_for(self._reading, 10)  # ends with the connection

    async def _run(self, change: Callable[[BackMsg], None]) -> None:
        """Ask for a run of the whole page and wait for its end."""
        message = BackMsg()
        message.rerun_script.query_string, message.rerun_script.page_script_hash = self._query, self._page
        change(message)
        self._stop_ticks()
        self._ended.clear()
        await self._socket.write_message(message.SerializeToString(), binary=True)
        await asyncio.wait_for(self._ended.wait(), 60)

    async def _read(self) -> None:
        while (data := await self._socket.read_message()) is not None:
            message = ForwardMsg()
            message.ParseFromString(data)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._page = message.new_session.page_script_hash
            elif kind == "stop_auto_rerun":
                self._stop_ticks(*message.stop_auto_rerun.fragment_ids)
            elif kind == "auto_rerun":
                found = message.auto_rerun
                self._stop_ticks(found.fragment_id)
                self._ticks[found.fragment_id] = asyncio.create_task(self._tick(found.fragment_id, found.interval))
            elif kind == "page_info_changed":
                self._query = message.page_info_changed.query_string
            elif kind == "delta":
                self._keep(message)
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                self._ended.set()

    def _keep(self, message: ForwardMsg) -> None:
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind in ("button", "slider"):
            shown = getattr(element, kind)
            self.widgets[kind, shown.label] = shown.id
        elif kind == "progress":
            self.texts.append(element.progress.text)
        assert kind != "exception", element.exception.message

    async def _tick(self, fragment: str, interval: float) -> None:
        """Ask for a fragment again and again, as a browser does."""
        while True:
            await asyncio.sleep(interval)
            message = BackMsg()
            rerun = message.rerun_script
            rerun.query_string, rerun.page_script_hash = self._query, self._page
            rerun.fragment_id, rerun.is_auto_rerun = fragment, True
            await self._socket.write_message(message.SerializeToString(), binary=True)

    def _stop_ticks(self, *fragments: str) -> None:
        for fragment in fragments or list(self._ticks):
            if fragment in self._ticks:
                self._ticks.pop(fragment).cancel()
