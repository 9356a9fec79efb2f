"""`python -m cachesync.reader URL`: what Redis holds for a runtime, as lines of JSON."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cachesync.reader import Follower, NotReady, Started, Status, connect, sealing_keys


def main() -> int:
    options = _options()
    keys = None
    if options.keys_file is not None:
        keys = sealing_keys(options.keys_file.read_text(encoding="utf-8"))
    follower = Follower(
        connect(options.url), instance=options.instance, keys=keys, poll_s=tuple(options.poll)
    )
    if not options.follow:
        try:
            _print(follower.start().plain())
        except NotReady as error:
            sys.stderr.write(f"not ready: {error}\n")
            return 1
        return 0
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    for event in follower.run(stop):
        match event:
            case Started(configuration):
                _print(configuration.plain())
            case Status(problem):
                _print({"event": "status", "problem": problem})
            case change:
                _print({"event": "change", **asdict(change), "refused": dict(change.refused)})
    follower.leave()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="cachesync.reader", description="Print what Redis holds for a runtime."
    )
    parser.add_argument("url", help="redis://[user:password@]host:port/0")
    parser.add_argument("--follow", action="store_true", help="And then a line for each change.")
    parser.add_argument("--instance", default="", help="Acknowledge what was read as this runtime.")
    parser.add_argument(
        "--poll",
        nargs=2,
        type=float,
        default=(15.0, 30.0),
        metavar=("FROM", "TO"),
        help="Seconds between two safety polls.",
    )
    parser.add_argument(
        "--keys-file", type=Path, help="Refuse secrets that these keys don't open: `id:base64,…`."
    )
    return parser.parse_args()


def _print(line: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
