"""What an operator types: where it stands, what differs, mend it, declare a history void."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from blip0.common.tenancy import in_tenant
from cachesync.contracts import Result
from cachesync.keys import CHANGES, PLATFORM, READY, TENANTS, Scope
from cachesync.models import ProjectedScope, ProjectionDifference, ProjectionRun
from cachesync.services.reconcile import reconcile
from cachesync.services.runs import run_begin, run_complete
from cachesync.services.sweep import sweep
from cachesync.tests.conftest import ACTOR, make_monitor
from monitors.services import monitor_pause
from tenants.models import AuditRecord

pytestmark = pytest.mark.usefixtures("committed")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code, and what was printed with the last line of stderr."""
    capsys.readouterr()
    try:
        call_command(*words)
    except CommandError as error:
        return error.returncode, capsys.readouterr().out + str(error)
    return 0, capsys.readouterr().out


# projection_status


def test_status__all_is_well__says_so(in_acme, store, capsys):
    make_monitor(in_acme)
    reconcile(store=store)
    code, said = run(capsys, "projection_status")
    assert code == 0
    assert "epoch 1, 2 tenants" in said
    assert "3, 0 behind, 0 in trouble, 0 with drift" in said


def test_status__empty_redis__readers_cannot_start(acme, projection_redis, capsys):
    code, said = run(capsys, "projection_status")
    assert code == 3
    assert "NOT READY" in said
    assert "is the projector running?" in said


def test_status__commit_not_in_redis__how_long_it_waits(in_acme, store, capsys):
    make_monitor(in_acme)
    reconcile(store=store)
    make_monitor(in_acme, "second")
    code, said = run(capsys, "projection_status", "--json")
    assert code == 0, "a few seconds are nothing to be told of"
    status = json.loads(said)
    assert 0 < status["staleness_s"] < 30
    [behind] = [scope for scope in status["scopes"] if not scope["is_current"]]
    assert behind["name"] == "acme"
    assert behind["waiting_since"] is not None


def test_status__old_commit_not_in_redis__is_a_problem(in_acme, store, capsys):
    make_monitor(in_acme)
    reconcile(store=store)
    make_monitor(in_acme, "second")
    make_monitor(in_acme, "third")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.tenants_configchange SET created_at = created_at - interval '1 hour' "
            "WHERE version = (SELECT max(version) - 1 FROM public.tenants_configchange "
            "WHERE scope = %s)",
            [str(in_acme.pk)],
        )
    code, said = run(capsys, "projection_status")
    assert code == 3
    assert "oldest commit that isn't in Redis yet: 60 min" in said
    assert "acme" in said


def test_status__document_lost__drift_of_that_tenant(in_acme, store, projection_redis, capsys):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    projection_redis.delete(Scope(str(in_acme.pk)).document(str(monitor.pk)))
    code, said = run(capsys, "projection_status")
    assert code == 3
    assert "1 documents are missing" in said


def test_status__another_history__says_what_to_press(
    in_acme, scope, store, projection_redis, capsys
):
    make_monitor(in_acme)
    reconcile(store=store)
    projection_redis.hincrby(scope.meta, "rev", 7)
    sweep(store=store)
    code, said = run(capsys, "projection_status")
    assert code == 3
    assert "projection_rebuild --new-epoch" in said


# projection_verify


def damage(scope: Scope, projection_redis: Any, *, altered: str, gone: str) -> None:
    projection_redis.append(scope.document(altered), " ")
    projection_redis.delete(scope.document(gone))


def test_verify__deep__each_difference_by_kind_and_fixed(
    in_acme, scope, store, projection_redis, capsys
):
    first, second = make_monitor(in_acme, "first"), make_monitor(in_acme, "second")
    reconcile(store=store)
    damage(scope, projection_redis, altered=str(first.pk), gone=str(second.pk))
    stranger = str(uuid.uuid4())
    projection_redis.sadd(TENANTS, stranger)

    code, said = run(capsys, "projection_verify", "--deep", "--json")

    assert code == 3
    lines = said[: said.rindex("}") + 1].splitlines()
    found = {(line["scope"], line["id"], line["kind"]) for line in map(json.loads, lines)}
    assert found == {
        (scope.id, str(first.pk), "altered"),
        (scope.id, str(second.pk), "missing"),
        (stranger, "", "orphan"),
    }
    code, said = run(capsys, "projection_verify", "--deep", "--fix")
    assert (code, "2 mended" in said) == (0, True)
    assert run(capsys, "projection_verify", "--deep")[0] == 0
    assert not projection_redis.sismember(TENANTS, stranger)


