"""The four plans. Staff may change them afterwards: nothing writes them again."""

from django.db import migrations

KIB = 1024
# slug, name, monitors, triggers, API calls an hour, bytes of a contract spec, and for a monitor:
# addresses, conditions, triggers
PLANS = [
    ("free", "Free", 10, 20, 1_000, 64 * KIB, 10, 20, 3),
    ("starter", "Starter", 50, 100, 10_000, 128 * KIB, 50, 50, 5),
    ("pro", "Pro", 200, 500, 100_000, 256 * KIB, 100, 100, 10),
    ("enterprise", "Enterprise", 1_000, 2_000, 1_000_000, 512 * KIB, 200, 256, 20),
]


def add_plans(apps, _schema_editor):
    Plan = apps.get_model("tenants", "Plan")
    for position, (slug, name, *limits) in enumerate(PLANS):
        monitors, triggers, calls, spec_bytes, addresses, conditions, monitor_triggers = limits
        Plan.objects.get_or_create(
            slug=slug,
            defaults={
                "name": name,
                "position": position,
                "monitors": monitors,
                "triggers": triggers,
                "api_calls_per_hour": calls,
                "contract_spec_bytes": spec_bytes,
                "addresses_per_monitor": addresses,
                "conditions_per_monitor": conditions,
                "triggers_per_monitor": monitor_triggers,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_versioning")]

    operations = [
        # Tenants point to plans, so going back leaves them.
        migrations.RunPython(add_plans, migrations.RunPython.noop),
    ]
