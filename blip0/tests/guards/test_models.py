"""The guards of models, admin pages and the database; each of them can fail."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db import connection, models

from blip0.common.db import version_triggers
from blip0.common.projected import projected
from blip0.common.tenancy import TEMPLATE_SCHEMA, schema_name_for
from blip0.testing import model_guards
from blip0.testing.guards import APPS
from monitors.models import Monitor
from tenants.models import Plan, Tenant

# Not rendered: their triggers version the API's cached answers.
VERSIONED_ONLY = {"tenants_plan", "platform_catalog_monitortemplate"}


def _our_models() -> list[type[models.Model]]:
    return [model for app in APPS for model in apps.get_app_config(app).get_models()]


def test_automatic_names__our_models__have_none() -> None:
    assert list(model_guards.automatic_names(_our_models())) == []


def test_automatic_names__bad_sample__is_reported() -> None:
    class Sample(models.Model):  # noqa: DJ008  # a sample
        age = models.IntegerField(db_index=True)
        size = models.IntegerField()

        class Meta:
            app_label = "guard_sample"
            indexes = [models.Index(fields=["size"])]

    found = list(model_guards.automatic_names([Sample]))

    assert len(found) == 2
    assert "index on size" in found[0]


def test_admin_actions__every_page__declares_permissions() -> None:
    pages = admin.site._registry.values()

    assert list(model_guards.actions_without_permissions(pages)) == []


def test_admin_actions__bad_sample__is_reported() -> None:
    @admin.action(description="Pause")
    def pause(_admin: Any, _request: Any, _queryset: Any) -> None:
        """Everybody may."""

    @admin.action(description="Resume", permissions=["change"])
    def resume(_admin: Any, _request: Any, _queryset: Any) -> None:
        """Those who may change."""

    class Page(ModelAdmin):
        actions = [pause, resume]
        actions_list = [{"title": "More", "items": ["rebuild"]}]

        def rebuild(self, request: Any) -> None:
            """unfold's kind of action."""

    found = list(model_guards.actions_without_permissions([Page(Plan, admin.site)]))

    assert [line.split()[0] for line in found] == ["Page.pause", "Page.rebuild"]


def _missing() -> list[str]:
    return list(
        version_triggers.missing_version_triggers(
            projected(),
            settings.TENANT_APPS,
            version_triggers.version_triggers(),
            version_triggers.tenant_schemas(),
        )
    )


def test_version_triggers__every_projected_model__has_one_in_every_schema(acme: Tenant) -> None:
    assert _missing() == []
    assert schema_name_for(acme.pk) in version_triggers.tenant_schemas()
    assert len(projected()) >= 17


def test_version_triggers__every_versioned_table__is_registered(db: None) -> None:
    found = version_triggers.unregistered_version_triggers(
        projected(), version_triggers.version_triggers(), VERSIONED_ONLY
    )

    assert list(found) == []


def test_version_triggers__one_dropped_or_disabled__is_reported(acme: Tenant) -> None:
    schema = schema_name_for(acme.pk)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER monitors_monitor_version ON {schema}.monitors_monitor")
        cursor.execute(
            f"ALTER TABLE {TEMPLATE_SCHEMA}.triggers_trigger "
            "DISABLE TRIGGER triggers_trigger_version"
        )
        cursor.execute(
            "DROP TRIGGER platform_catalog_network_version_truncate ON platform_catalog_network"
        )

    assert sorted(_missing()) == sorted(
        [
            f"{schema}.monitors_monitor has no deferred version trigger",
            f"{TEMPLATE_SCHEMA}.triggers_trigger has no deferred version trigger",
            "public.platform_catalog_network has no version trigger for TRUNCATE",
        ]
    )


def test_version_triggers__unregistered_model__is_reported(db: None) -> None:
    without = [entry for entry in projected() if entry.model is not Monitor]

    found = version_triggers.unregistered_version_triggers(
        without, version_triggers.version_triggers(), VERSIONED_ONLY
    )

    assert list(found) == [
        "monitors_monitor has a version trigger and is not registered as projected"
    ]
