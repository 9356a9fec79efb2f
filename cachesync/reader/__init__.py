"""A reader of the projection, as the runtime's authors would write one.

Needs `redis`, and `cryptography` to open sealed secrets; imports nothing of Django or of the code
that writes. What it reads is in `docs/runtime-contract.md`. The whole of a runtime's loop:

    follower = Follower(connect(url), instance="runtime-1", keys=sealing_keys(text))
    for event in follower.run(stop):
        ...  # `Started` once, then a `Change` for each scope; `follower.configuration` is current

`run` acknowledges what it has yielded when it is asked for more, so apply each event before that.
`python -m cachesync.reader URL` prints one start-up read as JSON, and each change with `--follow`.
"""

from cachesync.reader.acks import ACK_TTL_S, Ack, read_acks
from cachesync.reader.checking import references, script_is_signed
from cachesync.reader.copies import PLATFORM, SCHEMA, Configuration, Copy, NotReady, Position
from cachesync.reader.following import Event, Follower, Started, Status, read_all
from cachesync.reader.holding import Change
from cachesync.reader.reading import connect
from cachesync.reader.sealed import open_sealed, sealing_keys

__all__ = [
    "ACK_TTL_S",
    "PLATFORM",
    "SCHEMA",
    "Ack",
    "Change",
    "Configuration",
    "Copy",
    "Event",
    "Follower",
    "NotReady",
    "Position",
    "Started",
    "Status",
    "connect",
    "open_sealed",
    "read_acks",
    "read_all",
    "references",
    "script_is_signed",
    "sealing_keys",
]