def test_verify__shallow__sees_what_is_gone_but_not_bytes(
    in_acme, scope, store, projection_redis, capsys
):
    first, second = make_monitor(in_acme, "first"), make_monitor(in_acme, "second")
    reconcile(store=store)
    projection_redis.append(scope.document(str(first.pk)), " ")
    assert run(capsys, "projection_verify")[0] == 0
    projection_redis.delete(scope.document(str(second.pk)))
    code, said = run(capsys, "projection_verify", "--tenant", "acme")
    assert (code, "1 documents are missing" in said) == (3, True)
    assert run(capsys, "projection_verify", "--tenant", "globex")[0] == 0


def test_verify__deep__looking_changes_nothing(in_acme, scope, store, projection_redis, capsys):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    damage(scope, projection_redis, altered=str(monitor.pk), gone="none")
    before = {key: projection_redis.dump(key) for key in projection_redis.keys("*")}
    run(capsys, "projection_verify", "--deep", "--schema")
    assert {key: projection_redis.dump(key) for key in projection_redis.keys("*")} == before


# projection_rebuild


def test_rebuild__after_flushall__everything_is_back(in_acme, store, projection_redis, capsys):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    projection_redis.flushall()
    code, said = run(capsys, "projection_rebuild")
    assert (code, "3 scopes: 3 ok" in said) == (0, True)
    assert projection_redis.smembers(Scope(str(in_acme.pk)).active) == {str(monitor.pk)}
    assert projection_redis.hget(READY, "tenants") == "2"


@pytest.mark.parametrize(
    "command", [("projection_rebuild",), ("projection_verify", "--deep", "--fix")]
)
def test_platform_alone__after_flushall__its_documents_are_back_and_no_others(
    command, in_acme, store, projection_redis, capsys
):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    projection_redis.flushall()

    run(capsys, *command, "--tenant", "platform")

    assert projection_redis.exists("platform:networks:base")
    assert not projection_redis.exists(Scope(str(in_acme.pk)).document(str(monitor.pk)))


def test_rebuild__repair__is_the_button_of_the_list_of_drift(
    in_acme, scope, store, projection_redis, capsys
):
    first, second = make_monitor(in_acme, "first"), make_monitor(in_acme, "second")
    reconcile(store=store)
    damage(scope, projection_redis, altered=str(first.pk), gone=str(second.pk))
    compared = run_begin(kind="comparison", actor=ACTOR, scopes=[scope], now=timezone.now())
    run_complete(compared, store=store)
    assert ProjectionDifference.objects.filter(scope=scope.id).count() == 2

    code, _ = run(capsys, "projection_rebuild", "--repair", "--tenant", "acme", "--reason", "Drift")

    assert code == 0
    assert not ProjectionDifference.objects.filter(scope=scope.id).exists()
    assert projection_redis.exists(scope.document(str(second.pk)))
    assert ProjectionRun.objects.latest("pk").kind == "repair"
    assert run(capsys, "projection_rebuild", "--repair")[0] == 1


def test_rebuild__nothing_differs__nothing_is_written(in_acme, store, projection_redis, capsys):
    make_monitor(in_acme)
    reconcile(store=store)
    before = {key: projection_redis.dump(key) for key in projection_redis.keys("*")}
    assert run(capsys, "projection_rebuild", "--json")[0] == 0
    assert {key: projection_redis.dump(key) for key in projection_redis.keys("*")} == before


def test_rebuild__key_of_scripts_was_switched__documents_follow(
    store, projection_redis, settings, capsys
):
    reconcile(store=store)
    settings.SCRIPT_SIGNING_KEY = "another"
    before = projection_redis.get("platform:filters:even_blocks")
    run(capsys, "projection_rebuild")
    assert projection_redis.get("platform:filters:even_blocks") != before


