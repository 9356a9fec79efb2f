"""Why a monitor fires, or doesn't: its state, what it watches, and what it says, for people.

Nothing is judged here that isn't judged elsewhere: findings are those that are stored, signatures
and expressions are looked up as validation looks them up, and the projection tells where its last
change is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from django.db.models import Max
from django.utils import timezone

from blip0.common.projection_states import Progress, ProjectionState, projection_states
from blip0.common.validation import CheckContext, Finding
from blip0.common.validation.stored import stored_findings
from monitors.choices import SpecKind
from monitors.models import Match, Monitor
from monitors.selectors import SHORT_HASH, SPEC_KINDS, monitor_representation
from monitors.services.explained_conditions import ConditionExplained, conditions_explained
from monitors.validators.addresses import FORMS
from monitors.validators.monitor import watched
from monitors.validators.watch import Watch
from platform_catalog.choices import NetworkType
from platform_catalog.models import Network
from tenants.choices import TenantStatus
from tenants.models import Tenant

State: TypeAlias = Literal["ok", "warning", "stops", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing that must hold for the monitor to fire. `stops`: it doesn't."""

    state: State
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressExplained:
    """A watched address. `networks` are those on which it is one, `spec` says what decodes it."""

    address: str
    networks: Sequence[str]
    spec: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptExplained:
    """A filter script that is asked about each match, in order."""

    name: str
    language: str
    arguments: Sequence[str]
    timeout_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TriggerExplained:
    """Somebody who is told; nothing of where, which may be secret. `why_not` is "" if enabled."""

    id: UUID
    slug: str
    name: str
    type: str
    enabled: bool
    why_not: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """All that there is to say of one monitor. `last_match` is None if it never matched.

    Times in its texts are in the current time zone.
    """

    slug: str
    name: str
    last_match: datetime | None
    steps: Sequence[Step]
    projection: ProjectionState
    findings: Sequence[Finding]
    networks: Sequence[str]
    addresses: Sequence[AddressExplained]
    conditions: Sequence[ConditionExplained]
    scripts: Sequence[ScriptExplained]
    triggers: Sequence[TriggerExplained]

    @property
    def verdict(self) -> str:
        """Whether it can fire, in a sentence."""
        stops = [step.says for step in self.steps if step.state == "stops"]
        if stops:
            return f"It doesn't fire. {' '.join(stops)}"
        fine = all(step.state == "ok" for step in self.steps)
        return "It runs." if fine else "It runs; see what is marked."


def monitor_explain(*, monitor: Monitor, tenant: Tenant) -> Explanation:
    """Explain a live monitor of the current tenant, which is `tenant`.

    A fixed number of queries, and a look into Redis. Changes nothing; no secret is in it.
    """
    document = monitor_representation(monitor)
    networks = _networks(document["networks"])
    context = CheckContext(
        author="tenant",
        network_types={slug: network.network_type for slug, network in networks.items()},
    )
    watch = watched(document, context)
    findings = stored_findings("monitor", monitor.pk)
    conditions = tuple(conditions_explained(document, watch, findings))
    scope, object_id = str(tenant.pk), str(monitor.pk)
    projection = projection_states(scope, "monitor", [object_id])[object_id]
    triggers = tuple(_triggers(monitor))
    return Explanation(
        slug=monitor.slug,
        name=monitor.name,
        last_match=_last_match(monitor),
        steps=(
            *_of_tenant(tenant),
            *_of_monitor(monitor),
            *_of_networks(document["networks"], networks),
            *_of_addresses(watch),
            *_of_conditions(conditions),
            *_of_findings(findings),
            *_of_projection(projection),
            *_of_triggers(triggers),
        ),
        projection=projection,
        findings=findings,
        networks=tuple(_network_lines(document["networks"], networks)),
        addresses=tuple(_addresses(monitor, watch, networks)),
        conditions=conditions,
        scripts=tuple(_scripts(document)),
        triggers=triggers,
    )


def _last_match(monitor: Monitor) -> datetime | None:
    matches = Match.objects.filter(monitor_id=monitor.pk)
    newest: datetime | None = matches.aggregate(newest=Max("matched_at"))["newest"]
    return newest


# -- does it run? --------------------------------------------------------------------------------


def _of_tenant(tenant: Tenant) -> Iterator[Step]:
    if tenant.status == TenantStatus.ACTIVE:
        yield Step(state="ok", says="The tenant is active.")
        return
    reason = f": {tenant.status_reason}" if tenant.status_reason else ""
    status = tenant.get_status_display().lower()
    yield Step(state="stops", says=_sentence(f"The tenant is {status}{reason}"))


def _of_monitor(monitor: Monitor) -> Iterator[Step]:
    if monitor.paused:
        yield Step(state="stops", says="It is paused: resume it.")
    if monitor.snoozed_until:
        reason = f": {monitor.snooze_reason}" if monitor.snooze_reason else ""
        until = f"{timezone.localtime(monitor.snoozed_until):%Y-%m-%d %H:%M %Z}"
        yield Step(state="stops", says=_sentence(f"It is snoozed until {until}{reason}"))
    if not (monitor.paused or monitor.snoozed_until):
        yield Step(state="ok", says="It is neither paused nor snoozed.")


def _of_networks(slugs: Sequence[str], networks: Mapping[str, Network]) -> Iterator[Step]:
    off = [slug for slug in slugs if slug not in networks or not networks[slug].enabled]
    if off and len(off) == len(slugs):
        yield Step(state="stops", says=f"All its networks are disabled: {', '.join(off)}.")
    elif off:
        yield Step(state="warning", says=f"Disabled, and not watched: {', '.join(off)}.")
    elif slugs:
        yield Step(state="ok", says=f"Its networks are enabled: {', '.join(slugs)}.")
    else:
        yield Step(state="stops", says="It names no network.")


