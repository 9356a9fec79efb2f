"""Every filter of every list: each finds what it says; those of large tables by an index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from blip0.common.tenancy import in_tenant
from blip0.testing.api import ana
from monitors.choices import ExecutionStatus
from monitors.tests.factories import (
    USDC,
    MatchFactory,
    TriggerExecutionFactory,
    make_monitor_document,
)
from tenants.models import ApiKey, AuditRecord, Invitation, Membership
from tenants.tests.factories import ApiKeyFactory, InvitationFactory

API = "/api/v1"
ROWS = 10_000
SOME = UUID(int=7)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def found(path, **query):
    answer = ana().get(f"{API}/{path}", query)
    assert answer.status_code == 200, answer.json()
    return answer.json()["results"]


@pytest.fixture
def monitors(acme):
    client = ana()
    ids = {}
    for slug, address in (("running", USDC), ("paused", "0x" + "a" * 40), ("snoozed", USDC)):
        document = make_monitor_document(name=slug, slug=slug)
        document["addresses"] = [{**document["addresses"][0], "address": address}]
        ids[slug] = client.post(f"{API}/monitors", document).json()["id"]
    client.post(f"{API}/monitors/{ids['paused']}/pause")
    for slug in ("paused", "snoozed"):
        body = {"until": "2090-01-01T00:00:00Z"}
        client.post(f"{API}/monitors/{ids[slug]}/snooze", body)
    return ids


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ({"state": "active"}, ["running"]),
        ({"state": "paused"}, ["paused"]),
        ({"state": "snoozed"}, ["snoozed"]),
        ({"address": USDC}, ["running", "snoozed"]),
        ({"address": USDC.lower()}, ["running", "snoozed"]),
        ({"address": USDC[:10]}, []),
        ({"address": USDC, "state": "active", "search": "RUN"}, ["running"]),
    ],
)
def test_monitors__state_and_address__find_these(monitors, query, slugs):
    assert [row["slug"] for row in found("monitors", **query)] == slugs


def test_history__filters__find_these(acme):
    with in_tenant(acme.pk):
        first = MatchFactory.create(monitor_id=SOME, network="base", transaction_id="0xaa")
        second = MatchFactory.create()
        failed = TriggerExecutionFactory.create(match=first, status=ExecutionStatus.FAILED)
        other = TriggerExecutionFactory.create(match=second, status=ExecutionStatus.DELIVERED)

    def ids(path, **query):
        return [row["id"] for row in found(path, **query)]

    for query in ({"monitor": SOME}, {"network": "base"}, {"transaction": "0xaa"}):
        assert ids("matches", **query) == [str(first.pk)], query
    assert ids("executions", monitor=SOME) == [str(failed.pk)]
    assert ids("executions", status="delivered") == [str(other.pk)]
    assert ids("executions", trigger=failed.trigger_id) == [str(failed.pk)]
    assert ids("executions", match=second.pk) == [str(other.pk)]


def test_access__filters__find_these(acme):
    vic = Membership.objects.get(user__email="vic@acme.test")
    ended, old = NOW, NOW - timedelta(days=1)
    rows = {
        "open": InvitationFactory.create(tenant=acme),
        "revoked": InvitationFactory.create(tenant=acme, revoked_at=ended),
        "accepted": InvitationFactory.create(tenant=acme, accepted_at=ended),
        "expired": InvitationFactory.create(tenant=acme, expires_at=old),
    }
    assert tuple(rows) == ("open", "revoked", "accepted", "expired")
    for state, row in rows.items():
        assert [each["id"] for each in found("invitations", state=state)] == [str(row.pk)]
        assert row.state_at(NOW + timedelta(hours=1)) == state
    keys = {
        "true": {ApiKeyFactory.create(tenant=acme)},
        "false": {
            ApiKeyFactory.create(tenant=acme, revoked_at=ended),
            ApiKeyFactory.create(tenant=acme, expires_at=old),
        },
    }
    for usable, wanted in keys.items():
        shown = {each["id"] for each in found("api-keys", usable=usable)}
        assert shown == {str(key.pk) for key in wanted}
    assert [each["id"] for each in found("members", role="viewer")] == [str(vic.pk)]
    assert [each["id"] for each in found("members", search="VIC@")] == [str(vic.pk)]
    assert Invitation.objects.count() == 4
    assert ApiKey.objects.count() == 3


def test_audit_log__staffs_id__finds_nothing(acme):
    for kind in ("staff", "user"):
        AuditRecord.objects.create(
            tenant_id=acme.pk, actor_kind=kind, actor_id="7", actor_name="x", action="test.done",
            object_kind="test", object_id="1",
        )  # fmt: skip

    assert [row["actor"]["kind"] for row in found("audit-log", actor_id="7")] == ["user"]
    assert [row["actor"]["id"] for row in found("audit-log", actor_kind="staff")] == [""]


@pytest.mark.parametrize(
    ("path", "parameter", "value"),
    [
        ("monitors", "state", "off"),
        ("monitors", "adress", USDC),
        ("matches", "monitor", "not an id"),
        ("executions", "status", "lost"),
        ("executions", "since", "yesterday"),
        ("invitations", "state", "lost"),
        ("api-keys", "usable", "1"),
        ("audit-log", "actor_kind", "dog"),
    ],
)
def test_filter__unknown_or_impossible__is_422_by_name(acme, path, parameter, value):
    answer = ana().get(f"{API}/{path}", {parameter: value})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == parameter


# Large tables: an index for each filter.

MATCHES = f"""
INSERT INTO monitors_match (id, event_id, monitor_id, monitor_name, network, block_number,
    transaction_id, matched_at, details)
