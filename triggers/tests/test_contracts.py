"""Each type's document and its row hold the same."""

from __future__ import annotations

from typing import Any

import pytest

from triggers.choices import TriggerKind
from triggers.contracts import TRIGGER_TYPES
from triggers.models import TriggerConfig
from triggers.store import columns_of, config_model
from triggers.tests.factories import MESSAGE, document
from triggers.validators.types import TRIGGER_TYPES as SHAPES

RETRY = {
    "max_retries": 1,
    "base_for_backoff": 2,
    "initial_backoff": {"secs": 0, "nanos": 1},
    "max_backoff": {"secs": 3, "nanos": 0},
    "jitter": "none",
}


def there_and_back(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    contract = TRIGGER_TYPES.get(kind)
    return contract.config(columns_of(config_model(kind)(**contract.values(config))))


@pytest.mark.parametrize("kind", TriggerKind.values)
def test_contract__document_with_everything__comes_back_equal(kind: str) -> None:
    config = document(kind)["config"] | {"retry_policy": RETRY}
    assert set(config) == TRIGGER_TYPES.get(kind).keys
    assert there_and_back(kind, config) == config


@pytest.mark.parametrize("kind", TriggerKind.values)
def test_contract__optional_keys_left_out_or_null__are_left_out(kind: str) -> None:
    shape = SHAPES[kind].shape.fields
    optional = {key for key, field in shape.items() if field.when_absent != "error"}
    nullable = {key for key, field in shape.items() if field.when_absent == "null"}
    full = document(kind)["config"]
    least = {key: value for key, value in full.items() if key not in optional}
    assert there_and_back(kind, least) == least
    assert there_and_back(kind, least | dict.fromkeys(nullable)) == least


def test_contract__every_type__is_registered_and_has_a_table() -> None:
    assert set(TRIGGER_TYPES) == set(TriggerKind.values)
    models = {config_model(kind) for kind in TriggerKind.values}
    assert models == set(TriggerConfig.__subclasses__())


@pytest.mark.parametrize("kind", TriggerKind.values)
def test_contract__keys_and_secrets__are_those_of_the_validator(kind: str) -> None:
    contract, shape = TRIGGER_TYPES.get(kind), SHAPES[kind]
    assert contract.keys == set(shape.shape.fields)
    assert set(contract.secrets) == set(shape.secrets)


def test_contract__raw_webhook__keeps_an_absent_message_apart_from_an_empty_one() -> None:
    raw = {"url": {"type": "Plain", "value": "https://x.example"}, "payload_mode": "raw"}
    assert there_and_back("webhook", raw) == raw
    empty = raw | {"message": {"title": "", "body": ""}}
    assert there_and_back("webhook", empty) == empty


def test_contract__retry_policy__loses_what_the_runtime_ignores() -> None:
    config = {"slack_url": {"type": "Plain", "value": "x"}, "message": MESSAGE}
    given = config | {"retry_policy": {"max_retries": 1, "note": 0.5}}
    assert there_and_back("slack", given)["retry_policy"] == {"max_retries": 1}
    assert there_and_back("slack", config | {"retry_policy": {}})["retry_policy"] == {}


def test_replace_secrets__webhook__visits_each_secret_header_and_no_other() -> None:
    headers = {"content-type": "a", "ACCEPT": "b", "User-Agent": "c", "X-Key": "d", "Cookie": "e"}
    seen = TRIGGER_TYPES.get("webhook").replace_secrets(
        {"url": "u", "secret": None, "headers": headers}, lambda field, _: f"<{field}>"
    )
    assert seen == {
        "url": "<url>",
        "secret": None,
        "headers": headers | {"X-Key": "<headers.X-Key>", "Cookie": "<headers.Cookie>"},
    }
