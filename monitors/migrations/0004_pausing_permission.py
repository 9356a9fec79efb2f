"""Pausing is a right of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("monitors", "0003_filter_indexes"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="monitor",
            options={
                "ordering": ["slug"],
                "permissions": [("pause_monitor", "Can pause, resume, snooze and wake monitors")],
            },
        ),
    ]
