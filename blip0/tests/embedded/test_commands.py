"""The commands where they must not start anything."""

from __future__ import annotations

import socket
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

EXTERNAL = {
    "DATABASE_URL": "postgres://somebody:it's@else/db",
    "REDIS_PROJECTION_URL": "redis://else/0",
    "REDIS_CACHE_URL": "redis://else/1",
    "CELERY_BROKER_URL": "redis://else/2",
}


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("start", "Nothing to start: DATABASE_URL, REDIS_PROJECTION_URL, REDIS_CACHE_URL, "),
        ("status", "postgres   external DATABASE_URL set\n"),
        ("env", "export DATABASE_URL='postgres://somebody:it'\"'\"'s@else/db'\n"),
    ],
)
def test_services__everything_set_in_the_environment__says_so(
    monkeypatch: pytest.MonkeyPatch, action: str, said: str
) -> None:
    for name, url in EXTERNAL.items():
        monkeypatch.setenv(name, url)
    output = StringIO()

    call_command("services", action, stdout=output)

    assert output.getvalue().startswith(said)


def test_up__port_taken__one_line_with_the_fix_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = StringIO()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("BLIP0_PORT", str(port))

        with pytest.raises(CommandError) as caught:
            call_command("up", stdout=output)

    assert str(caught.value) == (
        f"port {port} of 127.0.0.1 is taken: stop the program that holds it, or "
        "choose another port with BLIP0_PORT=8001 make up"
    )
    assert output.getvalue() == ""
