"""The golden documents are what the renderer gives, byte for byte.

`pytest --write-golden cachesync/tests/contract/test_golden.py` records them anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from blip0.common.canonical import canonical_bytes
from cachesync.contracts import Change, Version, digest_of
from cachesync.keys import CHANGES, PLATFORM, READY, Scope
from cachesync.projections import _monitor_document
from cachesync.reader import Ack, open_sealed, references, script_is_signed
from cachesync.reader.checking import parsed
from cachesync.services.contract import SCHEMAS
from cachesync.services.contract.files import GOLDEN, golden_file, golden_names
from cachesync.store import Store
from cachesync.tests.contract import rows
from cachesync.tests.contract.checking import goldens, schema_name, validator
from cachesync.tests.strict_models import Filter, parse_envelope, parse_network
from monitors.models import Match, TriggerExecution
from monitors.projections import monitor_documents
from platform_catalog.models import BlockProgress
from platform_catalog.projections import filter_documents, network_documents
from triggers.tests import factories

Golden = Callable[[str, bytes], None]
NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
SCOPE = Scope(str(rows.TENANT))


@pytest.fixture
def golden(request) -> Golden:
    """Compares a document with the recorded one, or records it."""

    def check(name: str, body: bytes) -> None:
        if request.config.getoption("write_golden"):
            (GOLDEN / f"{name}.json").write_bytes(body + b"\n")
            golden_file.cache_clear()
            golden_names.cache_clear()
        assert golden_file(name) == body + b"\n"

    return check


def test_monitors__fixed_rows__rendered_as_recorded(in_acme, golden):
    rows.make_triggers()
    rows.make_monitors()
    rendered = monitor_documents(rows.tenant(), set(rows.MONITORS.values()))
    for name, pk in rows.MONITORS.items():
        document = _monitor_document(rendered[pk])
        assert document.body is not None, document.reason
        golden(f"monitor.{name}", document.body)


def test_catalogue__fixed_rows__rendered_as_recorded(db, golden):
    rows.make_catalogue()
    networks = network_documents(rows.NETWORKS.values())
    for kind, slug in rows.NETWORKS.items():
        golden(f"network.{kind.lower()}", canonical_bytes(networks[slug].body))
    [script] = filter_documents(["small_values"]).values()
    golden("filter.python", canonical_bytes(script.body))


def test_records__fixed_change__written_as_recorded(store, projection_redis, golden):
    monitor = str(rows.MONITORS["paused"])
    body = golden_file("monitor.paused").rstrip(b"\n")
    sha256 = "0" * 64
    change = Change(
        scope=SCOPE,
        expected=None,
        version=Version(7, 1, "5f0c1c9e-7a51-4c0e-9b1e-2f3a4b5c6d7e"),
        status="active",
        digest=digest_of({monitor: sha256}, [monitor]),
        puts={monitor: body},
        hashes={monitor: sha256},
        activate=frozenset({monitor}),
        deactivate=frozenset(),
        removals=frozenset(),
        requires=frozenset(),
    )
    listener = projection_redis.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(SCOPE.channel)
    listener.get_message(timeout=1)
    Store().apply(change, now=NOW)
    message = listener.get_message(timeout=2)["data"]
    listener.close()
    Store().set_ready(epoch=1, tenants=1, now=NOW)

    golden("meta.tenant", canonical_bytes(projection_redis.hgetall(SCOPE.meta)))
    golden("index.tenant", canonical_bytes(projection_redis.hgetall(SCOPE.index)))
    golden("ready", canonical_bytes(projection_redis.hgetall(READY)))
    [(_, entry)] = projection_redis.xrange(CHANGES)
    golden("change.tenant", canonical_bytes(entry))
    golden("hint.tenant", message.encode())


def test_acks__as_a_reader_writes_them__as_recorded(golden):
    acks = {
        PLATFORM.id: Ack((1, 3)),
        SCOPE.id: Ack((1, 7), {str(rows.MONITORS["evm"]): "schema 2, known is 1"}),
    }
    golden("ack", canonical_bytes({scope: ack.text() for scope, ack in acks.items()}))


EVENTS: dict[str, tuple[type[Any], dict[str, Any]]] = {
    "event-match": (
        Match,
        {
            "event_id": "ethereum_mainnet:20000000:0xabc:00000000-0000-4000-9000-0001",
            "monitor_id": str(rows.MONITORS["evm"]),
            "monitor_name": "Watch evm [acme]",
            "network": "ethereum_mainnet",
            "block_number": 20_000_000,
            "transaction_id": "0x" + "ab" * 32,
            "matched_at": "2026-01-02T03:04:05Z",
            "details": {"events": [{"signature": "Transfer(address,address,uint256)"}]},
        },
    ),
    "event-trigger-execution": (
        TriggerExecution,
        {
            "trigger_id": str(rows.TRIGGERS["slack"]),
            "trigger_name": "Ops by slack [acme]",
            "attempt": 1,
            "status": "failed",
            "error": "HTTP 404",
            "duration_ms": 127,
            "executed_at": "2026-01-02T03:04:06Z",
        },
    ),
    "event-block-progress": (
        BlockProgress,
        {
            "block_number": 20_000_000,
            "instance": "runtime-1",
            "reported_at": "2026-01-02T03:04:07Z",
        },
    ),
}


@pytest.mark.parametrize("name", EVENTS)
def test_events__of_a_runtime__what_our_tables_hold(name, db, golden):
    model, columns = EVENTS[name]
    own: dict[str, Any] = {"schema": 1, "type": name.removeprefix("event-").replace("-", "_")}
    if model is BlockProgress:
        own["network"] = "ethereum_mainnet"
    else:
        own["tenant_id"] = SCOPE.id
    if model is TriggerExecution:
        own["match_event_id"] = EVENTS["event-match"][1]["event_id"]
    golden(name, canonical_bytes(own | columns))
    row = model(**columns)
    row.clean_fields(exclude=["match", "network"] if model is not Match else [])


# What is recorded


def test_goldens__every_schema__has_one_that_it_accepts():
    documents = goldens()
    assert {schema_name(name) for name in documents} == set(SCHEMAS)
    for name, document in documents.items():
        errors = list(validator(schema_name(name)).iter_errors(document))
        assert errors == [], name


def test_goldens__monitors__parse_in_strict_models_with_secrets_opened():
    opened = {}
    for name, document in goldens().items():
        if schema_name(name) == "monitor":
            opened[name] = open_sealed(document, {"dev": rows.KEY})
            parse_envelope(opened[name])
            assert parsed(SCOPE.id, document["id"], json.dumps(document), {"dev": rows.KEY})
            assert "sealed:" not in json.dumps(opened[name])
    configs = {
        trigger["trigger_type"]: trigger["config"]
        for trigger in opened["monitor.evm"]["triggers"].values()
    }
    assert configs["slack"]["slack_url"]["value"] == factories.SLACK_URL
    assert configs["email"]["password"]["value"] == factories.SMTP_PASSWORD
    assert configs["webhook"]["headers"]["X-API-Key"] == factories.API_KEY
    assert configs["telegram"]["token"]["value"] == factories.TELEGRAM_TOKEN
    assert configs["discord"]["discord_url"]["value"] == factories.DISCORD_URL
    [midnight] = opened["monitor.midnight"]["monitor"]["chain_configurations"]
    assert midnight["midnight"]["viewing_keys"][0]["value"] == "mn_shield-esk_x"


def test_goldens__catalogue__parses_in_strict_models(settings):
    documents = goldens()
    for name, document in documents.items():
        if schema_name(name) == "network":
            parse_network(document)
    script = documents["filter.python"]
    msgspec.convert(script, Filter)
    assert script_is_signed(script, settings.SCRIPT_SIGNING_KEY)


def test_goldens__references__are_found():
    assert references(goldens()["monitor.evm"]) == {
        "network base",
        "network ethereum_mainnet",
        "script filters/even_blocks.sh",
        "script filters/large_only.py",
    }
