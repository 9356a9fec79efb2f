"""Version triggers: a change of a trigger renders the monitors that fire it."""

from django.db import migrations

from blip0.common.db.operations import VersionTrigger


class Migration(migrations.Migration):
    dependencies = [("triggers", "0001_initial"), ("tenants", "0002_versioning")]

    operations = [
        VersionTrigger("triggers_trigger", "trigger", "id"),
        *(
            VersionTrigger(f"triggers_{name}config", "trigger", "trigger_id")
            for name in ["slack", "email", "webhook", "telegram", "discord"]
        ),
    ]