def _of_addresses(watch: Watch) -> Iterator[Step]:
    if "EVM" in watch.chains and not watch.addresses:
        state: State = "stops" if watch.chains == {"EVM"} else "warning"
        yield Step(state=state, says="Without addresses nothing matches on EVM.")


def _of_conditions(conditions: Sequence[ConditionExplained]) -> Iterator[Step]:
    if conditions and all(condition.never for condition in conditions):
        yield Step(state="stops", says="None of its conditions can ever match.")
        return
    dead: defaultdict[str, list[str]] = defaultdict(list)
    for condition in conditions:
        for one in condition.chains:
            if one.never:
                dead[one.chain].append(condition.pointer)
    for chain, pointers in dead.items():
        yield Step(state="warning", says=f"Never matches on {chain}: {', '.join(pointers)}.")


def _of_findings(findings: Sequence[Finding]) -> Iterator[Step]:
    errors = sum(finding.level == "error" for finding in findings)
    if errors:
        noun = "error" if errors == 1 else "errors"
        yield Step(state="warning", says=f"Validation has {errors} {noun}: see the findings.")


def _of_projection(projection: ProjectionState) -> Iterator[Step]:
    if projection.state == "invalid":
        why = f"Its document can't be rendered: {projection.reason}"
        yield Step(state="warning", says=f"{_sentence(why)} The runtime keeps the last good one.")
    match projection.progress:
        case Progress.UNKNOWN:
            yield Step(state="unknown", says="Redis doesn't answer: what it holds isn't known.")
        case Progress.SAVED:
            yield Step(state="warning", says="Its last change is not in Redis yet.")
        case Progress.REFUSED:
            yield Step(state="warning", says="A runtime refuses its document: see below.")
        case Progress.ACKNOWLEDGED:
            yield Step(state="ok", says="Every runtime has its last change.")
        case _ if not projection.readers:
            yield Step(state="warning", says="Its last change is in Redis; no runtime is there.")
        case _:
            yield Step(state="warning", says="Some runtime hasn't taken its last change yet.")


def _of_triggers(triggers: Sequence[TriggerExplained]) -> Iterator[Step]:
    if not triggers:
        yield Step(state="warning", says="It tells nobody: it names no trigger.")
    elif not any(trigger.enabled for trigger in triggers):
        yield Step(state="warning", says="It tells nobody: all its triggers are disabled.")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


# -- where it looks, and whom it tells -----------------------------------------------------------


def _networks(slugs: Sequence[str]) -> dict[str, Network]:
    """Those that the catalogue has, in this order. One query."""
    found = Network.objects.only("slug", "network_type", "enabled").in_bulk(slugs)
    return {slug: found[slug] for slug in slugs if slug in found}


def _network_lines(slugs: Sequence[str], networks: Mapping[str, Network]) -> Iterator[str]:
    for slug in slugs:
        network = networks.get(slug)
        if network is None:
            yield f"{slug} (not in the catalogue)"
        else:
            yield f"{slug} ({network.network_type}{'' if network.enabled else ', disabled'})"


def _addresses(
    monitor: Monitor, watch: Watch, networks: Mapping[str, Network]
) -> Iterator[AddressExplained]:
    rows = monitor.addresses.order_by("position").values_list(
        "address", "contract_spec_id", "contract_spec__kind"
    )
    decodes = bool(watch.of("functions", "events"))
    for address, sha256, kind in rows:
        chains = {chain for chain in watch.chains if FORMS[chain][0](address)}
        yield AddressExplained(
            address=address,
            networks=[slug for slug, one in networks.items() if one.network_type in chains],
            spec=" ".join(_spec(sha256, kind, chains, decodes=decodes)),
        )


_WITHOUT_SPEC: Final[Mapping[str, str]] = {
    NetworkType.EVM: "On EVM it is decoded with one that another monitor brings, or not at all.",
    NetworkType.STELLAR: "On Stellar it is another monitor's, or the one on the chain.",
    NetworkType.SOLANA: "Solana needs none.",
    NetworkType.MIDNIGHT: "Midnight needs none.",
}


def _spec(
    sha256: str | None, kind: str | None, chains: set[str], *, decodes: bool
) -> Iterator[str]:
    if sha256 is not None and kind is not None:
        yield f"{SpecKind(kind).label} {sha256[:SHORT_HASH]}."
        skipping = sorted(chain for chain in chains if SPEC_KINDS.get(chain) != kind)
        if skipping:
            yield f"Skipped on {', '.join(skipping)}."
    elif decodes:
        yield "None of its own."
        yield from (_WITHOUT_SPEC[chain] for chain in sorted(chains))
    else:
        yield "None, and none is needed: there are no functions and events."


def _scripts(document: Mapping[str, Any]) -> Iterator[ScriptExplained]:
    for script in document["trigger_conditions"]:
        yield ScriptExplained(
            name=script["script_path"],
            language=script["language"],
            arguments=script.get("arguments", ()),
            timeout_ms=script["timeout_ms"],
        )


def _triggers(monitor: Monitor) -> Iterator[TriggerExplained]:
    for link in monitor.trigger_links.select_related("trigger").order_by("position"):
        trigger = link.trigger
        yield TriggerExplained(
            id=trigger.pk,
            slug=trigger.slug,
            name=trigger.name,
            type=trigger.get_trigger_type_display(),
            enabled=trigger.enabled,
            why_not="" if trigger.enabled else trigger.get_disabled_reason_display(),
        )
