"""Boards: charts that are redrawn in place, scrubbed and saved as pictures in the browser, served or in a file.

Nothing here knows how pages are served; `explorer.ui.board` mounts a board in one.
"""

from explorer.boards.message import Board, Panel, Rich, Scrub, encode, rich
from explorer.boards.page import standalone
from explorer.boards.sections import Choices, Equation, Heading, Section, Sources, Table, Text

__all__ = [
    "Board", "Choices", "Equation", "Heading", "Panel", "Rich", "Scrub", "Section", "Sources", "Table", "Text",
    "encode", "rich", "standalone",
]  # fmt: skip
