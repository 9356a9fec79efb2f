"""Tenants, their domains, plans and limits."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django_tenants.models import DomainMixin, TenantMixin

from blip0.common.models import StampedModel, UuidModel
from blip0.common.slugs import OBJECT_SLUG
from blip0.common.tenancy import schema_name_for
from tenants.choices import Limit, Severity, TenantStatus
from tenants.querysets import TenantQuerySet, WatchedQuerySet


class Plan(StampedModel):
    """What a tenant may use. Bytes are bytes; calls are counted by the hour."""

    slug = models.CharField(
        max_length=63, primary_key=True, validators=[RegexValidator(OBJECT_SLUG)]
    )
    name = models.CharField(max_length=100, unique=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="Order in lists.")
    monitors = models.PositiveIntegerField()
    triggers = models.PositiveIntegerField()
    api_calls_per_hour = models.PositiveIntegerField()
    contract_spec_bytes = models.PositiveIntegerField()
    addresses_per_monitor = models.PositiveIntegerField()
    conditions_per_monitor = models.PositiveIntegerField()
    triggers_per_monitor = models.PositiveIntegerField()

    objects: ClassVar[models.Manager[Any]] = WatchedQuerySet.as_manager()

    class Meta:
        ordering = ["position", "slug"]
        constraints = [
            models.CheckConstraint(condition=models.Q(slug__regex=OBJECT_SLUG), name="plan_slug"),
        ]

    def __str__(self) -> str:
        return self.name


class Tenant(UuidModel, StampedModel, TenantMixin):  # type: ignore[misc,django-manager-missing]  # no types
    """An organisation. Its schema is named after its id; its slug never changes or returns.

    A deleted tenant keeps this row (status `deleted`, no schema), so that its slug, which is part
    of every emitted monitor name, is never given to another.
    """

    auto_create_schema = False
    auto_drop_schema = False

    schema_name: str  # declared by django-tenants, which ships no types

    slug = models.CharField(
        max_length=63,
        unique=True,
        validators=[
            RegexValidator(
                OBJECT_SLUG,
                "1 to 63 of a-z, 0-9, hyphen and underscore, starting with a letter or digit.",
            )
        ],
        help_text="Part of every monitor's emitted name. It can never be changed.",
    )
    name = models.CharField(max_length=200)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="tenants")
    status = models.CharField(
        max_length=20, choices=TenantStatus.choices, default=TenantStatus.PROVISIONING
    )
    status_reason = models.CharField(max_length=500, blank=True)
    status_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    delete_after = models.DateTimeField(null=True, blank=True, editable=False)
    status_before_deletion = models.CharField(  # noqa: DJ001 - an empty text is no status
        max_length=20, choices=TenantStatus.choices, null=True, blank=True, editable=False
    )
    provisioning_error = models.TextField(blank=True, editable=False)

    # Defaults of every monitor of the tenant; a monitor's own value wins.
    alert_severity = models.CharField(max_length=10, choices=Severity.choices, blank=True)
    alert_threshold_amount = models.PositiveIntegerField(
        "threshold: matches", null=True, blank=True
    )
    alert_threshold_window_s = models.PositiveIntegerField(
        "threshold: window (s)", null=True, blank=True
    )
    alert_min_interval_s = models.PositiveIntegerField(
        "minimum interval (s)", null=True, blank=True
    )

    allow_viewing_keys = models.BooleanField(
        default=False,
        help_text="Midnight viewing keys of all monitors of a network are pooled by the runtime.",
    )
    allow_unfiltered_monitors = models.BooleanField(
        default=False, help_text="Monitors that match every transaction of a network."
    )

    objects: ClassVar[TenantQuerySet] = TenantQuerySet.as_manager()  # type: ignore[assignment]  # manager made from a queryset

    class Meta:
        ordering = ["slug"]
        permissions = [
            ("enter_tenant", "Can look inside a tenant"),
            ("write_inside_tenant", "Can change what is inside a tenant"),
            ("view_as_member", "Can see the API as a member sees it"),
            ("suspend_tenant", "Can suspend and activate tenants"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(slug__regex=OBJECT_SLUG), name="tenant_slug"),
            models.CheckConstraint(
                condition=models.Q(status__in=TenantStatus.values), name="tenant_status"
            ),
            models.CheckConstraint(
                condition=models.Q(schema_name__regex=r"^t_[0-9a-f]{32}$"),
                name="tenant_schema_name",
            ),
            models.CheckConstraint(
                condition=models.Q(alert_severity__in=["", *Severity.values]),
                name="tenant_alert_severity",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    alert_threshold_amount__isnull=True, alert_threshold_window_s__isnull=True
                )
                # A comparison with NULL is unknown, and a CHECK lets the unknown pass.
                | models.Q(
                    alert_threshold_amount__isnull=False,
                    alert_threshold_window_s__isnull=False,
                    alert_threshold_amount__gte=1,
                    alert_threshold_window_s__gte=1,
                ),
                name="tenant_alert_threshold",
                violation_error_message="Threshold: give both amount and window, each at least 1.",
            ),
            models.CheckConstraint(
                condition=models.Q(status=TenantStatus.PENDING_DELETION)
                | models.Q(delete_after__isnull=True),
                name="tenant_delete_after",
            ),
            models.CheckConstraint(
                # Spelt out: a CHECK passes where it comes to NULL.
                condition=models.Q(
                    status=TenantStatus.PENDING_DELETION,
                    status_before_deletion__isnull=False,
                    status_before_deletion__in=[TenantStatus.ACTIVE, TenantStatus.SUSPENDED],
                )
                | ~models.Q(status=TenantStatus.PENDING_DELETION)
                & models.Q(status_before_deletion__isnull=True),
                name="tenant_status_before_deletion",
            ),
        ]
        indexes = [models.Index(fields=["status"], name="tenant_by_status")]

    def __str__(self) -> str:
        return self.slug

    def clean(self) -> None:
        super().clean()
        if not self.schema_name:
            self.schema_name = schema_name_for(self.pk)


class Domain(DomainMixin):  # type: ignore[misc]  # django-tenants ships no types
    """A host name that may name the tenant of a request; it must agree with the credentials."""

    class Meta:
        ordering = ["domain"]
        constraints = [
            models.UniqueConstraint(Lower("domain"), name="domain_unique_any_case"),
        ]

    def __str__(self) -> str:
        return str(self.domain)


class LimitOverride(StampedModel):
    """One limit of one tenant that differs from its plan's."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="limit_overrides")
    limit = models.CharField(max_length=30, choices=Limit.choices)
    value = models.PositiveIntegerField()
    reason = models.CharField(max_length=500)

    objects: ClassVar[models.Manager[Any]] = WatchedQuerySet.as_manager()

    class Meta:
        ordering = ["tenant", "limit"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "limit"], name="limit_override_once"),
            models.CheckConstraint(
                condition=models.Q(limit__in=Limit.values), name="limit_override_limit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.limit} = {self.value}"
