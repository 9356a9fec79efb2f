"""Watched addresses and the specs of the contracts behind them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Upper

from monitors.choices import SpecKind
from monitors.models.monitor import Monitor


class ContractSpec(models.Model):
    """A contract's ABI, spec entries or IDL, stored once a tenant by the hash of its content.

    `content` is canonical JSON text, so it goes into documents as it is. Rows never change; one
    that no address names any more is removed.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=10, choices=SpecKind.choices)
    content = models.TextField()
    size = models.PositiveIntegerField(help_text="Bytes of the content in UTF-8.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"), name="contract_spec_sha256"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=SpecKind.values), name="contract_spec_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.sha256[:12]}"


class MonitorAddress(models.Model):
    """An address that a monitor watches, as its author wrote it."""

    monitor = models.ForeignKey(
        Monitor, on_delete=models.CASCADE, related_name="addresses", db_index=False
    )
    position = models.PositiveSmallIntegerField()
    address = models.CharField(max_length=200)
    contract_spec = models.ForeignKey(
        ContractSpec,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_index=False,
        related_name="addresses",
    )

    class Meta:
        ordering = ["monitor", "position"]
        verbose_name_plural = "monitor addresses"
        constraints = [
            models.UniqueConstraint(
                fields=["monitor", "position"], name="monitor_address_position"
            ),
        ]
        indexes = [
            models.Index(fields=["contract_spec"], name="monitor_address_spec"),
            models.Index(fields=["address"], name="monitor_address_text"),
            # Ethereum's are written in many ways: `iexact` compares so.
            models.Index(Upper("address"), name="monitor_address_any_case"),
        ]

    def __str__(self) -> str:
        return self.address
