"""Networks and how the runtime reaches them."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower, Trim

from blip0.common.models import StampedModel
from blip0.common.slugs import CATALOGUE_SLUG
from platform_catalog.choices import NetworkType, RpcType, UrlKind


class Network(StampedModel):
    """A blockchain network, as the runtime's Network model has it. Its slug never changes.

    Times are milliseconds and counts are blocks, as in the emitted document. Tenants' tables name
    a network by its slug, without a foreign key: see `CatalogueReference`.
    """

    slug = models.CharField(
        max_length=63,
        primary_key=True,
        validators=[
            RegexValidator(
                CATALOGUE_SLUG,
                "1 to 63 of a-z, 0-9 and underscore, starting with a letter, such as base_sepolia.",
            )
        ],
    )
    name = models.CharField(max_length=100)
    network_type = models.CharField(max_length=10, choices=NetworkType.choices)
    enabled = models.BooleanField(
        default=True,
        help_text="A disabled network leaves every document that names it, then its own key.",
    )
    chain_id = models.PositiveBigIntegerField(null=True, blank=True)
    network_passphrase = models.CharField(max_length=200, blank=True)
    block_time_ms = models.PositiveIntegerField()
    confirmation_blocks = models.PositiveIntegerField()
    cron_schedule = models.CharField(
        max_length=100, help_text="Six fields, seconds first; weekdays as SUN to SAT."
    )
    max_past_blocks = models.PositiveIntegerField(null=True, blank=True)
    max_past_blocks_unlimited = models.BooleanField(default=False)
    store_blocks = models.BooleanField(null=True, blank=True)
    recovery_config = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(slug__regex=CATALOGUE_SLUG), name="network_slug"
            ),
            models.UniqueConstraint(Lower(Trim("name")), name="network_name_unique"),
            models.CheckConstraint(
                condition=models.Q(network_type__in=NetworkType.values), name="network_type"
            ),
            models.CheckConstraint(
                condition=models.Q(block_time_ms__gte=100), name="network_block_time"
            ),
            models.CheckConstraint(
                condition=models.Q(confirmation_blocks__gte=1), name="network_confirmation_blocks"
            ),
            models.CheckConstraint(
                condition=models.Q(max_past_blocks__isnull=True)
                | models.Q(max_past_blocks__gte=1, max_past_blocks_unlimited=False),
                name="network_max_past_blocks",
                violation_error_message="max_past_blocks: at least 1, and not beside unlimited.",
            ),
        ]

    def __str__(self) -> str:
        return self.slug


class RpcEndpoint(StampedModel):
    """An endpoint of a network. The runtime tries them by falling weight; 0 is never tried."""

    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="rpc_endpoints")
    position = models.PositiveSmallIntegerField(default=0)
    rpc_type = models.CharField(max_length=10, choices=RpcType.choices, default=RpcType.RPC)
    url_kind = models.CharField(max_length=20, choices=UrlKind.choices, default=UrlKind.PLAIN)
    url = models.CharField(
        max_length=500,
        help_text="A public URL; or the name of the runtime's variable or vault entry.",
    )
    weight = models.PositiveSmallIntegerField(default=100)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["network", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["network", "url_kind", "url"], name="rpc_endpoint_once"
            ),
            models.CheckConstraint(condition=models.Q(weight__lte=100), name="rpc_endpoint_weight"),
            models.CheckConstraint(
                condition=models.Q(rpc_type__in=RpcType.values), name="rpc_endpoint_type"
            ),
            models.CheckConstraint(
                condition=models.Q(url_kind__in=UrlKind.values), name="rpc_endpoint_url_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.network_id} #{self.position}"


class BlockProgress(models.Model):
    """The last block of a network that a runtime reported as processed."""

    network = models.OneToOneField(
        Network, on_delete=models.CASCADE, primary_key=True, related_name="block_progress"
    )
    block_number = models.PositiveBigIntegerField()
    instance = models.CharField(max_length=100, blank=True)
    reported_at = models.DateTimeField()

    class Meta:
        ordering = ["network"]
        verbose_name_plural = "block progress"

    def __str__(self) -> str:
        return f"{self.network_id} at {self.block_number}"
