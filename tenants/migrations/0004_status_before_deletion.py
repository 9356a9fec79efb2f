"""What a tenant was before its deletion, so that a restored one is that again."""

from django.db import migrations, models

# Until now only the audit log knew. The column's trigger events must be over before the table is
# altered again.
FILL = """
UPDATE tenants_tenant AS tenant SET status_before_deletion = coalesce(
    (SELECT record.before ->> 'status' FROM tenants_auditrecord AS record
     WHERE record.tenant_id = tenant.id AND record.action = 'tenant.deleted'
     ORDER BY record.id DESC LIMIT 1),
    'active')
WHERE status = 'pending_deletion';
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_plans")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="status_before_deletion",
            field=models.CharField(
                blank=True,
                choices=[
                    ("provisioning", "Provisioning"),
                    ("active", "Active"),
                    ("suspended", "Suspended"),
                    ("pending_deletion", "Pending deletion"),
                    ("deleted", "Deleted"),
                ],
                editable=False,
                max_length=20,
                null=True,
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "pending_deletion"),
                    ("status_before_deletion__in", ["active", "suspended"]),
                    ("status_before_deletion__isnull", False),
                )
                | models.Q(
                    models.Q(("status", "pending_deletion"), _negated=True),
                    ("status_before_deletion__isnull", True),
                ),
                name="tenant_status_before_deletion",
            ),
        ),
    ]
