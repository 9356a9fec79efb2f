"""Networks, with their endpoints inline: saved together, by one service."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse
from unfold.widgets import UnfoldAdminTextInputWidget

from blip0.common.admin.actions import ReasonForm, button, each_selected, object_action
from blip0.common.admin.base import ViewOnlyAdmin, actor_of
from blip0.common.admin.display import column, stamp
from blip0.common.admin.fields import AnyModelForm, JsonField
from blip0.common.admin.inlines import RowsInline, kept_rows
from blip0.common.usage import usage_of, users_of
from platform_catalog.admin.probing import probe_view
from platform_catalog.admin.used import UsedAdmin, counts_of
from platform_catalog.models import BlockProgress, Network, RpcEndpoint
from platform_catalog.services.networks import (
    network_create,
    network_delete,
    network_disable,
    network_enable,
    network_update,
)


def _disabled(network: Network) -> list[tuple[str, object]]:
    alone = usage_of("network", network.slug).alone
    stops = ("Left without any network: they stop", f"{alone:,}")
    return [*counts_of("network", network.slug), stops]


def _enabled(network: Network) -> list[tuple[str, object]]:
    """Asks every tenant's schema: no document names a network that is disabled."""
    users = users_of("network", [network.slug], named=0)
    return [("Monitors that name it, in all tenants", f"{users.number:,}")]


class NetworkForm(AnyModelForm):
    """The runtime's rules are the service's to check; the model's own hold here already."""

    recovery_config = JsonField(required=False, rows=4)

    class Meta:
        model = Network
        fields = (
            "slug",
            "name",
            "network_type",
            "enabled",
            "chain_id",
            "network_passphrase",
            "block_time_ms",
            "confirmation_blocks",
            "cron_schedule",
            "max_past_blocks",
            "max_past_blocks_unlimited",
            "store_blocks",
            "recovery_config",
        )
        labels = {"block_time_ms": "Block time (ms)"}


class RpcEndpointForm(AnyModelForm):
    class Meta:
        model = RpcEndpoint
        fields = ("position", "rpc_type", "url_kind", "url", "weight", "enabled")
        labels = {"rpc_type": "Protocol", "url_kind": "URL is", "url": "URL"}
        widgets = {
            "url": UnfoldAdminTextInputWidget(attrs={"style": "min-width: min(20rem, 55vw)"})
        }


class RpcEndpointInline(RowsInline):
    model = RpcEndpoint
    form = RpcEndpointForm
    fields = RpcEndpointForm.Meta.fields
    verbose_name = "RPC endpoint"
    verbose_name_plural = "RPC endpoints"


