"""Nothing of a trigger is longer than a receiver would take."""

from __future__ import annotations

from typing import Any

import pytest

from blip0.common.validation import check
from triggers.validators.sizes import MAX_BODY, MAX_HEADER_NAME, MAX_ITEMS, MAX_TEXT

URL = "https://hooks.example.org/"
MESSAGE = {"title": "title", "body": "body"}


def webhook(**config: Any) -> dict[str, Any]:
    url = {"type": "Plain", "value": URL}
    return {
        "name": "Hook",
        "trigger_type": "webhook",
        "config": {"url": url, "message": MESSAGE} | config,
    }


def plain(value: str) -> dict[str, str]:
    return {"type": "Plain", "value": value}


def sizes(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (finding.code, finding.pointer)
        for finding in check("trigger", document).errors
        if finding.code in {"trigger.too_long", "trigger.too_many"}
    ]


@pytest.mark.parametrize(
    ("longest", "too_long", "pointer"),
    [
        (
            {"message": MESSAGE | {"body": "é" * (MAX_BODY // 2)}},
            {"message": MESSAGE | {"body": "é" * (MAX_BODY // 2) + "x"}},
            "/config/message/body",
        ),
        (
            {"message": MESSAGE | {"title": "x" * MAX_TEXT}},
            {"message": MESSAGE | {"title": "x" * (MAX_TEXT + 1)}},
            "/config/message/title",
        ),
        (
            {"url": plain(URL + "x" * (MAX_TEXT - len(URL)))},
            {"url": plain(URL + "x" * MAX_TEXT)},
            "/config/url/value",
        ),
        (
            {"secret": plain("x" * MAX_TEXT)},
            {"secret": plain("x" * (MAX_TEXT + 1))},
            "/config/secret/value",
        ),
        (
            {"headers": {"X": "x" * MAX_TEXT}},
            {"headers": {"X": "x" * (MAX_TEXT + 1)}},
            "/config/headers/X",
        ),
        (
            {"headers": {"X" * MAX_HEADER_NAME: "x"}},
            {"headers": {"X" * (MAX_HEADER_NAME + 1): "x"}},
            "/config/headers/" + "X" * MAX_HEADER_NAME,
        ),
    ],
)
def test_sizes__one_byte_too_much__refused(longest, too_long, pointer):
    assert sizes(webhook(**longest)) == []
    assert sizes(webhook(**too_long)) == [("trigger.too_long", pointer)]


def test_sizes__too_many_headers__refused():
    assert sizes(webhook(headers={f"X-{n}": "x" for n in range(MAX_ITEMS)})) == []
    headers = {f"X-{n}": "x" for n in range(MAX_ITEMS + 1)}
    assert sizes(webhook(headers=headers)) == [("trigger.too_many", "/config/headers")]


def test_sizes__too_many_recipients__refused():
    document: dict[str, Any] = {
        "name": "Mail",
        "trigger_type": "email",
        "config": {
            "host": "smtp.example.org",
            "username": plain("u"),
            "password": plain("p"),
            "message": MESSAGE,
            "sender": "a@example.org",
            "recipients": [f"a{n}@example.org" for n in range(MAX_ITEMS + 1)],
        },
    }
    assert sizes(document) == [("trigger.too_many", "/config/recipients")]
    del document["config"]["recipients"][0]
    assert sizes(document) == []
