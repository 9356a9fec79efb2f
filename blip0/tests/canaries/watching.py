"""Looks at all that a request leaves behind: its answer, its log lines, and what it had done."""

from __future__ import annotations

import io
import json
import logging
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import redis
import structlog
from celery import current_app
from django.conf import settings
from django.core import mail
from django.db import connection
from django.http import HttpResponseBase

from blip0.tests.canaries.marks import readable

_VARYING = (
    (re.compile(r"blp0_[a-z0-9]{12}_[\w-]{43}"), "KEY"),
    (re.compile(r'"prefix":"[a-z0-9]{12}"'), "PREFIX"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(\+00:00|Z)?"), "TIME"),
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "HASH"),
    (re.compile(r"'(x-ratelimit|ratelimit)[^']*': '[^']*'", re.IGNORECASE), "RATE"),
    (re.compile(r"'(content-length|etag)': '[^']*'", re.IGNORECASE), "SIZE"),
    (re.compile(r'"[\w.-]*eyJ[\w.-]+"'), "TOKEN"),
)


def text_of(answer: HttpResponseBase) -> str:
    """Status line, headers and body; of a ZIP, all that is in it."""
    content = answer.content  # type: ignore[attr-defined]  # none of ours streams
    if answer.headers.get("Content-Type") == "application/zip":
        with zipfile.ZipFile(io.BytesIO(content)) as files:
            content = b"\n".join(name.encode() + files.read(name) for name in files.namelist())
    head = f"{answer.status_code} {answer.reason_phrase}\n{dict(answer.headers)}"
    return f"{head}\n{answer.cookies.output()}\n{content.decode()}"


def blurred(text: str) -> str:
    """An answer without what differs each time."""
    for pattern, name in _VARYING:
        text = pattern.sub(name, text)
    return text


class Log:
    """What the configured handlers print, in JSON, as in production."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def since(self, position: int) -> str:
        return self.stream.getvalue()[position:]

    @property
    def position(self) -> int:
        return self.stream.tell()


@contextmanager
def logged() -> Iterator[Log]:
    """Lines from DEBUG on: whoever looks for a fault turns that on."""
    log, root = Log(), logging.getLogger()
    formatters: Any = settings.LOGGING["formatters"]
    handler = logging.StreamHandler(log.stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=formatters["structured"]["foreign_pre_chain"],
        )
    )
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield log
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def redis_entries() -> Iterator[str]:
    """Each key with its value, of every database of both servers."""
    for url in (settings.REDIS_PROJECTION_URL, settings.REDIS_CACHE_URL):
        for number in range(2):
            client = _client(url.removesuffix("/0") + f"/{number}")
            for key in client.scan_iter():
                yield f"{key} = {_value(client, key)}"


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True, encoding_errors="replace")


def _value(client: redis.Redis, key: str) -> str:
    kind = client.type(key)
    read: dict[str, Callable[[], Any]] = {
        "string": lambda: client.get(key),
        "hash": lambda: client.hgetall(key),
        "set": lambda: client.smembers(key),
        "list": lambda: [readable(str(item)) for item in client.lrange(key, 0, -1)],
        "zset": lambda: client.zrange(key, 0, -1),
        "stream": lambda: client.xrange(key),
        "none": str,  # it has expired since it was listed
    }
    return str(read[str(kind)]())


def queued_tasks() -> list[str]:
    """What waits for a worker, each as it lies in the broker; taken out, and done here."""
    client = _client(settings.CELERY_BROKER_URL)
    messages = []
    while message := client.lpop(current_app.conf.task_default_queue):
        messages.append(readable(str(message)))
        headers = json.loads(str(message))["headers"]
        arguments = json.loads(messages[-1].removeprefix(str(message)))[0]
        current_app.tasks[headers["task"]](*arguments)
    return messages


def mails() -> list[tuple[str, str]]:
    """To whom, and all that it says; taken out."""
    taken = [(each.to[0], str(each.message())) for each in mail.outbox]
    mail.outbox.clear()
    return taken


def table_rows() -> Iterator[str]:
    """Every row of every table of every schema, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text FROM {table} t")
            yield from (f"{table}: {row}" for (row,) in cursor.fetchall())
