"""The projection's Redis: reads of what it holds, and the one call that changes it."""

from cachesync.store.writing import MissingReference, Store

__all__ = ["MissingReference", "Store"]
