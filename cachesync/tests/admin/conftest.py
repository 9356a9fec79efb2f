"""The fixtures of staff."""

from blip0.testing.staff import clerk, enter, inside, staff

__all__ = ["clerk", "enter", "inside", "staff"]
