"""The guards of the source: the project keeps them, and each of them can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from blip0.testing import PROJECT_ROOT, guards
from blip0.testing.guards import Guard, Module, problems
from blip0.testing.speed import cpu_seconds

BAD: dict[Guard, list[str]] = {
    guards.oversized_module: ["x = 1\n" * 401],
    guards.oversized_class: ["class Big:\n" + "    x = 1\n" * 200],
    guards.import_in_function: [
        "def f() -> None:\n    import json\n",
        "class A:\n    def ready(self) -> None:\n        from a import b\n",
    ],
    guards.relative_import: ["from . import models\n", "from ..common import x\n"],
    guards.model_by_name: ["from django.apps import apps\napps.get_model('a', 'B')\n"],
    guards.unsafe_markup: [
        "from django.utils.safestring import mark_safe\n",
        "html.mark_safe(x)\n",
        "format_html(f'<b>{x}</b>')\n",
        "format_html(text, x)\n",
    ],
    guards.printed: ["print('x')\n"],
    guards.naive_clock: ["datetime.now()\n", "datetime.datetime.utcnow()\n", "date.today()\n"],
    guards.bare_query_count: [
        "with self.assertNumQueries(3):\n    f()\n",
        "def test(django_assert_num_queries):\n    f()\n",
    ],
    guards.silent_except: [
        "try:\n    f()\nexcept ValueError:\n    pass\n",
        "try:\n    f()\nexcept OSError:\n    ...\n",
        "try:\n    f()\nexcept:\n    g()\n",
    ],
    guards.untyped_function: [
        "def f(a):\n    return a\n",
        "def f(a: int):\n    return a\n",
        "def f(*rest) -> None:\n    g()\n",
    ],
}
GOOD = """
from django.utils import timezone
from django.utils.html import format_html

def shown(self, name: str) -> str:
    try:
        return format_html("<b>{}</b>", name)
    except ValueError as error:
        raise KeyError(name) from error

def moment() -> object:
    return timezone.now(), datetime.now(UTC), datetime.now(tz=UTC)
"""


def _name(guard: Guard) -> str:
    return guard.__name__


def test_guards__all_of_them__have_a_bad_sample() -> None:
    assert set(BAD) == set(guards.SOURCE_GUARDS)


@pytest.mark.parametrize("guard", guards.SOURCE_GUARDS, ids=_name)
def test_guard__the_project__keeps_it(guard: Guard) -> None:
    assert problems(guard) == []


@pytest.mark.parametrize("guard", guards.SOURCE_GUARDS, ids=_name)
def test_guard__bad_sample__is_reported(guard: Guard) -> None:
    for sample in BAD[guard]:
        assert problems(guard, [Module.of(sample)]), sample


@pytest.mark.parametrize("guard", guards.SOURCE_GUARDS, ids=_name)
def test_guard__good_sample__is_quiet(guard: Guard) -> None:
    assert problems(guard, [Module.of(GOOD)]) == []


def test_guards__exemptions__hold_where_they_should() -> None:
    ready = "class A:\n    def ready(self) -> None:\n        from a import b\n"
    assert not problems(guards.import_in_function, [Module.of(ready, "monitors/apps.py")])
    model = "apps.get_model('a', 'B')\n"
    migration = "monitors/migrations/0003_move.py"
    assert not problems(guards.model_by_name, [Module.of(model, migration)])
    test = "def f(a):\n    return a\n"
    assert not problems(guards.untyped_function, [Module.of(test, "monitors/tests/test_a.py")])


def test_guards__the_whole_project__take_five_milliseconds_a_module() -> None:
    def run_all() -> None:
        guards.modules.cache_clear()
        for guard in guards.SOURCE_GUARDS:
            problems(guard)

    allowed = 0.005 * len(guards.modules())
    assert cpu_seconds(run_all, enough=allowed) < allowed


def test_machine_paths__the_projects_files__name_none() -> None:
    found = []
    for path in guards.tracked_files():
        data = (PROJECT_ROOT / path).read_bytes()
        if b"\0" not in data:
            found += [str(problem) for problem in guards.machine_paths(path, data.decode())]

    assert found == []


@pytest.mark.parametrize("folder", ["home", "Users", "work"])
def test_machine_paths__a_checkouts_path__is_reported(folder: str) -> None:
    text = f"first line\nsee /{folder}/somebody/notes.md\n"

    (problem,) = guards.machine_paths(Path("docs/a.md"), text)

    assert problem.line == 2
    assert not list(guards.machine_paths(Path("a"), f"https://example.org/{folder}/page"))
