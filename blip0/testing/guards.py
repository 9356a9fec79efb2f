"""Guards: rules of the house that no linter knows, each a small function that reports problems.

A guard of the source takes one parsed `Module` and yields `Problem`s, so that a test can feed it
a bad sample. The whole tree is read and parsed once (`modules()`).
"""

from __future__ import annotations

import ast
import gc
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from blip0.testing import PROJECT_ROOT

MODULE_LINES = 400
CLASS_LINES = 200
APPS = ("blip0", "tenants", "platform_catalog", "triggers", "monitors", "cachesync")


@dataclass(frozen=True)
class Problem:
    """A broken rule and where; `str()` of it can be clicked in most terminals."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Module:
    """A parsed Python file: its nodes by kind. `path` is relative to the project's root."""

    path: Path
    source: str
    by_kind: Mapping[type[ast.AST], Sequence[ast.AST]]

    @classmethod
    def of(cls, source: str, path: str = "monitors/services/sample.py") -> Module:
        """Parse a source text. Raises SyntaxError."""
        by_kind = defaultdict[type[ast.AST], list[ast.AST]](list)
        for node in ast.walk(ast.parse(source)):
            by_kind[type(node)].append(node)
        return cls(Path(path), source, by_kind)

    @property
    def is_migration(self) -> bool:
        return "migrations" in self.path.parts

    @property
    def is_test(self) -> bool:
        return "tests" in self.path.parts or self.path.is_relative_to("blip0/testing")

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """Every node of these kinds, wherever it stands."""
        return (node for kind in kinds for node in self.by_kind.get(kind, ()))

    def problem(self, node: ast.AST, text: str) -> Problem:
        return Problem(self.path, getattr(node, "lineno", 1), text)


Guard = Callable[[Module], Iterator[Problem]]


@cache
def modules() -> tuple[Module, ...]:
    """Every Python file of the project, parsed; sorted by path."""
    files = [PROJECT_ROOT / "manage.py", *(PROJECT_ROOT / "docker").glob("*.py")]
    for app in APPS:
        files += (PROJECT_ROOT / app).rglob("*.py")
    # Nothing of a million nodes is garbage, and looking for it takes twice as long as parsing.
    gc.disable()
    try:
        return tuple(
            Module.of(file.read_text(encoding="utf-8"), str(file.relative_to(PROJECT_ROOT)))
            for file in sorted(files)
        )
    finally:
        gc.enable()


def problems(guard: Guard, among: Iterable[Module] | None = None) -> list[str]:
    """What a guard finds in the project, as lines for an assertion."""
    return [
        str(problem)
        for module in (modules() if among is None else among)
        for problem in guard(module)
    ]


def oversized_module(module: Module) -> Iterator[Problem]:
    """A module fits in a head: at most 400 lines. Generated first migrations are exempt."""
    lines = module.source.count("\n")
    if lines > MODULE_LINES and not module.path.match("*/migrations/*_initial.py"):
        yield Problem(module.path, 1, f"{lines} lines; at most {MODULE_LINES}")


def oversized_class(module: Module) -> Iterator[Problem]:
    """At most 200 lines a class; a generated migration is one long list."""
    if module.is_migration:
        return
    for node in module.nodes(ast.ClassDef):
        assert isinstance(node, ast.ClassDef)
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > CLASS_LINES:
            yield module.problem(node, f"class {node.name}: {lines} lines; at most {CLASS_LINES}")


def import_in_function(module: Module) -> Iterator[Problem]:
    """Imports stand at the top, where dependencies show; `ready()` is Django's own exception."""
    for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        if function.name == "ready" and module.path.name == "apps.py":
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield module.problem(node, f"import inside {function.name}()")


def relative_import(module: Module) -> Iterator[Problem]:
    """Full names can be searched for and moved."""
    for node in module.nodes(ast.ImportFrom):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield module.problem(node, "relative import")


def model_by_name(module: Module) -> Iterator[Problem]:
    """`apps.get_model` hides a dependency; only migrations need it."""
    if module.is_migration:
        return
    for node in module.nodes(ast.Call):
        if isinstance(node, ast.Call) and _name(node.func) == "get_model":
            yield module.problem(node, "apps.get_model outside a migration")


