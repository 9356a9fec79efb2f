"""Two versions of a script, side by side."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from platform_catalog.models import FilterScript, FilterScriptVersion
from platform_catalog.tests.factories import FilterScriptFactory, FilterScriptVersionFactory


@pytest.fixture
def script(acme: object) -> FilterScript:
    """Three versions, of which the third runs."""
    script = FilterScriptFactory.create(current_version=3)
    for number, line in ((2, "echo <b>two</b>"), (3, "echo three")):
        content = f"#!/bin/sh\n{line}\n"
        FilterScriptVersionFactory.create(script=script, version=number, content=content)
    return script


def _compare(script: FilterScript, number: int) -> str:
    version = FilterScriptVersion.objects.get(script=script, version=number)
    return reverse("admin:platform_catalog_filterscriptversion_compare", args=[version.pk])


def test_compare__old_version__with_the_one_that_runs_words_marked_and_escaped(
    staff: Client, script: FilterScript
) -> None:
    page = staff.get(_compare(script, 2))

    shown = page.content.decode()
    assert page.context["diff"]["right"] == "Version 3"
    assert "&lt;" in shown
    assert "<b>two" not in shown
    assert ">three</del>" in shown


def test_compare__the_one_that_runs__with_the_one_before(
    staff: Client, script: FilterScript
) -> None:
    assert staff.get(_compare(script, 3)).context["diff"]["right"] == "Version 2"


def test_compare__version_of_ones_choice__shown(staff: Client, script: FilterScript) -> None:
    page = staff.get(_compare(script, 3), {"version": "1"})

    assert page.context["diff"]["right"] == "Version 1"


@pytest.mark.parametrize("version", ["3", "99", "x", ""])
def test_compare__no_such_other_version__told_and_nothing_compared(
    staff: Client, script: FilterScript, version: str
) -> None:
    page = staff.get(_compare(script, 3), {"version": version})

    assert page.status_code == 200
    assert page.context["form"].errors["version"]
    assert "diff" not in page.context


def test_compare__only_version__said(staff: Client) -> None:
    script = FilterScriptFactory.create()

    assert "It is the script&#x27;s only version." in staff.get(
        _compare(script, 1)
    ).content.decode().replace("'", "&#x27;")
