"""Networks: created, changed, switched and deleted by platform staff.

`data` is the runtime's Network object (`rpc_urls` with `type_`, `url` and `weight` included), and
beside it `enabled`, of the network and of each endpoint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, InUse, InvalidField
from blip0.common.usage import require_unused
from blip0.common.validation import CheckContext, check
from platform_catalog.choices import RpcType, UrlKind
from platform_catalog.models import Network, RpcEndpoint
from platform_catalog.projections import network_documents
from tenants.services.audit import audit_record

_PLAIN_FIELDS = (
    "name",
    "network_type",
    "chain_id",
    "block_time_ms",
    "confirmation_blocks",
    "cron_schedule",
    "store_blocks",
    "recovery_config",
)
NETWORK_KEYS = (*_PLAIN_FIELDS, "network_passphrase", "max_past_blocks", "rpc_urls", "enabled")
_FIXED = ("slug", "network_type")
_OFF = " disabled"


@transaction.atomic
def network_create(*, data: Mapping[str, Any], actor: Actor) -> Network:
    """Raises `InvalidDocument`, `InvalidField`, and `Conflict` for a slug or name that is taken."""
    document = _require_valid(data)
    network = Network(slug=document["slug"], enabled=data.get("enabled", True))
    if Network.objects.filter(pk=network.pk).exists():
        raise Conflict(f"slug: there is a network {network.slug} already.", pointer="/slug")
    _fill(network, document)
    _require_free_name(network)
    network.save(force_insert=True)
    _set_endpoints(network, data["rpc_urls"])
    _audit("network.created", network, actor, after=_stated(network))
    return network


@transaction.atomic
def network_update(
    *, network: Network, data: Mapping[str, Any], actor: Actor, reason: str = ""
) -> Network:
    """Change the keys that are given; `None` takes an optional one away.

    Slug and type never change. `reason` is for the audit log. Raises as `network_create` does.
    """
    network = _lock(network)
    before = _stated(network)
    for key in _FIXED:
        if key in data and data[key] != getattr(network, key):
            raise InvalidField(
                f"{key}: never changes, since monitors rely on it. Make a new network instead.",
                pointer=f"/{key}",
            )
    merged = {**network_documents([network.slug])[network.slug].body, **data}
    document = _require_valid({key: item for key, item in merged.items() if item is not None})
    differs = _fill(network, document)
    enabled = data.get("enabled", network.enabled)
    if differs or enabled != network.enabled:
        network.enabled = enabled
        _require_free_name(network)
        network.save()
    if "rpc_urls" in data:
        _set_endpoints(network, data["rpc_urls"])
    after = _stated(network)
    if after != before:
        _audit("network.updated", network, actor, before=before, after=after, reason=reason)
    return network


def rpc_endpoints_set(
    *, network: Network, rpc_urls: Sequence[Mapping[str, Any]], actor: Actor
) -> Network:
    """Make these the network's endpoints, in this order. Raises as `network_update` does."""
    return network_update(network=network, data={"rpc_urls": list(rpc_urls)}, actor=actor)


def network_enable(*, network: Network, actor: Actor, reason: str = "") -> Network:
    """Give it back to every monitor that names it. Nothing happens if it is enabled."""
    return _switch(network, on=True, actor=actor, reason=reason)


def network_disable(*, network: Network, actor: Actor, reason: str = "") -> Network:
    """Take it out of every document that names it. Nothing happens if it is disabled."""
    return _switch(network, on=False, actor=actor, reason=reason)


@transaction.atomic
def network_delete(*, network: Network, actor: Actor) -> None:
    """Raises `InUse`, which lists the monitors of all tenants that name it."""
    network = _lock(network)
    require_unused("network", network.slug)
    _audit("network.deleted", network, actor, before=_stated(network))
    try:
        with transaction.atomic():
            network.delete()
    except IntegrityError as error:  # named between the question and now
        raise InUse(f"The network {network.slug} has just come into use.", users=[]) from error


@transaction.atomic
def _switch(network: Network, *, on: bool, actor: Actor, reason: str) -> Network:
    network = _lock(network)
    if network.enabled == on:
        return network
    network.enabled = on
    network.save(update_fields=["enabled", "updated_at"])
    _audit(
        "network.enabled" if on else "network.disabled",
        network,
        actor,
        before={"enabled": not on},
        after={"enabled": on},
        reason=reason,
    )
    return network


