"""That a canary sits in every text that a tenant may have: derived from the models."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps

from blip0.common.tenancy import in_tenant
from blip0.tests.canaries.fields import EXEMPT, OPAQUE, PLATFORM, models, rows_of, texts
from blip0.tests.canaries.planting import Planted


def _bare(planted: Planted) -> Iterator[str]:
    """Fields without a canary, or an opaque value where they can hold none."""
    with in_tenant(planted.tenant.pk):
        for model in models():
            rows = list(rows_of(model, planted.tenant).values())
            for field in texts(model):
                name = f"{model._meta.label}.{field.name}"
                values = [str(row[field.attname]) for row in rows]
                marks = planted.marks.values if name in OPAQUE else {planted.marks.word}
                if name not in EXEMPT and not any(m in v for m in marks for v in values):
                    yield f"{name}: {values[:2]}"


def test_every_text_of_a_tenant__planted__holds_a_canary(both):
    assert list(_bare(both.globex)) == []
    assert list(_bare(both.acme)) == []


def test_exemptions__each__is_of_a_field_that_there_is():
    names = {f"{model._meta.label}.{field.name}" for model in models() for field in texts(model)}

    assert (set(OPAQUE) | set(EXEMPT)) - names == set()
    assert set(OPAQUE) & set(EXEMPT) == set()
    assert PLATFORM - {model._meta.label for model in apps.get_models()} == set()
