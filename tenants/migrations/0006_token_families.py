"""Sign-ins as rows, so that tokens can be revoked."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0005_kept_answers"),
    ]

    operations = [
        migrations.CreateModel(
            name="TokenFamily",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("fingerprint", models.CharField(editable=False, max_length=16)),
                ("current_jti", models.CharField(editable=False, max_length=32)),
                ("previous_jti", models.CharField(blank=True, editable=False, max_length=32)),
                ("created_at", models.DateTimeField(editable=False)),
                ("rotated_at", models.DateTimeField(editable=False)),
                ("expires_at", models.DateTimeField(editable=False)),
                ("ended_at", models.DateTimeField(editable=False, null=True)),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("signed_out", "Signed out"),
                            ("switched", "Went on in another tenant"),
                            ("reused", "A used refresh token came back"),
                            ("password", "Password changed"),
                            ("disabled", "Account disabled"),
                            ("removed", "Membership removed"),
                            ("staff", "Ended by staff"),
                        ],
                        editable=False,
                        max_length=12,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="token_families",
                        to="tenants.tenant",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="token_families",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "token families",
                "ordering": ["-created_at"],
                "indexes": [models.Index(fields=["expires_at"], name="token_family_by_expiry")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("end_reason", ""), ("ended_at__isnull", True)),
                            models.Q(
                                (
                                    "end_reason__in",
                                    [
                                        "signed_out",
                                        "switched",
                                        "reused",
                                        "password",
                                        "disabled",
                                        "removed",
                                        "staff",
                                    ],
                                ),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="token_family_end",
                    )
                ],
            },
        ),
    ]