@pytest.mark.parametrize(
    "damage_meta", [{"rev": "900"}, {"token": "of another time"}, {"epoch": "7"}]
)
def test_rebuild__new_epoch__overwrites_another_history(
    in_acme, scope, store, projection_redis, capsys, damage_meta
):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    projection_redis.hset(scope.meta, mapping=damage_meta)
    projection_redis.set(scope.document(str(monitor.pk)), "of another history")
    assert sweep(store=store).results.keys() <= {Result.AHEAD, Result.DIVERGED}

    code, said = run(capsys, "projection_rebuild")
    assert (code, "not up to date" in said) == (3, True)
    assert projection_redis.get(scope.document(str(monitor.pk))) == "of another history"

    code, said = run(capsys, "projection_rebuild", "--new-epoch", "--yes", "--reason", "restored")
    assert code == 0
    epoch = projection_redis.hget(scope.meta, "epoch")
    assert int(epoch) == max(1, int(damage_meta.get("epoch", 1))) + 1
    assert {projection_redis.hget(key, "epoch") for key in (PLATFORM.meta, READY)} == {epoch}
    assert "Transfers" in projection_redis.get(scope.document(str(monitor.pk)))
    assert ProjectedScope.objects.get(pk=scope.id).condition == "settled"
    assert AuditRecord.objects.get(action="projection.epoch_begun").reason == "restored"
    [(_, last), *_] = projection_redis.xrevrange(CHANGES, count=1)
    assert last["epoch"] == epoch
    assert not reconcile(store=store).results


def test_rebuild__new_epoch_of_one_tenant__the_others_stay(
    acme, globex, scope, store, projection_redis, capsys
):
    reconcile(store=store)
    run(capsys, "projection_rebuild", "--new-epoch", "--yes", "--tenant", "acme")
    assert projection_redis.hget(scope.meta, "epoch") == "2"
    assert projection_redis.hget(Scope(str(globex.pk)).meta, "epoch") == "1"
    assert projection_redis.hget(READY, "epoch") == "1"


def test_rebuild__new_epoch_and_nobody_to_ask__changes_nothing(
    acme, scope, store, projection_redis, capsys
):
    reconcile(store=store)
    code, said = run(capsys, "projection_rebuild", "--new-epoch")
    assert (code, "--yes" in said) == (1, True)
    assert projection_redis.hget(scope.meta, "epoch") == "1"


# projection_diff


def test_diff__equal__says_where_it_stands(in_acme, store, capsys):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    code, said = run(capsys, "projection_diff", "transfers")
    assert code == 0
    assert "active, in the active set" in said
    assert run(capsys, "projection_diff", str(monitor.pk))[0] == 0


def test_diff__changed_and_not_projected__shows_both(in_acme, store, capsys):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    monitor_pause(monitor=monitor, actor=ACTOR)
    code, said = run(capsys, "projection_diff", "transfers")
    assert code == 3
    assert '-    "paused": false,' in said
    assert '+    "paused": true,' in said


def test_diff__slug_of_two_tenants__asks_which(acme, globex, store, capsys):
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            make_monitor(tenant)
    reconcile(store=store)
    code, said = run(capsys, "projection_diff", "transfers")
    assert (code, "add --tenant" in said) == (1, True)
    code, said = run(capsys, "projection_diff", "transfers", "--tenant", "globex", "--json")
    assert (code, json.loads(said)["scope"]) == (0, str(globex.pk))


def test_diff__network__by_its_field(store, projection_redis, capsys):
    reconcile(store=store)
    assert run(capsys, "projection_diff", "networks:base")[0] == 0
    projection_redis.delete("platform:networks:base")
    code, said = run(capsys, "projection_diff", "networks:base")
    assert (code, "Redis     version" in said, "no document" in said) == (3, True, True)


def test_diff__unknown__says_so(acme, capsys):
    code, said = run(capsys, "projection_diff", "nothing")
    assert (code, "no monitor 'nothing'" in said) == (1, True)


# projection_check_triggers


def test_check_triggers__one_is_missing__named(acme, capsys):
    assert run(capsys, "projection_check_triggers")[0] == 0
    with in_tenant(acme.pk), connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER monitors_monitor_version ON monitors_monitor")
    try:
        code, said = run(capsys, "projection_check_triggers")
        assert code == 3
        assert f"{acme.schema_name}.monitors_monitor has no deferred version trigger" in said
        with pytest.raises(Exception, match=r"cachesync\.E001"):
            call_command("check", databases=["default"])
    finally:
        with in_tenant(acme.pk), connection.cursor() as cursor:
            cursor.execute(
                "CREATE CONSTRAINT TRIGGER monitors_monitor_version AFTER INSERT OR UPDATE OR "
                "DELETE ON monitors_monitor DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE "
                "FUNCTION public.blip0_config_changed('monitor', 'id')"
            )
    assert run(capsys, "projection_check_triggers")[0] == 0
