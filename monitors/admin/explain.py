"""A monitor explained, and expressions tried: pages that only show, and change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast, get_args

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminSelectWidget

from blip0.common.admin.display import object_link, stamp
from blip0.common.admin.fields import MultilineField
from blip0.common.admin.findings import finding_list
from blip0.common.admin.pages import admin_page
from blip0.common.admin.projection import inspector_url, progress_line
from blip0.common.tenancy import current_tenant_id
from monitors.expressions.kinds import Chain, transaction_variables
from monitors.expressions.parsing import LIMITS
from monitors.expressions.trying import (
    MAX_VALUES,
    Attempt,
    BadExpression,
    BadValues,
    attempt,
    read_values,
    sample_lines,
)
from monitors.models import Monitor
from monitors.services import monitor_explain
from monitors.services.explaining import Explanation
from tenants.admin.visit import current_tenant
from triggers.models import Trigger

EXAMPLES: Final[Mapping[Chain, str]] = {
    "EVM": "value > 1000000 and (to == 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48 or nonce == 0)",
    "Stellar": "value > 1000000",
    "Solana": "fee >= 5000 and is_success == true",
    "Midnight": "value > 1000000",
}


class TryForm(forms.Form):
    """An expression and the values to try it with. Once valid, `attempt` is what came of it.

    `pointed_out` shows what is wrong in an expression that doesn't parse.
    """

    chain = forms.ChoiceField(
        choices=[(chain, chain) for chain in get_args(Chain)], widget=UnfoldAdminSelectWidget()
    )
    expression = MultilineField(rows=3, monospace=True, max_length=LIMITS.size)
    values = MultilineField(
        rows=10,
        monospace=True,
        required=False,
        label="Sample values",
        help_text=f"A line each, like “value: uint256 = 900”; {MAX_VALUES} at most. The kind is "
        "the type in the ABI or spec.",
    )

    attempt: Attempt | None = None
    pointed_out = ""

    def clean_values(self) -> Any:
        try:
            return read_values(self.cleaned_data["values"])
        except BadValues as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not self.errors:
            try:
                chain = cast(Chain, data["chain"])
                self.attempt = attempt(data["expression"], chain, data["values"])
            except BadExpression as error:
                self.pointed_out = error.pointed_out
                self.add_error("expression", f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return data


def explain_page(request: HttpRequest, monitor: Monitor, *, back: str) -> HttpResponse:
    """Inside the tenant of `monitor`. `?condition=events/0&chain=EVM` begins a trial with it."""
    explanation = monitor_explain(monitor=monitor, tenant=current_tenant(request))
    return TemplateResponse(
        request,
        "admin/monitors/explain.html",
        {
            **admin.site.each_context(request),
            "title": f"Explain {monitor.slug}",
            "back": back,
            "it": explanation,
            "inspector": inspector_url(str(current_tenant_id()), "monitor", str(monitor.pk)),
            "matches": f"{reverse('admin:monitors_match_changelist')}?q={monitor.pk}",
            "last_match": stamp(explanation.last_match),
            "progress": progress_line(explanation.projection),
            "findings": finding_list(explanation.findings),
            "addresses": _addresses(explanation),
            # Not `scripts`: Unfold loads those.
            "filter_scripts": _scripts(explanation),
            "triggers": _triggers(explanation),
            "try": _asked(request) or TryForm(initial=_of_condition(request, explanation)),
        },
    )


@admin_page(
    "expression-playground",
    title="Expression playground",
    # Whoever writes a template writes expressions. It shows nothing of any tenant.
    permissions=("platform_catalog.view_monitortemplate",),
    template="admin/monitors/playground.html",
    asks=True,
)
def playground(request: HttpRequest) -> Mapping[str, Any]:
    """`?chain=Stellar` begins with a transaction of that chain."""
    asked = request.GET.get("chain")
    chain = cast(Chain, asked if asked in get_args(Chain) else "EVM")
    begun = {
        "chain": chain,
        "expression": EXAMPLES[chain],
        "values": sample_lines(chain, transaction_variables(chain)),
    }
    return {"try": _asked(request) or TryForm(initial=begun), "chains": get_args(Chain)}


def _asked(request: HttpRequest) -> TryForm | None:
    """What was sent, tried out; None where nothing was."""
    if request.method != "POST":
        return None
    form = TryForm(request.POST)
    form.full_clean()
    return form


def _of_condition(request: HttpRequest, explanation: Explanation) -> dict[str, Any]:
    """What to try first: the condition that is asked for, or the first one with an expression."""
    wanted = request.GET.get("condition"), request.GET.get("chain")
    trials = [
        (condition, one)
        for condition in explanation.conditions
        for one in condition.chains
        if one.reads_expression
    ]
    trials.sort(
        key=lambda trial: (
            (trial[0].pointer, trial[1].chain) != wanted,
            trial[0].expression is None,
        )
    )
    if not trials:
        return {}
    condition, one = trials[0]
    return {
        "chain": one.chain,
        "expression": condition.expression or "",
        "values": sample_lines(one.chain, one.variables or {}),
    }


def _table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> dict[str, Any]:
    return {"headers": headers, "rows": rows}


def _addresses(explanation: Explanation) -> dict[str, Any]:
    rows = [
        (one.address, ", ".join(one.networks) or "none of its networks", one.spec)
        for one in explanation.addresses
    ]
    return _table(["address", "on", "contract spec"], rows)


def _scripts(explanation: Explanation) -> dict[str, Any]:
    rows = [
        (one.name, one.language, " ".join(one.arguments) or "-", f"{one.timeout_ms} ms")
        for one in explanation.scripts
    ]
    return _table(["script", "language", "arguments", "timeout"], rows)


def _triggers(explanation: Explanation) -> dict[str, Any]:
    rows = [
        (
            object_link(Trigger, one.id, one.slug),
            one.name,
            one.type,
            "Enabled" if one.enabled else one.why_not or "Disabled",
        )
        for one in explanation.triggers
    ]
    return _table(["trigger", "name", "type", "state"], rows)
