"""Sealed texts open at their own place only; the audit log blanks every secret."""

from __future__ import annotations

import base64
import uuid

import pytest

from blip0.common.audit import REDACTED, difference, redact
from blip0.common.sealing import CannotOpen, Keyring, Place, key_id_of

RING = Keyring(
    f"new:{base64.b64encode(b'n' * 32).decode()},old:{base64.b64encode(b'o' * 32).decode()}"
)
TENANT, TRIGGER = uuid.uuid4(), uuid.uuid4()
PLACE = Place(TENANT, TRIGGER, "url")
PLAIN = "https://example.org/canary"


@pytest.mark.parametrize(
    "other",
    [
        Place(uuid.uuid4(), TRIGGER, "url"),
        Place(TENANT, uuid.uuid4(), "url"),
        Place(TENANT, TRIGGER, "secret"),
        Place(TENANT, TRIGGER, "headers.url"),
        Place(TENANT, TRIGGER, f"|{TRIGGER}|url"),
        Place(TRIGGER, TENANT, "url"),
    ],
)
def test_open__at_another_place__refused_without_a_word_of_the_secret(other):
    with pytest.raises(CannotOpen) as caught:
        RING.open(RING.seal(PLAIN, PLACE), other)
    assert "canary" not in repr(caught.value)


@pytest.mark.parametrize("spoil", [lambda text: text + "\n", lambda text: " " + text])
def test_open__with_blanks_around__malformed(spoil):
    text = spoil(RING.seal(PLAIN, PLACE))
    assert key_id_of(text) is None
    with pytest.raises(CannotOpen):
        RING.open(text, PLACE)


@pytest.mark.parametrize("position", range(-4, -1))
def test_open__altered__refused(position):
    text = RING.seal(PLAIN, PLACE)
    other = "A" if text[position] != "A" else "B"
    with pytest.raises(CannotOpen):
        RING.open(text[:position] + other + text[position + 1 :], PLACE)


@pytest.mark.parametrize(
    "value",
    [
        {"config": {"slack_url": {"type": "Plain", "value": "canary"}}},
        {"config": {"anything": {"type": "Plain", "value": "canary"}}},
        {"chain_configurations": [{"midnight": {"viewing_keys": [{"value": "canary"}]}}]},
        {"headers": {"X-Trace": "canary"}},
        {"Password": "canary"},
        {"api_key": "canary"},
        {"refresh_token": "canary"},
        {"webhook_url": "canary"},
        {"name": "sealed:v1:new:canary"},
        [{"token": ["canary"]}],
    ],
)
def test_redact__a_secret_anywhere__blanked(value):
    assert "canary" not in repr(redact(value))
    assert REDACTED in repr(redact(value))


def test_redact__no_secret__as_it_was():
    value = {"name": "n", "networks": ["base"], "timeout_ms": 5, "key_count": 2, "url": ""}
    assert redact(value) == value


def test_difference__secret_changed__shows_that_and_not_what():
    before, after = {"token": "canary", "name": "n"}, {"token": "another", "name": "n"}
    assert difference(before, after) == ({"token": REDACTED}, {"token": REDACTED})
