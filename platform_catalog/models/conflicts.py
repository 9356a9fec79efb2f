"""What staff see of contract specs in conflict: from the last look at all tenants."""

from __future__ import annotations

from django.db import models


class SpecConflictLook(models.Model):
    """A look for contract specs in conflict over all tenants; the newest one counts.

    The specs are in the tenants' schemas, and reading them all takes seconds: `monitors` does it in
    the background and writes down what its page shows.
    """

    looked_at = models.DateTimeField(
        primary_key=True, help_text="When it began: it may lack what was saved since."
    )
    duration_ms = models.PositiveIntegerField(help_text="How long it took.")
    number = models.PositiveIntegerField(help_text="Addresses in conflict, all of them.")
    conflicts = models.JSONField(help_text="The first of these addresses, with who brings what.")

    class Meta:
        ordering = ["-looked_at"]

    def __str__(self) -> str:
        return f"{self.looked_at:%Y-%m-%d %H:%M:%S}: {self.number} in conflict"