SELECT gen_random_uuid(), n, md5((n % 50)::text)::uuid, 'm', 'n' || n % 20, n, 'tx' || n,
    now() - n * interval '1 minute', '{{}}' FROM generate_series(1, {ROWS}) AS n
"""
EXECUTIONS = """
INSERT INTO monitors_triggerexecution (id, match_id, trigger_id, trigger_name, attempt, status,
    error, executed_at)
SELECT gen_random_uuid(), id, md5((block_number % 50)::text)::uuid, 't', 1,
    CASE WHEN block_number % 100 = 0 THEN 'failed' ELSE 'delivered' END, '', matched_at
FROM monitors_match
"""
AUDIT = f"""
INSERT INTO tenants_auditrecord (created_at, tenant_id, actor_kind, actor_id, actor_name, action,
    object_kind, object_id, object_name, reason, request_id)
SELECT now() - n * interval '1 minute', CASE WHEN n %% 100 = 0 THEN %s ELSE gen_random_uuid() END,
    'user', n / 100 %% 50, 'x',
    CASE WHEN n / 100 %% 10 = 0 THEN 'monitor.paused' ELSE 'test.done' END,
    CASE WHEN n / 100 %% 4 = 0 THEN 'monitor' ELSE 'trigger' END, n %% 1000, '', '', ''
FROM generate_series(1, {10 * ROWS}) AS n
"""
OF_MATCH = "trigger_execution_once"
# Each filter finds rows, and leaves so many out that no other index alone comes near: between two
# that cost the same, the planner goes by the sample that ANALYZE happened to draw.
LARGE: list[tuple[str, dict[str, Any], list[str]]] = [
    ("matches", {}, ["match_by_time"]),
    ("matches", {"ordering": "matched_at"}, ["match_by_time"]),
    ("matches", {"monitor": SOME}, ["match_by_monitor"]),
    ("matches", {"network": "n7"}, ["match_by_network"]),
    ("matches", {"transaction": "tx7"}, ["match_by_transaction"]),
    ("matches", {"since": "2026-01-01T00:00:00Z"}, ["match_by_time"]),
    ("executions", {}, ["execution_by_time"]),
    ("executions", {"match": SOME}, [OF_MATCH]),
    ("executions", {"monitor": SOME}, ["match_by_monitor", OF_MATCH]),
    ("executions", {"trigger": SOME}, ["execution_by_trigger"]),
    ("executions", {"status": "failed"}, ["execution_by_status"]),
    ("executions", {"since": "2026-01-01T00:00:00Z"}, ["execution_by_time"]),
    ("audit-log", {}, ["audit_by_tenant"]),
    ("audit-log", {"ordering": "id"}, ["audit_by_tenant"]),
    ("audit-log", {"action": "monitor.paused"}, ["audit_by_action"]),
    ("audit-log", {"actor_id": "7"}, ["audit_by_actor"]),
    ("audit-log", {"object_kind": "monitor", "object_id": "0"}, ["audit_by_object"]),
    ("audit-log", {"since": "2026-01-01T00:00:00Z"}, ["audit_by_tenant"]),
]


def indexes(plan):
    """Of each node of a plan that reads a table, the index that it reads it by; None: by none."""
    if plan["Node Type"] != "Bitmap Heap Scan" and plan.keys() & {"Relation Name", "Index Name"}:
        yield plan.get("Index Name")
    for inner in plan.get("Plans", ()):
        yield from indexes(inner)


@pytest.fixture
def large(acme):
    """Ten thousand rows in each table, and of the audit records 99 times as many of others."""
    with in_tenant(acme.pk), connection.cursor() as cursor:
        cursor.execute(MATCHES)
        cursor.execute(EXECUTIONS)
        cursor.execute(AUDIT, [acme.pk])
        cursor.execute("ANALYZE monitors_match, monitors_triggerexecution, tenants_auditrecord")
    return acme


def test_filters__ten_thousand_rows__are_found_by_an_index_of_their_own(large):
    client = ana()
    for path, query, expected in LARGE:
        asked: list[tuple[str, Any]] = []

        def keep(execute, sql, params, many, context, asked=asked):
            asked.append((sql, params))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(keep):
            assert client.get(f"{API}/{path}", query).status_code == 200
        [(sql, params)] = [each for each in asked if "LIMIT 26" in each[0]]
        with in_tenant(large.pk), connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
            ((tree,),) = cursor.fetchone()
        used = set(indexes(tree["Plan"]))
        assert used >= set(expected), (path, query, used)
        assert None not in used, (path, query)


@pytest.mark.parametrize("until", ["0752-04-12T04:32:58-21:21", "9999-12-31T23:00:00+23:59"])
def test_until__offset_that_postgres_does_not_know__is_understood(acme, until):
    assert ana().get(f"{API}/matches", {"until": until}).status_code == 200


def test_until__not_a_time_of_utc__is_422(acme):
    answer = ana().get(f"{API}/matches", {"until": "0001-01-01T00:00:00+14:00"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "until"
