"""An index that another one makes needless: see monitors' 0005."""

from django.db import migrations, models

NEEDLESS = "triggers_deliverytest_trigger_id_1ea29243"


class Migration(migrations.Migration):
    dependencies = [("triggers", "0003_enabling_permission")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    sql=f"DROP INDEX {NEEDLESS}",
                    reverse_sql=f"CREATE INDEX {NEEDLESS} ON triggers_deliverytest (trigger_id)",
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="deliverytest",
                    name="trigger",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=models.CASCADE,
                        related_name="delivery_tests",
                        to="triggers.trigger",
                    ),
                )
            ],
        )
    ]
