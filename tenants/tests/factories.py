"""Factories of people, plans and tenants' rows. A `Tenant` made here has no schema."""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from blip0.common.tenancy import schema_name_for
from tenants import models
from tenants.choices import Limit, Role, TenantStatus


class UserFactory(DjangoModelFactory):
    """Without a password, which takes no time to hash; `make_password` where one signs in."""

    class Meta:
        model = models.User

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = "!"


class PlanFactory(DjangoModelFactory):
    class Meta:
        model = models.Plan

    slug = factory.Sequence(lambda n: f"plan-{n}")
    name = factory.Sequence(lambda n: f"Plan {n}")
    monitors = 10
    triggers = 20
    api_calls_per_hour = 1000
    contract_spec_bytes = 65536
    addresses_per_monitor = 10
    conditions_per_monitor = 20
    triggers_per_monitor = 3


class TenantFactory(DjangoModelFactory):
    """A row without a schema; `tenant_create` makes both. Hence `provisioning`."""

    class Meta:
        model = models.Tenant

    id = factory.LazyFunction(uuid.uuid4)
    slug = factory.Sequence(lambda n: f"tenant-{n}")
    name = factory.Sequence(lambda n: f"Tenant {n}")
    plan = factory.LazyFunction(lambda: models.Plan.objects.get(slug="free"))
    status = TenantStatus.PROVISIONING
    schema_name = factory.LazyAttribute(lambda tenant: schema_name_for(tenant.id))


class DomainFactory(DjangoModelFactory):
    class Meta:
        model = models.Domain

    domain = factory.Sequence(lambda n: f"tenant-{n}.example.org")
    tenant = factory.SubFactory(TenantFactory)


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = models.Membership

    tenant = factory.SubFactory(TenantFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.VIEWER


class InvitationFactory(DjangoModelFactory):
    class Meta:
        model = models.Invitation

    tenant = factory.SubFactory(TenantFactory)
    email = factory.Sequence(lambda n: f"guest{n}@example.org")
    role = Role.VIEWER
    token_hash = factory.LazyFunction(lambda: secrets.token_hex(32))
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=7))


class ApiKeyFactory(DjangoModelFactory):
    class Meta:
        model = models.ApiKey

    tenant = factory.SubFactory(TenantFactory)
    name = factory.Sequence(lambda n: f"Key {n}")
    prefix = factory.Sequence(lambda n: f"key{n:07}")
    secret_hash = factory.LazyFunction(lambda: secrets.token_hex(32))
    scopes = ["monitors.read"]


class LimitOverrideFactory(DjangoModelFactory):
    class Meta:
        model = models.LimitOverride

    tenant = factory.SubFactory(TenantFactory)
    limit = Limit.MONITORS
    value = 99
    reason = "Agreed with sales."


class SystemSettingFactory(DjangoModelFactory):
    class Meta:
        model = models.SystemSetting

    key = factory.Sequence(lambda n: f"setting_{n}")
    value = {"on": True}


class AuditRecordFactory(DjangoModelFactory):
    class Meta:
        model = models.AuditRecord

    actor_kind = "system"
    actor_name = "test"
    action = "monitor.created"
    object_kind = "monitor"
    object_id = factory.Sequence(str)
