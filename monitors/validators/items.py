"""Functions and events of contract specs, found by signatures as the runtime compares them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from blip0.common.validation.similar import closest
from monitors.expressions.checking import UNKNOWN_KIND
from monitors.validators.stellar import WORDS

Group: TypeAlias = Literal["functions", "events"]

MAX_SUGGESTED: Final = 3
_STELLAR_WORDS: Final = frozenset(WORDS.split()) - {"val", "void", "error", "muxed_address"}
_ENTRIES: Final[Mapping[str, tuple[Group, str]]] = {
    "function_v0": ("functions", "inputs"),
    "event_v0": ("events", "params"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """A function or event. `signature` is for people; `key` is what is compared.

    `variables` are the kinds of its parameters by name; those without a name can't be reached.
    """

    group: Group
    name: str
    signature: str
    key: str
    variables: Mapping[str, str]


class Index:
    """The items of all contracts of a monitor on one chain."""

    def __init__(self, chain: str) -> None:
        self.chain = chain
        self.specs = 0
        self._by_key: dict[tuple[Group, str], dict[Hashable, Item]] = defaultdict(dict)
        self._by_name: dict[tuple[Group, str], dict[str, Item]] = defaultdict(dict)
        self._variables: dict[tuple[Group, str], Mapping[str, str]] = {}

    def add(self, spec: Any) -> None:
        """Add a contract's spec, which must parse as one of this chain."""
        self.specs += 1
        for item in evm_items(spec) if self.chain == "EVM" else stellar_items(spec):
            parameters = tuple(item.variables.items())
            self._by_key[item.group, item.key].setdefault(parameters, item)
            self._by_name[item.group, item.name.lower()].setdefault(item.signature, item)

    def find(self, group: Group, signature: str) -> list[Item]:
        """The items of this signature: more than one where their parameters' names differ."""
        return list(self._by_key.get((group, self.key(signature)), {}).values())

    def variables(self, group: Group, signature: str) -> Mapping[str, str]:
        """The kinds of all parameters of the items of this signature; the first one's count."""
        place = group, self.key(signature)
        if place not in self._variables:
            merged: dict[str, str] = {}
            for item in self.find(group, signature):
                for name, kind in item.variables.items():
                    merged.setdefault(name, kind)
            self._variables[place] = merged
        return self._variables[place]

    def key(self, signature: str) -> str:
        return evm_key(signature) if self.chain == "EVM" else stellar_key(signature)

    def suggestions(self, group: Group, signature: str) -> list[str]:
        """Signatures that are probably meant: those of the same name, or of the closest one."""
        name = (signature.partition("(")[0].split() or [""])[-1].lower()
        overloads = self._by_name.get((group, name))
        if overloads is None:
            near = [
                known
                for kind, known in self._by_name
                if kind == group and abs(len(known) - len(name)) <= 3
            ]
            guess = closest(name, near)
            overloads = self._by_name[group, guess] if guess else {}
        return list(overloads)[:MAX_SUGGESTED]


# -- EVM -----------------------------------------------------------------------------------------


def evm_key(signature: str) -> str:
    return "".join(signature.split()).lower()


def evm_items(abi: list[Any]) -> Iterator[Item]:
    """Of an ABI that parses."""
    for entry in abi:
        kind = entry.get("type") if isinstance(entry, dict) else None
        if kind not in ("function", "event"):
            continue
        inputs = [one for one in entry["inputs"] if isinstance(one, dict)]
        signature = f"{entry['name']}({','.join(map(canonical_type, inputs))})"
        yield Item(
            group="functions" if kind == "function" else "events",
            name=entry["name"],
            signature=signature,
            key=signature.lower(),
            variables={one["name"]: one["type"] for one in inputs if one.get("name")},
        )


def canonical_type(parameter: Mapping[str, Any]) -> str:
    """A parameter's type as it stands in a selector: tuples with their members."""
    name: str = parameter["type"]
    components = [one for one in parameter.get("components", ()) if isinstance(one, dict)]
    if not components:
        return name
    members = ",".join(map(canonical_type, components))
    return f"({members}){name.removeprefix('tuple')}"


# -- Stellar -------------------------------------------------------------------------------------


def stellar_key(signature: str) -> str:
    """Name and number of parameters: how the runtime spells their types is its own matter."""
    return f"{signature.partition('(')[0].strip().lower()}/{arity(signature)}"


def arity(signature: str) -> int:
    """How many parameters a signature names."""
    inner = signature.partition("(")[2].strip().removesuffix(")")
    if not inner.strip():
        return 0
    depth, commas = 0, 0
    for character in inner:
        depth += (character in "(<[") - (character in ")>]")
        commas += character == "," and depth == 0
    return commas + 1


def stellar_items(entries: list[Any]) -> Iterator[Item]:
    """Of a list of spec entries that parses."""
    for entry in entries:
        for word, (group, members) in _ENTRIES.items():
            if isinstance(entry, dict) and isinstance(entry.get(word), dict):
                yield _stellar_item(entry[word], group, members)


def _stellar_item(entry: Mapping[str, Any], group: Group, members: str) -> Item:
    parameters = [one for one in entry[members] if isinstance(one, dict)]
    kinds = [_stellar_kind(one["type_"]) for one in parameters]
    shown = ",".join(kind or "…" for kind in kinds)
    return Item(
        group=group,
        name=entry["name"],
        signature=f"{entry['name']}({shown})",
        key=f"{entry['name'].lower()}/{len(kinds)}",
        variables={one["name"]: kind for one, kind in zip(parameters, kinds, strict=True)},
    )


def _stellar_kind(kind: Any) -> str:
    word = next(iter(kind), "") if isinstance(kind, dict) else kind
    return word if word in _STELLAR_WORDS or word in ("vec", "map") else UNKNOWN_KIND


def indexes(specs: Iterable[tuple[str | None, Any]]) -> dict[str, Index]:
    """The indexes of the chains that have some, from pairs of a spec's form and the spec."""
    found = {"EVM": Index("EVM"), "Stellar": Index("Stellar")}
    for form, spec in specs:
        if form is not None and form in found:
            found[form].add(spec)
    return found
