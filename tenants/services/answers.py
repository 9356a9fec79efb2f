"""The one store of `blip0.common.idempotency`: kept answers, in the caller's transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import orjson
from django.db import connection
from django.utils import timezone

from blip0.common.canonical import sha256_hex
from blip0.common.idempotency import InFlight, Kept, Occasion
from tenants.models import KeptAnswer

KEPT_FOR: Final = timedelta(hours=24)
PRUNED_AT_ONCE: Final = 10_000


class KeptAnswers:
    """Claims are advisory locks: they end with their transaction, whoever dies meanwhile."""

    def claim(self, occasion: Occasion) -> Kept | None:
        """See `AnswerStore`. Two queries."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_try_advisory_xact_lock(hashtextextended('answer ' || %s, 0))",
                [_identity(occasion)],
            )
            [locked] = cursor.fetchone()
        if not locked:
            raise InFlight("The first request with this key isn't over yet; try again in a second.")
        row = KeptAnswer.objects.filter(pk=_identity(occasion)).first()
        if row is None or row.created_at <= timezone.now() - KEPT_FOR:
            return None
        return Kept(
            fingerprint=row.fingerprint, status=row.status, headers=row.headers, body=row.body
        )

    def keep(self, occasion: Occasion, answer: Kept) -> None:
        """See `AnswerStore`. One query; takes the place of an answer that is too old."""
        row = KeptAnswer(
            id=_identity(occasion),
            tenant_id=occasion.tenant_id,
            created_at=timezone.now(),
            fingerprint=answer.fingerprint,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
        )
        KeptAnswer.objects.bulk_create(
            [row],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["created_at", "fingerprint", "status", "headers", "body"],
        )


def kept_answers_prune(*, now: datetime) -> int:
    """Delete what is older than `KEPT_FOR`; how many rows these were."""
    old = KeptAnswer.objects.filter(created_at__lte=now - KEPT_FOR).order_by("created_at")
    total = 0
    while ids := list(old.values_list("pk", flat=True)[:PRUNED_AT_ONCE]):
        total += KeptAnswer.objects.filter(pk__in=ids).delete()[0]
    return total


def _identity(occasion: Occasion) -> str:
    """Names the occasion; the key itself, which a client may have made of anything, isn't kept."""
    parts = (
        str(occasion.tenant_id),
        occasion.principal,
        occasion.method,
        occasion.path,
        occasion.key,
    )
    return sha256_hex(orjson.dumps(parts))
