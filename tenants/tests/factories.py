"""Factories of people, plans and tenants' rows. A `Tenant` made here has no schema."""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, Sequence, SubFactory
from factory.django import DjangoModelFactory

from blip0.common.tenancy import schema_name_for
from tenants import models
from tenants.choices import Limit, Role, TenantStatus


class UserFactory(DjangoModelFactory[models.User]):
    """Without a password, which takes no time to hash; `make_password` where one signs in."""

    class Meta:
        model = models.User

    email = Sequence(lambda n: f"person{n}@example.org")
    name = Sequence(lambda n: f"Person {n}")
    password = "!"


class PlanFactory(DjangoModelFactory[models.Plan]):
    class Meta:
        model = models.Plan

    slug = Sequence(lambda n: f"plan-{n}")
    name = Sequence(lambda n: f"Plan {n}")
    monitors = 10
    triggers = 20
    api_calls_per_hour = 1000
    contract_spec_bytes = 65536
    addresses_per_monitor = 10
    conditions_per_monitor = 20
    triggers_per_monitor = 3


class TenantFactory(DjangoModelFactory[models.Tenant]):
    """A row without a schema; `tenant_create` makes both. Hence `provisioning`."""

    class Meta:
        model = models.Tenant

    id = LazyFunction(uuid.uuid4)
    slug = Sequence(lambda n: f"tenant-{n}")
    name = Sequence(lambda n: f"Tenant {n}")
    plan = LazyFunction(lambda: models.Plan.objects.get(slug="free"))
    status = TenantStatus.PROVISIONING
    status_before_deletion = LazyAttribute(
        lambda tenant: (
            TenantStatus.ACTIVE if tenant.status == TenantStatus.PENDING_DELETION else None
        )
    )
    schema_name = LazyAttribute(lambda tenant: schema_name_for(tenant.id))


class DomainFactory(DjangoModelFactory[models.Domain]):
    class Meta:
        model = models.Domain

    domain = Sequence(lambda n: f"tenant-{n}.example.org")
    tenant = SubFactory(TenantFactory)


class MembershipFactory(DjangoModelFactory[models.Membership]):
    class Meta:
        model = models.Membership

    tenant = SubFactory(TenantFactory)
    user = SubFactory(UserFactory)
    role = Role.VIEWER


class TokenFamilyFactory(DjangoModelFactory[models.TokenFamily]):
    class Meta:
        model = models.TokenFamily

    tenant = SubFactory(TenantFactory)
    user = SubFactory(UserFactory)
    fingerprint = "0" * 16
    current_jti = LazyFunction(lambda: uuid.uuid4().hex)
    created_at = LazyFunction(timezone.now)
    rotated_at = LazyFunction(timezone.now)
    expires_at = LazyFunction(lambda: timezone.now() + timedelta(days=7))


class StaffSessionFactory(DjangoModelFactory[models.StaffSession]):
    class Meta:
        model = models.StaffSession

    user = SubFactory(UserFactory, is_staff=True)
    began_at = LazyFunction(timezone.now)
    last_seen_at = LazyFunction(timezone.now)
    expires_at = LazyFunction(lambda: timezone.now() + timedelta(hours=12))
    address = "192.0.2.1"
    two_factor = False


class InvitationFactory(DjangoModelFactory[models.Invitation]):
    class Meta:
        model = models.Invitation

    tenant = SubFactory(TenantFactory)
    email = Sequence(lambda n: f"guest{n}@example.org")
    role = Role.VIEWER
    token_hash = LazyFunction(lambda: secrets.token_hex(32))
    expires_at = LazyFunction(lambda: timezone.now() + timedelta(days=7))


class ApiKeyFactory(DjangoModelFactory[models.ApiKey]):
    class Meta:
        model = models.ApiKey

    tenant = SubFactory(TenantFactory)
    name = Sequence(lambda n: f"Key {n}")
    prefix = Sequence(lambda n: f"key{n:07}")
    secret_hash = LazyFunction(lambda: secrets.token_hex(32))
    scopes = ["monitors.read"]


class LimitOverrideFactory(DjangoModelFactory[models.LimitOverride]):
    class Meta:
        model = models.LimitOverride

    tenant = SubFactory(TenantFactory)
    limit = Limit.MONITORS
    value = 99
    reason = "Agreed with sales."


class SystemSettingFactory(DjangoModelFactory[models.SystemSetting]):
    class Meta:
        model = models.SystemSetting
        django_get_or_create = ("key",)

    key = "allowed_targets"
    value = ["hooks.internal"]


class AuditRecordFactory(DjangoModelFactory[models.AuditRecord]):
    class Meta:
        model = models.AuditRecord

    actor_kind = "system"
    actor_name = "test"
    action = "monitor.created"
    object_kind = "monitor"
    object_id = Sequence(str)
