"""What a monitor is checked against: the tenant, its plan and triggers, and the catalogue.

Read once, in two queries, for one monitor or for a thousand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.db import connection

from blip0.common import validation
from blip0.common.tenancy import current_tenant_id
from blip0.common.validation import CheckContext, Finding, Report, check
from monitors.contracts import RUNTIME_KEYS, normal_form
from monitors.services.rules import NetworkFact, TenantFact, storage_findings, tenant_findings
from monitors.services.sizes import document_size, size_findings
from platform_catalog.choices import script_path
from tenants.contracts import Limits
from tenants.selectors.platform import LIMITS, TENANT_AND_PLAN
from triggers.selectors import TriggerContent, trigger_contents

_LIMITED: Final = {
    "plan.addresses": "addresses",
    "spec.size": "addresses",
    "plan.conditions": "match_conditions",
    "plan.triggers": "triggers",
}
"""Codes that a lowered plan brings about, and the part of the document that each is about."""
_FACTS: Final = f"""
SELECT tenant.allow_viewing_keys, tenant.allow_unfiltered_monitors, ({LIMITS})::text,
    (SELECT json_agg(json_build_array(slug, network_type, enabled))::text
     FROM platform_catalog_network),
    (SELECT json_agg(json_build_array(name, language))::text FROM platform_catalog_filterscript)
FROM {TENANT_AND_PLAN} WHERE tenant.id = %s
"""


@dataclass(frozen=True, kw_only=True)
class World:
    """`triggers` are those that a document may name, by slug."""

    tenant: TenantFact
    limits: Limits
    networks: Mapping[str, NetworkFact]
    script_paths: frozenset[str]
    triggers: Mapping[str, TriggerContent]

    @classmethod
    def now(cls, *, triggers: Collection[str] | None = None, lock: bool = False) -> World:
        """The current tenant's; with all of its triggers where these slugs are not all there.

        `lock` is for those who save what they check: see `trigger_contents`. Three queries at
        most, whatever there is.
        """
        contents = trigger_contents(triggers, lock=lock)
        if triggers is not None and len(contents) < len(triggers):
            # One is missing: it will be refused, with a suggestion.
            contents = trigger_contents()
        with connection.cursor() as cursor:
            cursor.execute(_FACTS, [current_tenant_id()])
            ((viewing_keys, unfiltered, limits, networks, scripts),) = cursor.fetchall()
        return cls(
            tenant=TenantFact(
                allow_viewing_keys=viewing_keys, allow_unfiltered_monitors=unfiltered
            ),
            limits=Limits(**orjson.loads(limits)),
            networks={
                slug: NetworkFact(type=kind, enabled=enabled)
                for slug, kind, enabled in orjson.loads(networks or "[]")
            },
            script_paths=frozenset(script_path(*row) for row in orjson.loads(scripts or "[]")),
            triggers=contents,
        )

    @property
    def context(self) -> CheckContext:
        return CheckContext(
            author="tenant",
            script_paths=self.script_paths,
            network_types={slug: fact.type for slug, fact in self.networks.items()},
            trigger_keys=frozenset(self.triggers),
            trigger_templates={slug: one.template for slug, one in self.triggers.items()},
            limits=validation.Limits(
                spec_bytes=self.limits.contract_spec_bytes,
                addresses=self.limits.addresses_per_monitor,
                conditions=self.limits.conditions_per_monitor,
                triggers=self.limits.triggers_per_monitor,
            ),
        )

    @property
    def trigger_sizes(self) -> dict[str, int]:
        return {slug: trigger.size for slug, trigger in self.triggers.items()}


@dataclass(frozen=True, kw_only=True)
class Examined:
    """A document and all that there is to say about it, as though it were new.

    `values` is its normal form; None where it has none. `errors` are what refuses it: what was
    allowed when it was saved, and stays as it was, doesn't.
    """

    report: Report
    values: dict[str, Any] | None
    errors: tuple[Finding, ...]


def examined(
    whole: Mapping[str, Any],
    world: World,
    *,
    stored: Mapping[str, Any] | None = None,
    envelope: Sequence[Finding] = (),
) -> Examined:
    """Check a whole document, secrets in plain text. `stored` is the normal form that it changes.

    `envelope` is what is wrong with the platform's own keys, which are not looked at here. No
    queries.
    """
    runtime = {key: whole[key] for key in RUNTIME_KEYS if key in whole}
    report = check("monitor", runtime, context=world.context)
    shapeless = report.verdict == "parse_error" or any(
        finding.code.startswith(("shape.", "monitor.unknown_")) for finding in report.errors
    )
    if shapeless or envelope:
        return Examined(
            report=Report("monitor", (*envelope, *report.findings), report.verdict),
            values=None,
            errors=(*envelope, *report.errors),
        )
    values = normal_form({"slug": "", **whole})
    as_new = _of_tenant(values, None, world)
    refused = as_new if stored is None else _of_tenant(values, stored, world)
    storage = tuple(storage_findings(values))
    sizes = world.trigger_sizes
    too_large = tuple(size_findings(values, sizes))
    # What is too large already, for its triggers' sake, may change as long as it doesn't grow.
    has_grown = stored is None or document_size(values, sizes) > document_size(stored, sizes)
    lasting = (
        finding
        for finding in report.errors
        if stored is None or not _as_before(finding, values, stored)
    )
    return Examined(
        report=Report("monitor", (*report.findings, *as_new, *storage, *too_large), report.verdict),
        values=values,
        errors=(*lasting, *refused, *storage, *(too_large if has_grown else ())),
    )


def _of_tenant(
    values: Mapping[str, Any], stored: Mapping[str, Any] | None, world: World
) -> tuple[Finding, ...]:
    networks = world.networks
    return tuple(tenant_findings(values, stored=stored, tenant=world.tenant, networks=networks))


def _as_before(finding: Finding, values: Mapping[str, Any], stored: Mapping[str, Any]) -> bool:
    """After a downgrade, what exists stays: only what changes has to keep to the plan."""
    key = _LIMITED.get(finding.code)
    return key is not None and values[key] == stored[key]
