"""What readers say, and what they refuse: a bad document never takes a good one's place."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from blip0.common.tenancy import in_tenant
from cachesync.keys import PLATFORM, Scope
from cachesync.reader import Follower, connect, script_is_signed, sealing_keys
from cachesync.services.project import scope_project
from cachesync.services.reconcile import reconcile
from cachesync.tests.conftest import ACTOR, body_of, make_monitor, make_trigger
from cachesync.tests.reader.support import copy_of, forge, running
from monitors.services import monitor_pause
from tenants.models import ConfigVersion

pytestmark = pytest.mark.usefixtures("committed")


def test_acknowledge__two_readers__each_says_which_version_it_runs(
    in_acme, scope, store, follower, projection_redis
):
    monitor = make_monitor(in_acme)
    quick, slow = follower(instance="quick"), follower(instance="slow")
    for reader in (quick, slow):
        reader.acknowledge()
    before = ConfigVersion.objects.get(scope=scope.id).version
    monitor_pause(monitor=monitor, actor=ACTOR)
    scope_project(scope=scope, store=store)
    quick.follow()
    quick.acknowledge(everything=False)

    said = {name: projection_redis.hgetall(f"runtime:{name}:ack") for name in ("quick", "slow")}
    assert said["slow"][scope.id] == f"1:{before}"
    assert said["quick"][scope.id] == f"1:{before + 1}"
    assert said["quick"].keys() == said["slow"].keys() == quick.configuration.scopes.keys()
    seen = dict(projection_redis.zrange("runtime:instances", 0, -1, withscores=True))
    assert seen.keys() == {"quick", "slow"}
    assert all(abs(time.time() - at) < 10 for at in seen.values())
    assert 0 < projection_redis.ttl("runtime:quick:ack") <= 90

    quick.leave()
    assert projection_redis.zrange("runtime:instances", 0, -1) == ["slow"]
    assert not projection_redis.exists("runtime:quick:ack")


def test_acknowledge__without_a_name__nothing_is_written(follower, projection_redis):
    reader = follower()
    reader.acknowledge()
    reader.leave()
    assert projection_redis.keys("runtime:*") == []


def test_acknowledge__instance_that_died_long_ago__is_forgotten(follower, projection_redis):
    projection_redis.zadd("runtime:instances", {"dead": time.time() - 90_000, "late": time.time()})
    follower(instance="one").acknowledge()
    assert projection_redis.zrange("runtime:instances", 0, -1) == ["late", "one"]


def altered(**members: Any) -> Callable[[dict[str, Any]], str]:
    return lambda document: json.dumps(document | members)


def without(member: str) -> Callable[[dict[str, Any]], str]:
    return lambda document: json.dumps(
        {key: value for key, value in document.items() if key != member}
    )


def monitored(**members: Any) -> Callable[[dict[str, Any]], str]:
    return lambda document: json.dumps(document | {"monitor": document["monitor"] | members})


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        pytest.param(lambda _: "{", "it can't be parsed (JSONDecodeError)", id="no_json"),
        pytest.param(lambda _: "[" * 100_000, "it can't be parsed (RecursionError)", id="deep"),
        pytest.param(lambda _: "[]", "it is no object", id="no_object"),
        pytest.param(altered(schema=2), "schema 2, known is 1", id="schema_too_new"),
        pytest.param(altered(schema=True), "schema True, known is 1", id="schema_no_number"),
        pytest.param(without("triggers"), "'triggers' is missing or not known", id="no_triggers"),
        pytest.param(altered(monitor=[]), "it can't be parsed (TypeError)", id="monitor_a_list"),
        pytest.param(altered(id="other"), "`id` isn't that of its key", id="other_id"),
        pytest.param(
            altered(tenant_id="other"), "`tenant_id` isn't that of its key", id="other_tenant"
        ),
        pytest.param(monitored(networks=[]), "it names no network", id="no_network"),
        pytest.param(
            monitored(triggers=["gone"]), "a trigger that it names is missing", id="no_trigger"
        ),
        pytest.param(
            monitored(networks=["nowhere"]),
            "it names what isn't there: network nowhere",
            id="unknown_network",
        ),
        pytest.param(
            monitored(trigger_conditions=[{"script_path": "filters/none.sh"}]),
            "it names what isn't there: script filters/none.sh",
            id="unknown_script",
        ),
    ],
)
def test_nack__bad_document__last_good_stays_and_the_others_go_on(
    bad, why, in_acme, scope, follower, projection_redis
):
    victim, other = make_monitor(in_acme, "victim"), make_monitor(in_acme, "other")
    reader = follower(instance="one")
    good = body_of(projection_redis, scope, victim)
    neighbour = body_of(projection_redis, scope, other) | {"slug": "renamed"}
    forge(
        projection_redis,
        scope,
        {str(victim.pk): bad(good), str(other.pk): json.dumps(neighbour)},
    )

    [news] = reader.follow()
    reader.acknowledge(everything=False)

    rev = projection_redis.hget(scope.meta, "rev")
    said = projection_redis.hget("runtime:one:ack", scope.id)
    assert said == f"NACK 1:{rev} {victim.pk}: {why}"
    assert news.changed == (str(other.pk),)
    documents = copy_of(reader, scope).documents
    assert documents == {str(victim.pk): good, str(other.pk): neighbour}

    forge(projection_redis, scope, {str(victim.pk): json.dumps(good | {"slug": "healed"})})
    reader.follow()
    reader.acknowledge(everything=False)
    assert projection_redis.hget("runtime:one:ack", scope.id) == f"1:{int(rev) + 1}"
    assert copy_of(reader, scope).documents[str(victim.pk)]["slug"] == "healed"


def test_nack__never_good_before__does_not_run(in_acme, scope, follower, projection_redis):
    monitor = make_monitor(in_acme)
    reader = follower()
    new = "00000000-0000-4000-8000-000000000001"
    forge(projection_redis, scope, {new: "{}"})
    [news] = reader.follow()
    assert news.refused == ((new, "'schema' is missing or not known"),)
    assert running(reader, scope) == {str(monitor.pk)}


def test_nack__schema_of_the_scope_too_new__nothing_of_it_is_taken(
    in_acme, scope, follower, projection_redis
):
    monitor = make_monitor(in_acme)
    reader = follower(instance="one")
    good = body_of(projection_redis, scope, monitor)
    projection_redis.hset(scope.meta, "schema", "2")
    forge(projection_redis, scope, {str(monitor.pk): json.dumps(good | {"slug": "new"})})
    reader.follow()
    reader.acknowledge()
    rev = projection_redis.hget(scope.meta, "rev")
    assert (
        projection_redis.hget("runtime:one:ack", scope.id) == f"NACK 1:{rev} schema 2, known is 1"
    )
    assert copy_of(reader, scope).documents[str(monitor.pk)] == good


def test_nack__body_is_not_what_the_index_says__found_and_kept_out(
    in_acme, scope, store, follower, projection_redis
):
    monitor = make_monitor(in_acme)
    reader = follower(instance="one")
    good = body_of(projection_redis, scope, monitor)
    key = scope.document(str(monitor.pk))
    forge(projection_redis, scope, {str(monitor.pk): json.dumps(good | {"slug": "new"})})
    projection_redis.set(key, b"\xff not even text")
    reader.follow()
    reader.acknowledge()
    said = projection_redis.hget("runtime:one:ack", scope.id)
    assert said.endswith(f" the bytes of {monitor.pk} aren't those of the index")
    assert copy_of(reader, scope).documents[str(monitor.pk)] == good
    projection_redis.set(key, json.dumps(good | {"slug": "new"}))
    [news] = reader.poll()
    assert news.changed == (str(monitor.pk),), "a refused scope is looked at with every poll"


def test_nack__secret_sealed_for_another_place__refused(in_acme, scope, follower, projection_redis):
    make_trigger(in_acme)
    monitor = make_monitor(in_acme, triggers=["ops"])
    reader = follower(keys=sealing_keys(settings.SEALING_KEYS))
    assert running(reader, scope) == {str(monitor.pk)}
    document = body_of(projection_redis, scope, monitor)
    [(trigger_id, trigger)] = document["triggers"].items()
    moved = "00000000-0000-4000-8000-000000000001"
    document["triggers"] = {moved: trigger}
    document["monitor"]["triggers"] = [moved]
    forge(projection_redis, scope, {str(monitor.pk): json.dumps(document)})
    [news] = reader.follow()
    why = "a sealed text was altered, or is from another place"
    assert news.refused == ((str(monitor.pk), why),)
    kept = copy_of(reader, scope).documents[str(monitor.pk)]
    assert set(kept["triggers"]) == {trigger_id}


def test_nack__secret_under_an_unknown_key__refused_and_named_without_the_secret(
    in_acme, scope, store
):
    make_trigger(in_acme)
    monitor = make_monitor(in_acme, triggers=["ops"])
    reconcile(store=store)
    reader = Follower(connect(settings.REDIS_PROJECTION_URL), keys={"k9": b"0" * 32})
    reader.start()
    assert running(reader, scope) == set()
    refused = copy_of(reader, scope).refused
    assert refused == {str(monitor.pk): "'dev' is missing or not known"}


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("filters:even_blocks", {"content": "rm"}, "`sha256` isn't that of `content`"),
        ("filters:even_blocks", {"name": "other"}, "`name` isn't that of its key"),
        ("networks:base", {"slug": "other"}, "`slug` isn't that of its key"),
    ],
)
def test_nack__catalogue_document__last_good_stays(name, change, why, follower, projection_redis):
    reader = follower()
    good = reader.configuration.scopes["platform"].documents[name]
    forge(projection_redis, PLATFORM, {name: json.dumps(good | change)})
    [news] = reader.follow()
    assert news.refused == ((name, why),)
    assert reader.configuration.scopes["platform"].documents[name] == good


def test_script_is_signed__as_staff_saved_it__and_nothing_else(follower):
    script = follower().configuration.filters["even_blocks"]
    assert script_is_signed(script, settings.SCRIPT_SIGNING_KEY)
    assert not script_is_signed(script | {"content": "rm -rf /"}, settings.SCRIPT_SIGNING_KEY)
    assert not script_is_signed(script, "another key")


def test_followers__two_tenants__nothing_of_one_in_the_other(
    acme, globex, store, follower, projection_redis
):
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            make_monitor(tenant, f"{tenant.slug}-canary")
    reader = follower()
    copy = copy_of(reader, Scope(str(acme.pk)))
    assert "globex" not in json.dumps(dict(copy.documents)).lower()