@admin.register(Network)
class NetworkAdmin(UsedAdmin[Network]):
    """Slug and type never change. One in use can't be deleted, but disabled."""

    projected_kind = "network"
    usage_kind = "network"
    audit_kind = "network"
    form = NetworkForm
    inlines = (RpcEndpointInline,)
    list_display = ("slug", "name", "network_type", "enabled", "chain_id", "block_time")
    list_filter = ("network_type", "enabled")
    search_fields = ("slug", "name", "=chain_id")
    block_time = column("block_time_ms", "block time (ms)")
    actions = ("enable_selected",)
    actions_detail = ("inspect", "probe", "enable", "disable")
    fieldsets = (
        (None, {"fields": ("name", ("slug", "network_type"), "enabled")}),
        ("Chain", {"fields": ("chain_id", "network_passphrase", "block_time_ms")}),
        (
            "How the runtime follows it",
            {
                "fields": (
                    "confirmation_blocks",
                    "cron_schedule",
                    ("max_past_blocks", "max_past_blocks_unlimited"),
                    "store_blocks",
                    "recovery_config",
                )
            },
        ),
    )
    change_fieldsets = (("In Redis", {"fields": ("projected",)}), *fieldsets)

    def get_fieldsets(self, request: HttpRequest, obj: Network | None = None) -> Any:
        return self.change_fieldsets if obj else self.fieldsets

    def get_readonly_fields(
        self, request: HttpRequest, obj: Network | None = None
    ) -> tuple[str, ...]:
        return ("projected", "slug", "network_type", "enabled") if obj else ()

    def save_model(self, request: HttpRequest, obj: Network, form: Any, change: bool) -> None:
        """Nothing yet: the endpoints are a part of the document. See `save_related`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        data = {**_document(form.cleaned_data), "rpc_urls": _rpc_urls(formsets)}
        actor = actor_of(request)
        if change:
            saved = network_update(network=form.instance, data=data, actor=actor)
        else:
            saved = network_create(data=data, actor=actor)
        form.instance.__dict__.update(saved.__dict__)

    def create_object(self, request: HttpRequest, form: Any) -> Network:
        """Networks can be added; `save_related` does it."""
        raise NotImplementedError

    def update_object(self, request: HttpRequest, obj: Network, form: Any) -> Network:
        """Networks can be changed; `save_related` does it."""
        raise NotImplementedError

    def delete_object(self, request: HttpRequest, obj: Network) -> None:
        network_delete(network=obj, actor=actor_of(request))

    @button("Probe", url_path="probe", permissions=["change"], icon="network_check")
    def probe(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask its endpoints which network they serve."""
        network = self.get_object(request, unquote(object_id))
        if network is None:
            raise Http404
        back = self.change_url(network.pk)
        return probe_view(request, network, opts=self.opts, back=back)

    @object_action(
        "Enable",
        explain="It returns to every monitor that names it.",
        permissions=["change"],
        when=lambda network: not network.enabled,
        facts=_enabled,
        icon="play_circle",
    )
    def enable(self, request: HttpRequest, obj: Network, data: dict[str, Any]) -> str:
        network_enable(network=obj, actor=actor_of(request))
        return f"{obj.slug} is enabled."

    @object_action(
        "Disable",
        explain="It leaves every document that names it, in all tenants: nothing is watched there "
        "until it is enabled again.",
        permissions=["change"],
        form=ReasonForm,
        when=lambda network: network.enabled,
        facts=_disabled,
        icon="pause_circle",
        danger=True,
    )
    def disable(self, request: HttpRequest, obj: Network, data: dict[str, Any]) -> str:
        network_disable(network=obj, reason=data["reason"], actor=actor_of(request))
        return f"{obj.slug} is disabled."

    @each_selected(
        "Enable selected networks",
        permissions=["change"],
        explain="They return to every monitor that names them.",
    )
    def enable_selected(self, request: HttpRequest, obj: Network) -> None:
        network_enable(network=obj, actor=actor_of(request))


def _document(data: dict[str, Any]) -> dict[str, Any]:
    """The form's fields as the service takes them: an empty optional one is left out."""
    blocks = "unlimited" if data["max_past_blocks_unlimited"] else data["max_past_blocks"]
    return {
        **{key: value for key, value in data.items() if key != "max_past_blocks_unlimited"},
        "network_passphrase": data["network_passphrase"] or None,
        "max_past_blocks": blocks,
    }


def _rpc_urls(formsets: Any) -> list[dict[str, Any]]:
    rows = [row for formset in formsets for row in kept_rows(formset)]
    return [
        {
            "type_": row["rpc_type"],
            "url": {"type": row["url_kind"], "value": row["url"]},
            "weight": row["weight"],
            "enabled": row["enabled"],
        }
        for row in sorted(rows, key=lambda row: row["position"])
    ]


@admin.register(BlockProgress)
class BlockProgressAdmin(ViewOnlyAdmin[BlockProgress]):
    list_display = ("slug", "block", "instance", "reported")
    search_fields = ("network__slug", "instance")

    slug = column("network_id", "network")
    block = column("block_number", "block")

    @admin.display(description="reported", ordering="reported_at")
    def reported(self, obj: BlockProgress) -> str:
        return stamp(obj.reported_at)
