import pytest

from blip0.common.validation import known_kinds, register_kind
from monitors.validators import CHECKS as MONITORS
from platform_catalog.validators import CHECKS as CATALOGUE
from triggers.validators import CHECKS as TRIGGERS


@pytest.fixture(scope="package", autouse=True)
def _all_kinds() -> None:
    """The apps register their kinds when they are ready; these tests run without them as well."""
    for kind, examine in {**CATALOGUE, **TRIGGERS, **MONITORS}.items():
        if kind not in known_kinds():
            register_kind(kind, examine)
