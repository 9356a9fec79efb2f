"""What the tests of several modules share: who acts, and short ways to write and read."""

from __future__ import annotations

from typing import Any

import pytest

from blip0.common.actors import Actor
from blip0.common.validation import InvalidDocument
from tenants.models import Tenant
from triggers.models import Trigger
from triggers.services import trigger_create, trigger_update
from triggers.store import opened_config, sealed_configs
from triggers.tests.factories import document

ELI = Actor(kind="user", id="1", name="eli@acme.test")


def create(tenant: Tenant, data: dict[str, Any] | None = None, **options: Any) -> Trigger:
    return trigger_create(tenant=tenant, data=data or document(), actor=ELI, **options)


def update(trigger: Trigger, **data: Any) -> Trigger:
    return trigger_update(trigger=trigger, data=data, actor=ELI)


def stored(trigger: Trigger) -> dict[str, Any]:
    """The configuration as the database has it, sealed."""
    return sealed_configs([trigger.pk])[trigger.pk]


def opened(trigger: Trigger) -> dict[str, Any]:
    return opened_config(trigger.trigger_type, trigger.pk, stored(trigger))


def pointers(error: pytest.ExceptionInfo[InvalidDocument]) -> list[str]:
    return [finding.pointer for finding in error.value.findings]
