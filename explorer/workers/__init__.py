"""Processes that train and measure beside the page or the sweep that asked for it."""
