"""Networks and scripts in Redis: there before a document names them, until none does any more."""

from __future__ import annotations

import pytest

from cachesync.contracts import Result
from cachesync.keys import CHANGES, PLATFORM, Scope
from cachesync.models import ProjectedDocument
from cachesync.services.project import scope_project
from cachesync.services.reconcile import reconcile
from cachesync.tests.conftest import ACTOR, body_of, make_monitor
from monitors.models import Monitor
from monitors.services import monitor_update
from platform_catalog.models import FilterScript, Network

pytestmark = pytest.mark.usefixtures("committed")


def test_scope_project__document_of_a_network_not_yet_there__platform_comes_first(
    in_acme, scope, store, projection_redis
):
    make_monitor(in_acme)
    assert scope_project(scope=scope, store=store) is Result.OK
    assert projection_redis.exists("platform:networks:ethereum_mainnet")
    assert projection_redis.exists("platform:filters:even_blocks")
    scopes = [entry["scope"] for _, entry in projection_redis.xrange(CHANGES)]
    assert scopes == ["platform", scope.id]


def test_scope_project__network_disabled__leaves_documents_then_its_key(
    in_acme, scope, store, projection_redis
):
    both = make_monitor(in_acme, "both", networks=["ethereum_mainnet", "base"])
    only = make_monitor(in_acme, "only", networks=["base"])
    scope_project(scope=scope, store=store)
    Network.objects.filter(slug="base").update(enabled=False)

    assert scope_project(scope=PLATFORM, store=store) is Result.OK
    assert projection_redis.exists("platform:networks:base"), "documents still name it"

    scope_project(scope=scope, store=store)
    assert body_of(projection_redis, scope, both)["monitor"]["networks"] == ["ethereum_mainnet"]
    assert projection_redis.smembers(scope.active) == {str(both.pk)}
    row = ProjectedDocument.objects.get(scope=scope.id, object_id=str(only.pk))
    assert (row.state, row.reason) == ("inactive", "network_disabled")

    reconcile(store=store)
    assert projection_redis.hget(PLATFORM.index, "networks:base") is None
    assert projection_redis.ttl("platform:networks:base") > 0


def test_script__deleted_while_a_projected_document_names_it__stays_until_none_does(
    in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    monitor_update(monitor=monitor, data={"trigger_conditions": []}, actor=ACTOR)
    FilterScript.objects.get(pk="even_blocks").delete()

    # The platform's write-through comes first; the tenant's was lost.
    platform = Scope("platform")
    scope_project(scope=platform, store=store)
    assert "filters/even_blocks.sh" in projection_redis.get(scope.document(str(monitor.pk)))
    assert projection_redis.hexists(platform.index, "filters:even_blocks")

    reconcile(store=store)
    assert not projection_redis.hexists(platform.index, "filters:even_blocks")
    assert projection_redis.ttl("platform:filters:even_blocks") > 0
    assert not ProjectedDocument.objects.filter(kind="filter", object_id="even_blocks").exists()


def test_network__disabled_and_a_last_good_document_names_it__stays(
    in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme, networks=["base", "ethereum_mainnet"])
    reconcile(store=store)
    Monitor.objects.filter(pk=monitor.pk).update(name=" ")
    Network.objects.filter(slug="base").update(enabled=False)

    reconcile(store=store)
    reconcile(store=store)
    assert projection_redis.smembers(scope.active) == {str(monitor.pk)}
    assert '"base"' in projection_redis.get(scope.document(str(monitor.pk)))
    assert projection_redis.hexists("platform:projection:index", "networks:base")

    Monitor.objects.filter(pk=monitor.pk).update(name="Good again")
    reconcile(store=store)
    assert not projection_redis.hexists("platform:projection:index", "networks:base")


def test_network__disabled_while_a_tenant_is_behind__stays(in_acme, scope, store, projection_redis):
    """The table knows nothing of a document whose writer died before it could tell."""
    make_monitor(in_acme, networks=["base"])
    reconcile(store=store)
    ProjectedDocument.objects.filter(scope=scope.id).delete()
    Network.objects.filter(slug="base").update(enabled=False)
    scope_project(scope=Scope("platform"), store=store)
    assert projection_redis.hexists("platform:projection:index", "networks:base")


def test_network__disabled_then_enabled__never_leaves(in_acme, store, projection_redis):
    make_monitor(in_acme, networks=["base"])
    reconcile(store=store)
    for enabled in (False, True):
        Network.objects.filter(slug="base").update(enabled=enabled)
    reconcile(store=store)
    assert projection_redis.hexists("platform:projection:index", "networks:base")
    assert projection_redis.ttl("platform:networks:base") == -1


def test_network__of_a_scripts_name__rows_are_told_apart(store):
    FilterScript.objects.create(name="base", language="Bash").versions.create(
        version=1, content="true", sha256="0" * 64
    )
    reconcile(store=store)
    FilterScript.objects.get(pk="base").delete()
    reconcile(store=store)
    kinds = ProjectedDocument.objects.filter(object_id="base").values_list("kind", flat=True)
    assert list(kinds) == ["network"]
