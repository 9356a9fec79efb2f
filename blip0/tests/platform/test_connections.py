"""Connections that outlive a request: asked whether they live only where there is doubt."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.core.signals import request_finished, request_started
from django.db import connection, connections

from blip0.common.db.postgresql.base import is_silent


@pytest.fixture
def other() -> Iterator[psycopg.Connection[Any]]:
    """A session of Postgres beside Django's, with which that one can be ended."""
    parameters = connection.get_connection_params()
    with psycopg.connect(**{**parameters, "autocommit": True}) as beside:
        yield beside


@pytest.fixture
def kept(committed: None) -> Iterator[Callable[[], int]]:
    """Asks for the session's process as a request does that finds a kept connection."""

    def ask() -> int:
        request_started.send(sender=None)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        request_finished.send(sender=None)
        return int(pid)

    yield ask
    connection.close()


def test_connection__silent__is_kept_and_not_asked(
    kept: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kept()
    asked: list[object] = []
    real = connections["default"].is_usable
    monkeypatch.setattr(connections["default"], "is_usable", lambda: asked.append(real()))

    assert kept() == first
    assert asked == []


def test_connection__ended_by_the_server__is_replaced_before_the_first_statement(
    kept: Callable[[], int], other: psycopg.Connection[Any]
) -> None:
    first = kept()
    other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])

    assert kept() != first


def test_connection__spoken_to_and_alive__is_asked_and_kept(
    kept: Callable[[], int], other: psycopg.Connection[Any]
) -> None:
    first = kept()
    with connection.cursor() as cursor:
        cursor.execute("LISTEN something")
    other.execute("NOTIFY something")
    select.select([connection.connection], [], [], 10)

    assert not is_silent(connection.connection)
    assert kept() == first


def test_is_silent__closed_on_our_side__is_not(kept: Callable[[], int]) -> None:
    kept()
    connection.connection.close()

    assert not is_silent(connection.connection)
