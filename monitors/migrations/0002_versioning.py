"""Version triggers, references into the catalogue, and the hash of contract specs."""

from django.db import migrations

from blip0.common.db.operations import CatalogueReference, VersionTrigger


class Migration(migrations.Migration):
    dependencies = [
        ("monitors", "0001_initial"),
        ("tenants", "0002_versioning"),
        ("platform_catalog", "0002_versioning"),
    ]

    operations = [
        VersionTrigger("monitors_monitor", "monitor", "id"),
        *(
            VersionTrigger(f"monitors_{name}", "monitor", "monitor_id")
            for name in [
                "monitornetwork",
                "monitortrigger",
                "monitoraddress",
                "matchcondition",
                "scriptcondition",
            ]
        ),
        # A new spec means nothing until an address names it, so only a change counts.
        VersionTrigger("monitors_contractspec", "monitor", "*", events="UPDATE"),
        migrations.RunSQL(
            "ALTER TABLE monitors_contractspec ADD CONSTRAINT contract_spec_hash "
            "CHECK (sha256 = encode(sha256(convert_to(content, 'UTF8')), 'hex'))",
            "ALTER TABLE monitors_contractspec DROP CONSTRAINT contract_spec_hash",
        ),
        CatalogueReference(
            "monitors_monitornetwork", "network_id", "platform_catalog_network", "slug"
        ),
        CatalogueReference(
            "monitors_scriptcondition", "script_id", "platform_catalog_filterscript", "name"
        ),
    ]
