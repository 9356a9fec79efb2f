"""A real browser against a real server of this process, on the worker's own database and Redis.

pytest-django's `live_server` won't do: it empties the tables with TRUNCATE, which the audit log
refuses. `write_through` undoes what a test commits.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any, cast

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

# Two browsers on a busy machine: nobody waits that long, but for what never comes.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
ARGUMENTS = ("--no-sandbox", "--disable-quic", "--disable-background-networking")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a browser. Without one: skipped, but in CI a failure."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        reason = f"no browser: none of {', '.join(BROWSERS)} is installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def _as_it_is(application: WSGIHandler) -> WSGIHandler:
    """Stands where a handler of static files would: the middleware has one."""
    return application


@pytest.fixture
def served(write_through: None) -> Iterator[str]:
    """The URL of the platform, served from threads of this process. WhiteNoise brings statics."""
    thread = LiveServerThread("127.0.0.1", cast(Any, _as_it_is), connections_override={})
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    yield f"http://127.0.0.1:{thread.port}"
    thread.terminate()


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for all journeys that come one after the other.

    Playwright keeps an event loop in this thread, where a test then uses the ORM: no harm, since
    nothing else runs in that loop meanwhile. It ends with the package, for others need one.
    """
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patched:
        patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, served: str) -> Iterator[Page]:
    """A page of the platform. The test fails for any error on its console: CSP's are there."""
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            problems.append(f"{message.text} at {message.location.get('url')}")

    context = browser.new_context(base_url=served, viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    opened.on("console", note)
    opened.on("pageerror", lambda error: problems.append(str(error)))
    yield opened
    context.close()
    assert problems == []
