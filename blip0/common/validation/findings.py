"""What a check found: a finding, the list that collects them, and the report that is handed out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from blip0.common.validation.similar import closest

Level: TypeAlias = Literal["error", "warning", "info"]
Source: TypeAlias = Literal["runtime", "policy"]
Stage: TypeAlias = Literal["parse", "validate", "policy"]
Verdict: TypeAlias = Literal["ok", "parse_error", "invalid"]

Path: TypeAlias = "tuple[Path, str | int] | None"
"""A place in a document: `None` is the root, `(parent, key)` a member. Cheap to extend, and
rendered as a JSON pointer only when something is found there."""

MAX_FINDINGS = 200
MAX_SUGGESTIONS = 10
"""Suggestions in one check; those after them take time, and few people read them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, odd or worth knowing about a document.

    `pointer` is an RFC 6901 JSON pointer into the document that was checked. `message` tells the
    rule and the fix in plain words and never holds the text of a secret. `source` says who
    speaks: the runtime, whose refusal no setting can change, or this platform's policy.
    """

    level: Level
    code: str
    pointer: str
    message: str
    source: Source
    stage: Stage


class InvalidDocument(ValueError):
    """A document has findings of the level `error`. `findings` holds these, and only these."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        shown = "; ".join(f"{f.pointer or '/'}: {f.message}" for f in self.findings[:5])
        more = len(self.findings) - 5
        super().__init__(f"{shown} … and {more} more" if more > 0 else shown)


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check. `verdict` is the runtime's own, which policy never changes."""

    kind: str
    findings: tuple[Finding, ...]
    verdict: Verdict

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == "warning")

    def raise_if_errors(self) -> None:
        """Raises `InvalidDocument` when the runtime or policy refuses the document."""
        if errors := self.errors:
            raise InvalidDocument(errors)


class Findings:
    """Collects the findings of one check, at most `MAX_FINDINGS` of them.

    `parse_error` and `invalid` record what the runtime refuses, at its two stages; `policy` and
    `advise` what this platform refuses or advises. `parse_error` returns False, so that a shape
    can refuse a value with one `return`.
    """

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._suggestions = 0
        self.parse_failed = False
        self.validate_failed = False

    @property
    def settled(self) -> bool:
        """Whether going on is pointless: the list is full, and no verdict is worse than this."""
        return self.parse_failed and len(self._findings) >= MAX_FINDINGS

    def parse_error(self, code: str, at: Path, message: str) -> Literal[False]:
        self.parse_failed = True
        self._add("error", code, at, message, "runtime", "parse")
        return False

    def invalid(self, code: str, at: Path, message: str) -> None:
        self.validate_failed = True
        self._add("error", code, at, message, "runtime", "validate")

    def runtime_warning(self, code: str, at: Path, message: str) -> None:
        self._add("warning", code, at, message, "runtime", "validate")

    def policy(self, code: str, at: Path, message: str) -> None:
        self._add("error", code, at, message, "policy", "policy")

    def advise(self, code: str, at: Path, message: str, level: Level = "warning") -> None:
        self._add(level, code, at, message, "policy", "policy")

    def did_you_mean(self, word: str, known: Iterable[str]) -> str:
        """` Did you mean `x`?`, or nothing."""
        self._suggestions += 1
        guess = closest(word, known) if self._suggestions <= MAX_SUGGESTIONS else None
        return f" Did you mean `{guess}`?" if guess else ""

    def absorb(self, other: Findings) -> None:
        """Take over what a trial (a `Findings` of its own) found."""
        self.parse_failed |= other.parse_failed
        self.validate_failed |= other.validate_failed
        room = MAX_FINDINGS - len(self._findings)
        self._findings.extend(other._findings[:room])

    def report(self, kind: str) -> Report:
        findings = list(self._findings)
        if len(findings) >= MAX_FINDINGS:
            findings.append(
                Finding(
                    "error" if self.parse_failed or self.validate_failed else "warning",
                    "report.truncated",
                    "",
                    "More findings are left out; mend these first, then check again.",
                    "policy",
                    "policy",
                )
            )
        verdict: Verdict = "ok"
        if self.parse_failed:
            verdict = "parse_error"
        elif self.validate_failed:
            verdict = "invalid"
        return Report(kind, tuple(findings), verdict)

    def _add(
        self, level: Level, code: str, at: Path, message: str, source: Source, stage: Stage
    ) -> None:
        if len(self._findings) < MAX_FINDINGS:
            sentence = message[:1].upper() + message[1:]
            self._findings.append(Finding(level, code, pointer(at), sentence, source, stage))


def pointer(at: Path) -> str:
    """The RFC 6901 JSON pointer of a place: `""` for the root, `"/rpc_urls/0/url"`."""
    parts: list[str] = []
    while at is not None:
        at, key = at
        parts.append(str(key).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{part}" for part in reversed(parts))


def label(at: Path) -> str:
    """How a message names a place: `weight`, entry 2 of `networks`, or "the document"."""
    if at is None:
        return "the document"
    parent, key = at
    if isinstance(key, str):
        return f"`{shorten(key)}`"
    return f"entry {key + 1}" if parent is None else f"entry {key + 1} of {label(parent)}"


def shorten(text: str, most: int = 60) -> str:
    """`text` for a message: printable, and cut where it is long."""
    shown = text if len(text) <= most else f"{text[:most]}…"
    return shown.encode("unicode_escape").decode() if not shown.isprintable() else shown
