"""Indexes that another one makes needless: each is opened whenever a query of its table is planned.

A session that meets a tenant for the first time reads the catalogs for every one of them. Dropped
by name, because `AlterField` would also drop and check each foreign key anew.
"""

from django.db import migrations, models
from django.db.migrations.operations.base import Operation

# Index, table, column. Those of `monitor_id` and `match_id` are the first column
# of a unique constraint; nothing asks for a prefix of the others.
NEEDLESS = (
    ("monitors_contractspec_sha256_beb48700_like", "contractspec", "sha256 varchar_pattern_ops"),
    ("monitors_match_event_id_56b3d708_like", "match", "event_id varchar_pattern_ops"),
    ("monitors_matchcondition_monitor_id_6dc9ad5b", "matchcondition", "monitor_id"),
    (
        "monitors_monitoraddress_contract_spec_id_09e5fb3c_like",
        "monitoraddress",
        "contract_spec_id varchar_pattern_ops",
    ),
    ("monitors_monitoraddress_monitor_id_2e2e69ac", "monitoraddress", "monitor_id"),
    ("monitors_monitornetwork_monitor_id_573d9f01", "monitornetwork", "monitor_id"),
    (
        "monitors_monitornetwork_network_id_a8eeb0d3_like",
        "monitornetwork",
        "network_id varchar_pattern_ops",
    ),
    ("monitors_monitortrigger_monitor_id_70661ed0", "monitortrigger", "monitor_id"),
    ("monitors_scriptcondition_monitor_id_d4d14155", "scriptcondition", "monitor_id"),
    (
        "monitors_scriptcondition_script_id_2798e442_like",
        "scriptcondition",
        "script_id varchar_pattern_ops",
    ),
    ("monitors_triggerexecution_match_id_aa36be78", "triggerexecution", "match_id"),
)
# Kept, under a name of their own: without `db_index` Django makes no second one for prefixes.
RENAMED = (
    ("monitors_monitoraddress_contract_spec_id_09e5fb3c", "monitor_address_spec"),
    ("monitors_monitornetwork_network_id_a8eeb0d3", "monitor_network_network"),
    ("monitors_scriptcondition_script_id_2798e442", "script_condition_script"),
)


def _lines(lines: list[str]) -> str:
    return ";\n".join(lines)


def _key(model: str, name: str, to: str, related_name: str = "+", **options: object) -> Operation:
    field: models.ForeignKey[object, object] = models.ForeignKey(
        to=to,
        db_index=False,
        related_name=related_name,
        **{"on_delete": models.CASCADE, **options},  # type: ignore[arg-type]  # as the model has it
    )
    return migrations.AlterField(model_name=model, name=name, field=field)


class Migration(migrations.Migration):
    dependencies = [("monitors", "0004_pausing_permission")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    sql=_lines(
                        [f"DROP INDEX {name}" for name, _, _ in NEEDLESS]
                        + [f"ALTER INDEX {old} RENAME TO {new}" for old, new in RENAMED]
                    ),
                    reverse_sql=_lines(
                        [f"ALTER INDEX {new} RENAME TO {old}" for old, new in RENAMED]
                        + [
                            f"CREATE INDEX {i} ON monitors_{table} ({c})"
                            for i, table, c in NEEDLESS
                        ]
                    ),
                )
            ],
            state_operations=[
                _key("matchcondition", "monitor", "monitors.monitor", "match_conditions"),
                _key("scriptcondition", "monitor", "monitors.monitor", "script_conditions"),
                _key("monitornetwork", "monitor", "monitors.monitor", "network_links"),
                _key("monitortrigger", "monitor", "monitors.monitor", "trigger_links"),
                _key("monitoraddress", "monitor", "monitors.monitor", "addresses"),
                _key("triggerexecution", "match", "monitors.match", "executions"),
                _key(
                    "monitoraddress",
                    "contract_spec",
                    "monitors.contractspec",
                    "addresses",
                    null=True,
                    blank=True,
                    on_delete=models.PROTECT,
                ),
                _key(
                    "monitornetwork",
                    "network",
                    "platform_catalog.network",
                    db_constraint=False,
                    on_delete=models.DO_NOTHING,
                ),
                _key(
                    "scriptcondition",
                    "script",
                    "platform_catalog.filterscript",
                    db_constraint=False,
                    on_delete=models.DO_NOTHING,
                ),
                migrations.AddIndex(
                    "monitoraddress",
                    models.Index(fields=["contract_spec"], name="monitor_address_spec"),
                ),
                migrations.AddIndex(
                    "monitornetwork",
                    models.Index(fields=["network"], name="monitor_network_network"),
                ),
                migrations.AddIndex(
                    "scriptcondition",
                    models.Index(fields=["script"], name="script_condition_script"),
                ),
            ],
        )
    ]
