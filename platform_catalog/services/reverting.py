"""Undoing changes of networks, scripts and templates: what a change replaced holds again.

Only the fields that the audit record names are put back; later changes of others stay.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction

from blip0.common.actors import Actor
from platform_catalog.models import FilterScript, MonitorTemplate, Network
from platform_catalog.services.networks import (
    NETWORK_KEYS,
    endpoint_of_stated,
    network_update,
)
from platform_catalog.services.scripts import SCRIPT_SETTINGS, script_rollback, script_update
from platform_catalog.services.templates import TEMPLATE_FIELDS, template_update
from tenants.models import AuditRecord
from tenants.services.undoing import found, replaced, undo_reason

NETWORK_ACTIONS: Final = frozenset({"network.updated", "network.enabled", "network.disabled"})
SCRIPT_ACTIONS: Final = frozenset(
    {"filter_script.updated", "filter_script.published", "filter_script.rolled_back"}
)
TEMPLATE_ACTIONS: Final = frozenset({"template.updated"})


@transaction.atomic
def network_revert(*, record: AuditRecord, actor: Actor, reason: str = "") -> Network:
    """Give the network the values, and all of the endpoints, from before the record.

    Raises `NotFound`, `CannotRevert`, also for records of a time when they told of enabled
    endpoints only, and what `network_update` raises.
    """
    network = found(Network.objects.all(), record)
    data = replaced(record, NETWORK_KEYS)
    if "rpc_urls" in data:
        data["rpc_urls"] = [endpoint_of_stated(line) for line in data["rpc_urls"]]
    told = undo_reason(record, reason)
    return network_update(network=network, data=data, actor=actor, reason=told)


@transaction.atomic
def script_revert(*, record: AuditRecord, actor: Actor, reason: str = "") -> FilterScript:
    """Give the script the settings from before the record, or publish its content anew.

    Raises `NotFound`, `CannotRevert`, and what `script_update` and `script_rollback` raise.
    """
    script = found(FilterScript.objects.all(), record)
    data = replaced(record, (*SCRIPT_SETTINGS, "version", "sha256"))
    told = undo_reason(record, reason)
    if "version" in data:
        script_rollback(script=script, version=data["version"], actor=actor, reason=told)
        script.refresh_from_db()
        return script
    return script_update(script=script, data=data, actor=actor, reason=told)


@transaction.atomic
def template_revert(*, record: AuditRecord, actor: Actor, reason: str = "") -> MonitorTemplate:
    """Give the template the values from before the record.

    Raises `NotFound`, `CannotRevert`, and what `template_update` raises.
    """
    template = found(MonitorTemplate.objects.all(), record)
    data = replaced(record, TEMPLATE_FIELDS)
    told = undo_reason(record, reason)
    return template_update(template=template, data=data, actor=actor, reason=told)
