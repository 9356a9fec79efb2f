"""The alert rules speak of metrics that exist, and of commands and pages that help.

No promtool here: it checks the form of an expression. This checks that one can ever be true.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from django.core.management import get_commands
from django.urls import resolve

from blip0.common.metrics import METRICS
from blip0.testing import PROJECT_ROOT
from cachesync.gauges import ProjectionCollector
from cachesync.models import ProjectedDocument

RULES = yaml.safe_load((PROJECT_ROOT / "docker/prometheus/alerts.yaml").read_text(encoding="utf-8"))
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"]
}
OPERATIONS = (PROJECT_ROOT / "docs/operations.md").read_text(encoding="utf-8")
SECTIONS = {
    section.partition("\n")[0]: section
    for section in re.split(r"^### ", OPERATIONS, flags=re.MULTILINE)
}

SELECTOR = re.compile(r"\b(blip0_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)(=~|=)"([^"]*)"')
COMMAND = re.compile(r"manage\.py (\w+)((?: --[\w-]+)*)")
WORDS = {"absent", "and", "by", "increase", "max", "min", "on", "or", "rate", "sum", "time"}


@pytest.fixture
def samples(committed: None, acme: object) -> list[tuple[str, dict[str, str]]]:
    """Name and labels of every series that a process and the platform's state have."""
    ProjectedDocument.objects.create(
        scope="platform", kind="monitor", object_id="one", name="one", slug="one",
        state="invalid", reason="no_network", rev=1,
    )  # fmt: skip
    resolve("/api/v1/monitors")  # a web process has imported every view
    families = [*METRICS.collect(), *ProjectionCollector().collect()]
    return [(sample.name, sample.labels) for family in families for sample in family.samples]


def _unknown(expression: str, samples: list[tuple[str, dict[str, str]]]) -> list[str]:
    """Selectors that no series can ever match."""
    return [
        selector[0]
        for selector in SELECTOR.finditer(expression)
        if not any(
            name == selector[1]
            and all(
                re.fullmatch(wanted if how == "=~" else re.escape(wanted), labels.get(label, ""))
                for label, how, wanted in MATCHER.findall(selector[2] or "")
            )
            for name, labels in samples
        )
    ]


def test_expressions__every_selector__has_a_series(samples) -> None:
    assert {
        name: unknown
        for name, rule in ALERTS.items()
        if (unknown := _unknown(rule["expr"], samples))
    } == {}


@pytest.mark.parametrize(
    "expression",
    [
        "blip0_projection_stalenes_seconds > 30",
        'blip0_projection_staleness_seconds{condition="setled"} > 30',
        'blip0_projection_staleness_seconds{state="settled"} > 30',
        "blip0_projection_applies > 1",  # the series ends in _total
    ],
)
def test_expressions__selector_with_a_slip__is_reported(samples, expression: str) -> None:
    assert len(_unknown(expression, samples)) == 1


@pytest.mark.parametrize("name", ALERTS)
def test_alert__any__has_the_form_of_a_rule(name: str) -> None:
    rule = ALERTS[name]

    assert re.fullmatch(r"Blip0[A-Z]\w+", name)
    assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
    assert re.fullmatch(r"\d+[sm]", rule.get("for", "0s"))
    assert rule["labels"] in ({"severity": "critical"}, {"severity": "warning"})
    assert set(rule["annotations"]) == {"summary", "runbook"}
    assert SELECTOR.search(rule["expr"])
    assert rule["expr"].count("(") == rule["expr"].count(")")
    functions = set(re.findall(r"\b([a-z]+) ?\(", rule["expr"]))
    assert functions <= WORDS


def test_alerts__names__are_unique() -> None:
    assert len(ALERTS) == sum(len(group["rules"]) for group in RULES["groups"])


@pytest.mark.parametrize("name", ALERTS)
def test_alert__runbook__names_a_command_that_exists(name: str) -> None:
    commands = COMMAND.findall(ALERTS[name]["annotations"]["runbook"])

    assert commands
    for command, _ in commands:
        assert command in get_commands()


@pytest.mark.parametrize("name", ALERTS)
def test_alert__any__has_a_section_with_its_severity_and_its_command(name: str) -> None:
    section = SECTIONS[name]
    rule = ALERTS[name]

    assert f"**{rule['labels']['severity'].title()}**" in section
    for command, options in COMMAND.findall(rule["annotations"]["runbook"]):
        assert f"manage.py {command}{options}" in section


def test_operations__sections_of_alerts__are_no_more_than_there_are() -> None:
    assert {title for title in SECTIONS if title.startswith("Blip0")} == set(ALERTS)


@pytest.mark.parametrize("page", ["docs/operations.md", "docs/deployment.md"])
def test_pages__metrics_that_they_name__exist(samples, page: str) -> None:
    text = (PROJECT_ROOT / page).read_text(encoding="utf-8")
    known = {name for name, _ in samples}
    # A family is named without the suffixes of its series; empty ones have no series at all.
    families = [*METRICS.collect(), *ProjectionCollector().collect()]
    known |= {family.name for family in families}

    assert (
        set(re.findall(r"`(blip0_(?:projection|platform|runtime|api|cache|sign)_\w+)[`{]", text))
        - known
        == set()
    )
