"""The runtime inspector: one document in Postgres, in Redis and with the runtimes, side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from blip0.common.admin.actions import ReasonForm, confirm_view
from blip0.common.admin.diffs import folded, hunks
from blip0.common.admin.display import change_url, link, stamp
from blip0.common.admin.projection import inspector_url, progress_line
from blip0.common.canonical import sha256_hex
from blip0.common.exceptions import NotFound
from blip0.common.projection_states import state_in_words
from blip0.common.tenancy import in_public
from cachesync.admin.readable import readable, secret_marker
from cachesync.admin.starting import REPAIR, VIEW, start
from cachesync.keys import KIND_FILTER, KIND_MONITOR, KIND_NETWORK, PLATFORM, Scope
from cachesync.models import ProjectedDocument, ProjectionRun
from cachesync.selectors.acknowledgements import Acknowledged, Standing
from cachesync.services.inspection import Held, Inspection, inspection
from cachesync.store import Store
from tenants.admin.scopes import names_of, tenant_id
from tenants.admin.visit import entered_tenant
from tenants.models import Tenant

TIMEOUT_S: Final = 1.0
_STANDINGS: Final[Mapping[Standing, tuple[str, str]]] = {
    Standing.RUNS: ("success", "has this document"),
    Standing.OLDER: ("warning", "has an older version"),
    Standing.REFUSED: ("danger", "refuses it"),
    Standing.UNCLEAR: ("warning", "refused more than it names"),
    Standing.SILENT: ("default", "has said nothing"),
}
_CATALOGUE: Final = {
    KIND_NETWORK: "admin:platform_catalog_network_change",
    KIND_FILTER: "admin:platform_catalog_filterscript_change",
}

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")

Fact: TypeAlias = tuple[str, object]
"""A label and what to show for it."""


@require_safe
def inspector_view(request: HttpRequest, scope_id: str, kind: str, object_id: str) -> HttpResponse:
    """Everything that is known of one document. Changes nothing."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    scope, field = _place(scope_id, kind, object_id)
    if not _may_look_into(request, scope):
        go = reverse("admin:tenants_tenant_go", args=[scope.id])
        return redirect(f"{go}?{urlencode({'next': request.path})}")
    now = timezone.now()
    try:
        seen = inspection(scope, field, store=Store(timeout_s=TIMEOUT_S), now=now)
    except NotFound as error:
        raise Http404(error.message) from error
    with in_public():
        tenant = names_of([scope.id])[scope.id]
    mark = secret_marker()
    postgres, held = readable(seen.postgres, mark), readable(seen.redis, mark)
    name = seen.document.name if seen.document else object_id
    place = [scope_id, kind, object_id]
    return TemplateResponse(
        request,
        "admin/cachesync/inspector.html",
        {
            **admin.site.each_context(request),
            "opts": ProjectedDocument._meta,
            "title": f"{kind.capitalize()} {name}",
            "seen": seen,
            "progress": progress_line(seen.state),
            "facts": _facts(seen, kind, object_id, tenant),
            "postgres_facts": _postgres_facts(seen),
            "redis_facts": _redis_facts(seen.held) if seen.held else [],
            "runtimes": [_runtime(each) for each in seen.held.runtimes] if seen.held else [],
            "postgres": postgres,
            "redis": held,
            "hunks": folded(hunks(postgres.text, held.text)),
            "same_text": postgres.text == held.text,
            "may_repair": request.user.has_perm(REPAIR) and not seen.is_other_history,
            "resync": reverse("admin:cachesync_resync", args=place),
            "resync_scope": reverse("admin:cachesync_resync_scope", args=place),
            "scope_name": tenant,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def resync_view(
    request: HttpRequest, scope_id: str, kind: str, object_id: str, whole: bool
) -> HttpResponse:
    """Write this document, or its whole scope, anew where it differs: asked first, then done."""
    if not request.user.has_perm(REPAIR):
        raise PermissionDenied
    scope, field = _place(scope_id, kind, object_id)
    back = inspector_url(scope_id, kind, object_id)
    name = names_of([scope.id])[scope.id]
    documents = ProjectedDocument.objects.filter(scope=scope.id)
    count = documents.count() if whole else 1
    document = documents.filter(kind=kind, object_id=object_id).first()
    called = document.slug if document else object_id
    label = f"Resync {'the platform' if scope.is_platform else 'the tenant'}" if whole else "Resync"
    return confirm_view(
        request,
        label=label,
        title=f"{label}: {name}" if whole else f"Resync: {kind} {called} of {name}",
        explain=(
            "Every document of it is rendered from Postgres, and its bytes in Redis are compared."
            if whole
            else "This document is rendered from Postgres, and its bytes in Redis are compared."
        )
        + " What differs is written, together with changes that aren't in Redis yet; the runtimes "
        "read that within seconds. What is as it should be isn't touched.",
        facts=[("Documents that are looked at", count)],
        form=ReasonForm,
        back=back,
        context={"opts": ProjectedDocument._meta},
        act=lambda data: start(
            request,
            kind=ProjectionRun.Kind.REPAIR,
            back=back,
            reason=data["reason"],
            scopes=[scope],
            document="" if whole else field,
        ),
    )


def _may_look_into(request: HttpRequest, scope: Scope) -> bool:
    """A tenant's documents are seen by those who said why; what no tenant is behind, by all."""
    inside = entered_tenant(request)
    if inside is not None and str(inside.pk) == scope.id:
        return True
    return tenant_id(scope.id) is None or not Tenant.objects.filter(pk=scope.id).exists()


def document_link(scope: Scope, field: str, label: object) -> str:
    """A link to the inspector; the label alone where nothing of ours has such a name."""
    kind, object_id = scope.resource(field)
    if not _can_be(scope, kind, object_id):
        return str(label)
    return link(inspector_url(scope.id, kind, object_id), label)


def _place(scope_id: str, kind: str, object_id: str) -> tuple[Scope, str]:
    """The scope and the field of its index. Raises `Http404` for what can't be one."""
    scope = Scope(scope_id)
    if not _can_be(scope, kind, object_id):
        raise Http404("Nothing of ours has such a name.")
    return scope, scope.field(kind, object_id)


def _can_be(scope: Scope, kind: str, object_id: str) -> bool:
    if scope.is_platform:
        return kind in _CATALOGUE and _NAME.fullmatch(object_id) is not None
    # As they are written in keys: another spelling would be another document.
    ids = (scope.id, object_id)
    return kind == KIND_MONITOR and all(str(tenant_id(one)) == one for one in ids)


def _facts(seen: Inspection, kind: str, object_id: str, tenant: str) -> list[Fact]:
    if seen.scope == PLATFORM:
        page = reverse(_CATALOGUE[kind], args=[object_id])
        facts: list[Fact] = [(kind.capitalize(), link(page, object_id))]
    else:
        owner = tenant_id(seen.scope.id)
        page = reverse("admin:monitors_monitor_change", args=[object_id])
        slug = seen.document.slug if seen.document else object_id
        facts = [
            ("Tenant", link(change_url(Tenant, owner), tenant)),
            ("Monitor, inside the tenant", link(page, slug)),
            ("Id", object_id),
        ]
    facts.append(("State", state_in_words(seen.state.label, seen.state.reason)))
    if seen.known is not None:
        if seen.known.condition != seen.known.Condition.SETTLED:
            told = ": ".join(
                part for part in (seen.known.get_condition_display(), seen.known.error) if part
            )
            facts.append(("Scope", told))
        facts.append(("All bytes of the scope compared", stamp(seen.known.verified_at)))
    return facts


def _postgres_facts(seen: Inspection) -> list[Fact]:
    if seen.version is None:
        return []
    facts: list[Fact] = [
        ("Version", f"{seen.version.epoch}:{seen.version.rev}"),
        ("Changed", stamp(seen.changed_at)),
    ]
    if seen.changes:
        newest = seen.changes[0]
        when = format_html("version {}, {}", newest.version, stamp(newest.created_at))
        facts.append(("This object", when))
    return [*facts, *_body_facts(seen.postgres)]


def _redis_facts(held: Held) -> list[Fact]:
    version = held.stored.version
    if version is None:
        return [("Scope", "nothing of it is there")]
    facts: list[Fact] = [
        ("Version", f"{version.epoch}:{version.rev}"),
        ("Written", stamp(held.written_at)),
        ("This document", f"version {held.rev}" if held.rev else "not in the index"),
        *_body_facts(held.body),
    ]
    if not held.stored.scope.is_platform:
        field = "yes" if held.is_active else "no"
        facts.append(("In the active set", field))
    return facts


def _body_facts(body: bytes | None) -> list[Fact]:
    if body is None:
        return [("Document", "none")]
    return [
        ("Size", f"{len(body):,} bytes"),
        ("SHA-256", format_html("<code>{}</code>", sha256_hex(body)[:16])),
    ]


def _runtime(said: Acknowledged) -> dict[str, object]:
    colour, words = _STANDINGS[said.standing]
    return {
        "instance": said.instance,
        "colour": colour,
        "words": words,
        "version": f"{said.at[0]}:{said.at[1]}" if said.at else "",
        "last_seen": stamp(said.last_seen),
        "reason": said.reason,
    }
