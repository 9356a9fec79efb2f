"""Become another program, tied to the life of its parent and never as root where that is refused.

Run as a script by its path, before any package can be imported: standard library only, and little
of it, since every start of a server pays for it. `launch_command` builds its command line.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
NOBODY = 65534

# How the program runs: as who started it; as an ordinary user inside a user namespace of its own
# (it still owns the files of who started it, outside); or as the user `nobody`.
PLAIN = "plain"
NAMESPACE = "namespace"
UNPRIVILEGED = "nobody"

REFUSED = 126


def launch_command(
    command: Sequence[str], *, identity: str = PLAIN, parent: int = 0, signal_number: int = 0
) -> list[str]:
    """Return the command line that becomes `command`.

    With `parent`, the process id of the caller, the program gets `signal_number` when that dies.
    """
    start = [sys.executable, "-I", "-S", __file__, str(parent), str(int(signal_number)), identity]
    return [*start, *command]


def tie(parent: int, signal_number: int) -> None:
    """Have this process receive `signal_number` when its parent dies; exit if it already did.

    Linux does it in the kernel, for the thread that started us. Elsewhere a watcher asks twice a
    second; it is tested on Linux, and has never run on macOS.
    """
    if sys.platform == "linux":
        _call(ctypes.CDLL(None, use_errno=True).prctl, PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    else:
        watch(parent, signal_number)
    # It may have died before we asked, and then nothing would ever tell us.
    if os.getppid() != parent:
        raise SystemExit(REFUSED)


def watch(parent: int, signal_number: int, *, interval: float = 0.5) -> None:
    """Leave a process behind that sends this one `signal_number` when `parent` is gone.

    It is nobody's child, so that PostgreSQL doesn't find a stranger among its own, and it holds no
    file of ours open, so that who reads our output still sees its end.
    """
    watched = os.getpid()
    first = os.fork()
    if first:
        os.waitpid(first, 0)
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    os.closerange(0, 1024)
    while _exists(watched):
        if not _exists(parent):
            os.kill(watched, signal_number)
            break
        time.sleep(interval)
    os._exit(0)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _call(function: ctypes._NamedFuncPointer, *arguments: int) -> None:
    if function(*(ctypes.c_ulong(argument) for argument in arguments)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _enter_namespace() -> None:
    """Show ourselves as an ordinary user while keeping the outer user's right to its files."""
    user, group = os.geteuid(), os.getegid()
    _call(ctypes.CDLL(None, use_errno=True).unshare, CLONE_NEWUSER)
    for name, content in (
        # Without this an ordinary process may not map its group.
        ("setgroups", "deny"),
        ("gid_map", f"{NOBODY} {group} 1"),
        ("uid_map", f"{NOBODY} {user} 1"),
    ):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(descriptor, content.encode())
        os.close(descriptor)


def _become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def main(arguments: Sequence[str]) -> int:
    """Change identity, tie, and become the program; return 126 with a line on stderr if refused."""
    parent, signal_number, identity, *command = arguments
    try:
        if os.getsid(0) != os.getpid():
            # Ctrl-C in the terminal is for the supervisor, which then stops us in order.
            os.setsid()
        os.umask(0o077)
        if identity == NAMESPACE:
            _enter_namespace()
        elif identity == UNPRIVILEGED:
            _become_nobody()
        # Last: changing the user would clear it.
        if int(parent):
            tie(int(parent), int(signal_number))
        os.execv(command[0], command)  # noqa: S606  # a shell would only be in the way
    except OSError as error:
        sys.stderr.write(f"{command[0]} can't be started ({identity}): {error.strerror}\n")
        return REFUSED


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
