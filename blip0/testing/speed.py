"""How much work something is, whatever machine it is done on.

Limits on time are there for what takes ten times as long as it should. The CPU time of a process
leaves out what others do, but not that their work makes the processor slower; and some machines are
slower always. So what takes too long is measured again, beside a piece of work that is known.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Final

ATTEMPTS: Final = 5
_KNOWN_S: Final = 0.02
"""What `_known_work` takes on the machine that limits are made for."""
_SAMPLE: Final = [{"name": f"name {n}", "kinds": ["uint256[]", n]} for n in range(100)]


def cpu_seconds(work: Callable[[], object], *, enough: float) -> float:
    """CPU time of `work` in seconds of a usual machine: the best of a few attempts.

    The first one below `enough` will do.
    """
    best = _seconds(work)
    for _ in range(ATTEMPTS - 1):
        if best < enough:
            break
        before, took, after = _seconds(_known_work), _seconds(work), _seconds(_known_work)
        best = min(best, took * _KNOWN_S / max(min(before, after), _KNOWN_S))
    return best


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _known_work() -> int:
    """Texts, dictionaries and a parser, as in what is measured."""
    length = 0
    for number in range(260):
        parsed = json.loads(json.dumps(_SAMPLE))
        length += sum(len(item["name"].split()) + number for item in parsed)
    return length
