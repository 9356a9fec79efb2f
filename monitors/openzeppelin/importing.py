"""The use case of importing OpenZeppelin Monitor's files into a tenant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict
from blip0.common.tenancy import in_tenant
from monitors.openzeppelin.catalogue import Networks, Scripts, filter_entry, network_entry
from monitors.openzeppelin.documents import BadFile, json_object
from monitors.openzeppelin.monitors import import_monitors, script_names
from monitors.openzeppelin.report import Entry, ImportReport, Note
from monitors.openzeppelin.run import Run, Stopped
from monitors.openzeppelin.sidecar import BadSidecar, read_sidecar
from monitors.openzeppelin.sources import Source, SourceFile
from monitors.openzeppelin.triggers import import_triggers
from tenants.choices import TenantStatus
from tenants.models import Tenant
from tenants.services.audit import audit_record


def openzeppelin_import(
    *,
    tenant: Tenant,
    source: Source,
    actor: Actor,
    variables: Mapping[str, str] | None = None,
    dry_run: bool = False,
    strict: bool = False,
) -> ImportReport:
    """Bring a configuration into a tenant, in one transaction, and report on each file.

    Refused files, and what depends on them, are left out. What has the slug of something in the
    tenant updates it, so that an import can be repeated. References to secrets are looked up in
    `variables`. `strict` saves nothing unless everything can be imported; `dry_run` saves nothing.
    Raises `Conflict` where the tenant is neither active nor suspended.
    """
    if tenant.status not in (TenantStatus.ACTIVE, TenantStatus.SUSPENDED):
        raise Conflict(f"The tenant `{tenant.slug}` is {tenant.get_status_display().lower()}.")
    report = ImportReport(tenant.slug, dry_run, strict)
    with in_tenant(tenant.pk):
        try:
            with transaction.atomic():
                run = Run(
                    tenant=tenant,
                    actor=actor,
                    variables=variables or {},
                    now=timezone.now(),
                    report=report,
                    networks=Networks.load(),
                    scripts=Scripts.load(),
                )
                _import(run, source)
                _record(run)
                transaction.set_rollback(dry_run)
                report.saved = not dry_run
        except Stopped:
            report.saved = False
    return report


def _import(run: Run, source: Source) -> None:
    _import_settings(run, source.sidecar)
    networks, scripts = _wanted(source.monitors)
    for file in source.networks:
        run.add(network_entry(file, run.networks, networks))
    for file in source.filters:
        run.add(filter_entry(file, run.scripts, scripts))
    import_triggers(run, source.triggers)
    import_monitors(run, source.monitors)
    note = Note("info", "file.ignored", "", "No part of a configuration.")
    for path in source.ignored:
        run.add(Entry("other", path, "ignored", notes=(note,)))


def _import_settings(run: Run, file: SourceFile | None) -> None:
    if file is None:
        return
    try:
        run.sidecar = read_sidecar(file)
    except BadSidecar as problem:
        run.add(Entry("settings", file.path, "refused", notes=tuple(problem.notes)))
    else:
        run.add(Entry("settings", file.path, "imported"))


def _wanted(files: Iterable[SourceFile]) -> tuple[frozenset[str], frozenset[str]]:
    """The names of networks and the file names of scripts that these monitors use."""
    networks: set[str] = set()
    scripts: set[str] = set()
    for file in files:
        try:
            document = json_object(file)
        except BadFile:
            continue  # refused when its turn comes
        names = document.get("networks")
        if isinstance(names, list):
            networks.update(name for name in names if isinstance(name, str))
        scripts.update(name for _, name in script_names(document))
    return frozenset(networks), frozenset(scripts)


def _record(run: Run) -> None:
    audit_record(
        action="openzeppelin.imported",
        actor=run.actor,
        object_kind="tenant",
        object_id=run.tenant.pk,
        object_name=run.tenant.slug,
        tenant_id=run.tenant.pk,
        after=run.report.counts,
    )
