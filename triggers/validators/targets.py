"""Where a trigger may send to: never into the network that the platform runs in.

This judges the text of a target when it is saved. The code that sends judges the address again
when it connects, because a name can point anywhere by then.
"""

from __future__ import annotations

from blip0.common.net import forbidden_host, host_of
from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path

_FIX = "Name a host of the public internet."


def check_url(url: str, at: Path, out: Findings, context: CheckContext) -> None:
    host = host_of(url)
    if host is None:
        out.policy(
            "trigger.target_url",
            at,
            "This is no URL with one unmistakable host: it has none, or holds blanks, line breaks, "
            "backslashes or a port that is none. Correct it.",
        )
        return
    check_host(host, at, out, context)


def check_host(host: str, at: Path, out: Findings, context: CheckContext) -> None:
    if context.allowed.target(host):
        return
    if reason := forbidden_host(host):
        out.policy("trigger.target", at, f"Nothing can be sent to this host: {reason}. {_FIX}")