def _lock(network: Network) -> Network:
    return Network.objects.select_for_update(no_key=True).get(pk=network.pk)


def _require_valid(data: Mapping[str, Any]) -> dict[str, Any]:
    """The runtime's object of `data`, checked; raises `InvalidDocument`."""
    document = {key: item for key, item in data.items() if key != "enabled"}
    if isinstance(urls := document.get("rpc_urls"), list):
        document["rpc_urls"] = [
            {key: item for key, item in url.items() if key != "enabled"}
            if isinstance(url, Mapping)
            else url
            for url in urls
        ]
    check("network", document, context=CheckContext(author="staff")).raise_if_errors()
    return document


def _fill(network: Network, document: Mapping[str, Any]) -> bool:
    """Set the fields that the document has, the others to nothing. Whether one differs."""
    past = document.get("max_past_blocks")
    wanted = {name: document.get(name) for name in _PLAIN_FIELDS} | {
        "network_passphrase": document.get("network_passphrase") or "",
        "max_past_blocks_unlimited": past == "unlimited",
        "max_past_blocks": None if past == "unlimited" else past,
    }
    differs = any(getattr(network, name) != item for name, item in wanted.items())
    for name, item in wanted.items():
        setattr(network, name, item)
    return differs


def _require_free_name(network: Network) -> None:
    same_name = Network.objects.filter(name__iexact=network.name.strip()).exclude(pk=network.pk)
    if other := same_name.first():
        raise Conflict(f"name: network {other.slug} has this name.", pointer="/name")


def _set_endpoints(network: Network, rpc_urls: Sequence[Mapping[str, Any]]) -> None:
    """Rows that stay the same are not written: the version then stays, too."""
    rows = {(row.url_kind, row.url): row for row in network.rpc_endpoints.all()}
    for position, entry in enumerate(rpc_urls):
        kind = _spelled(entry["url"]["type"])
        url = entry["url"]["value"]
        row = rows.pop((kind, url), None)
        if row is None:
            row = RpcEndpoint(network=network, url_kind=kind, url=url)
        wanted = {
            "position": position,
            "rpc_type": RpcType(entry["type_"]),
            "weight": entry["weight"],
            "enabled": entry.get("enabled", True),
        }
        if row.pk is None or any(getattr(row, name) != item for name, item in wanted.items()):
            for name, item in wanted.items():
                setattr(row, name, item)
            _save_endpoint(row, position)
    for row in rows.values():
        row.delete()


def _save_endpoint(row: RpcEndpoint, position: int) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict(
            "rpc_urls: this endpoint is there twice; take one away.",
            pointer=f"/rpc_urls/{position}",
        ) from None


def _spelled(kind: str) -> UrlKind:
    """The runtime reads the kind in any case; we store one spelling."""
    return next(known for known in UrlKind if known.value.lower() == kind.lower())


def _stated(network: Network) -> dict[str, Any]:
    """What the audit log compares. Public URLs and names of secrets: nothing secret."""
    body = network_documents([network.slug])[network.slug].body
    stated = [endpoint_stated(endpoint) for endpoint in network.rpc_endpoints.all()]
    return {**body, "rpc_urls": stated, "enabled": network.enabled}


def endpoint_stated(endpoint: RpcEndpoint) -> str:
    """An endpoint in a line, as the audit log has it. A member called `url` would be blanked."""
    line = f"{endpoint.rpc_type} {endpoint.url_kind} {endpoint.url} {endpoint.weight}"
    return line if endpoint.enabled else f"{line}{_OFF}"


def endpoint_of_stated(line: str) -> dict[str, Any]:
    """The entry of `rpc_urls` that `endpoint_stated` tells of."""
    kind, url_kind, rest = line.removesuffix(_OFF).split(" ", 2)
    url, _, weight = rest.rpartition(" ")
    return {
        "type_": kind,
        "url": {"type": url_kind, "value": url},
        "weight": int(weight),
        "enabled": not line.endswith(_OFF),
    }


def _audit(action: str, network: Network, actor: Actor, **details: Any) -> None:
    audit_record(
        action=action,
        actor=actor,
        object_kind="network",
        object_id=network.slug,
        object_name=network.name,
        **details,
    )