def unsafe_markup(module: Module) -> Iterator[Problem]:
    """`mark_safe` and `format_html` of a text that isn't a literal escape nothing."""
    for node in module.nodes(ast.Name, ast.Attribute, ast.alias, ast.Call):
        if isinstance(node, ast.Call):
            first = node.args[0] if node.args else None
            if _name(node.func) == "format_html" and not isinstance(first, ast.Constant):
                yield module.problem(node, "format_html of a text that is not a literal")
        elif _name(node) in {"mark_safe", "SafeString", "SafeText"}:
            yield module.problem(node, f"{_name(node)}: use format_html")


def printed(module: Module) -> Iterator[Problem]:
    """Commands write to `self.stdout`, everything else logs."""
    for node in module.nodes(ast.Call):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print":
            yield module.problem(node, "print()")


def naive_clock(module: Module) -> Iterator[Problem]:
    """`datetime.now()` without a zone, `utcnow`, `today`: use `django.utils.timezone.now`."""
    for node in module.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        name = _name(node.func)
        if not isinstance(node.func, ast.Attribute):
            continue
        owner = _name(node.func.value)
        if name in {"utcnow", "utcfromtimestamp", "today"} and owner in {"datetime", "date"}:
            yield module.problem(node, f"{owner}.{name}() has no time zone")
        if name == "now" and owner == "datetime" and not (node.args or node.keywords):
            yield module.problem(node, "datetime.now() has no time zone")


def bare_query_count(module: Module) -> Iterator[Problem]:
    """`assertNumQueries` counts `SET search_path`; the fixture `count_queries` doesn't."""
    for node in module.nodes(ast.Name, ast.Attribute, ast.arg):
        if _name(node) in {"assertNumQueries", "django_assert_num_queries"}:
            yield module.problem(node, f"{_name(node)}: use the fixture count_queries")


def silent_except(module: Module) -> Iterator[Problem]:
    """An exception that is dropped without a word. `contextlib.suppress` at least names it."""
    for node in module.nodes(ast.ExceptHandler):
        assert isinstance(node, ast.ExceptHandler)
        if all(
            isinstance(statement, ast.Pass) or _is_ellipsis(statement) for statement in node.body
        ):
            yield module.problem(node, "except that only passes")
        if node.type is None:
            yield module.problem(node, "bare except")


def untyped_function(module: Module) -> Iterator[Problem]:
    """Parameters and results are annotated, in the admin as everywhere. Tests may leave it out."""
    if module.is_test or module.is_migration:
        return
    for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        arguments += [extra for extra in (node.args.vararg, node.args.kwarg) if extra]
        for argument in arguments:
            if argument.annotation is None and argument.arg not in {"self", "cls"}:
                yield module.problem(argument, f"{node.name}({argument.arg}) has no type")
        if node.returns is None:
            yield module.problem(node, f"{node.name}() has no result type")


SOURCE_GUARDS: tuple[Guard, ...] = (
    oversized_module,
    oversized_class,
    import_in_function,
    relative_import,
    model_by_name,
    unsafe_markup,
    printed,
    naive_clock,
    bare_query_count,
    silent_except,
    untyped_function,
)

# The folders in which people keep their checkouts: a path like that works on one machine only.
_MACHINE_PATH = re.compile(r"(?<![\w.:$}/-])/(?:home|Users|work|workspaces?)/[\w.-]+")


def machine_paths(path: Path, text: str) -> Iterator[Problem]:
    """A path of one machine in a file of the project: elsewhere it leads nowhere."""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _MACHINE_PATH.search(line):
            yield Problem(path, number, f"names {found[0]}, a path of one machine")


def tracked_files() -> list[Path]:
    """The project's files, relative to its root: what git tracks or would add.

    Without git or a repository: what the apps, `docs` and `docker` hold.
    """
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        found = [file for app in (*APPS, "docs", "docker") for file in _files(PROJECT_ROOT / app)]
        return [file.relative_to(PROJECT_ROOT) for file in found]
    return [Path(line) for line in done.stdout.splitlines() if (PROJECT_ROOT / line).is_file()]


def _files(folder: Path) -> list[Path]:
    return [
        file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts
    ]


def _name(node: ast.AST) -> str:
    """The last part of a name, as in `format_html` and `html.format_html`."""
    match node:
        case (
            ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name) | ast.arg(arg=name)
        ):
            return name
    return ""


def _is_ellipsis(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and (
        isinstance(statement.value, ast.Constant) and statement.value.value is ...
    )
