"""The fixtures of staff."""

from blip0.testing.staff import clerk, enter, inside, looking, staff

__all__ = ["clerk", "enter", "inside", "looking", "staff"]
