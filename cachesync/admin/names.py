"""What people call documents, and scopes by what people call them."""

from __future__ import annotations

from collections.abc import Iterable

from cachesync.keys import PLATFORM, Scope
from cachesync.models import ProjectedDocument
from tenants.admin.scopes import tenant_id
from tenants.models import Tenant


def slugs_of(documents: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What monitors are called, by scope and index field. One query; others keep their field."""
    pairs = set(documents)
    rows = ProjectedDocument.objects.filter(
        scope__in={scope for scope, _ in pairs}, object_id__in={field for _, field in pairs}
    )
    slugs = {
        (scope, object_id): slug
        for scope, object_id, slug in rows.values_list("scope", "object_id", "slug")
    }
    return {pair: slugs.get(pair, pair[1]) for pair in pairs}


def scope_called(name: str) -> Scope | None:
    """The scope of `platform`, of a tenant's slug or of its id; None where there is none."""
    if name == PLATFORM.id:
        return PLATFORM
    found = Tenant.objects.filter(slug=name)
    if (pk := tenant_id(name)) is not None:
        found = Tenant.objects.filter(pk=pk)
    tenant = found.only("pk").first()
    return None if tenant is None else Scope(str(tenant.pk))
