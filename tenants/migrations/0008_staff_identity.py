"""Staff's second factor, sessions, rights and time zone."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import blip0.common.db.fields


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0007_audit_filter_indexes"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="tenant",
            options={
                "ordering": ["slug"],
                "permissions": [
                    ("enter_tenant", "Can work inside a tenant"),
                    ("suspend_tenant", "Can suspend and activate tenants"),
                ],
            },
        ),
        migrations.AlterModelOptions(
            name="user",
            options={
                "ordering": ["email"],
                "permissions": [
                    ("manage_staff", "Can give and take staff's rights, but not a superuser's"),
                    ("reset_two_factor", "Can reset the two-factor sign-in of staff"),
                ],
            },
        ),
        migrations.AddField(
            model_name="user",
            name="time_zone",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Of times in the back office; empty: the setting's.",
                max_length=63,
            ),
        ),
        migrations.CreateModel(
            name="TwoFactor",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="two_factor",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("secret", blip0.common.db.fields.SealedTextField(editable=False)),
                ("last_step", models.BigIntegerField(editable=False)),
                (
                    "recovery_hashes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), editable=False, size=None
                    ),
                ),
                ("created_at", models.DateTimeField(editable=False)),
            ],
            options={
                "verbose_name_plural": "two-factor sign-ins",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("secret__startswith", "sealed:v1:"),
                            ("secret__isnull", True),
                            _connector="OR",
                        ),
                        name="two_factor_sealed",
                        violation_error_message="secret must be sealed before it is stored.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StaffSession",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("began_at", models.DateTimeField(editable=False)),
                ("last_seen_at", models.DateTimeField(editable=False)),
                ("expires_at", models.DateTimeField(editable=False)),
                ("address", models.CharField(blank=True, editable=False, max_length=45)),
                ("user_agent", models.CharField(blank=True, editable=False, max_length=300)),
                ("two_factor", models.BooleanField(editable=False, verbose_name="two-factor")),
                ("ended_at", models.DateTimeField(editable=False, null=True)),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("signed_out", "Signed out"),
                            ("idle", "Idle for too long"),
                            ("expired", "Its time was over"),
                            ("password", "Password changed"),
                            ("two_factor", "Two-factor sign-in changed"),
                            ("disabled", "Account or rights taken away"),
                            ("revoked", "Ended by hand"),
                        ],
                        editable=False,
                        max_length=12,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff_sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-began_at"],
                "indexes": [
                    models.Index(fields=["user", "-began_at"], name="staff_session_by_user"),
                    models.Index(fields=["expires_at"], name="staff_session_by_expiry"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("end_reason", ""), ("ended_at__isnull", True)),
                            models.Q(
                                (
                                    "end_reason__in",
                                    [
                                        "signed_out",
                                        "idle",
                                        "expired",
                                        "password",
                                        "two_factor",
                                        "disabled",
                                        "revoked",
                                    ],
                                ),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="staff_session_end",
                    )
                ],
            },
        ),
    ]
