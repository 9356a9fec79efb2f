"""Enabling and disabling is a right of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("triggers", "0002_versioning"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="trigger",
            options={
                "ordering": ["slug"],
                "permissions": [("enable_trigger", "Can enable and disable triggers")],
            },
        ),
    ]
