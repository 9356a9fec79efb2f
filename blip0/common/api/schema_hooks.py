"""What is done to the OpenAPI document as a whole, once drf-spectacular has made it."""

from __future__ import annotations

from typing import Any, Final

_NULL: Final = "NullEnum"
_ID: Final = "{id}"


def link_operations(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """What was created leads to all that can be done with it, by an OpenAPI link each."""
    paths = result["paths"]
    links: dict[str, Any] = {}
    for path, methods in paths.items():
        for operation in methods.values():
            created = operation["responses"].get("201")
            if created is None:
                continue
            for name in _operations_on_objects(path, paths):
                links[name] = {"operationId": name, "parameters": {"id": "$response.body#/id"}}
                reference = {"$ref": f"#/components/links/{name}"}
                created.setdefault("links", {})[name] = reference
    result["components"]["links"] = dict(sorted(links.items()))
    return result


def name_no_null(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """`null` has a type in OpenAPI 3.1 and needs no component, which clients would name."""
    result["components"]["schemas"].pop(_NULL, None)
    _replace(result, {"$ref": f"#/components/schemas/{_NULL}"}, {"type": "null"})
    return result


def name_filters(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """A filter by an enum has the enum's own name, and not one for each list."""
    named = {
        frozenset(schema["enum"]): {"$ref": f"#/components/schemas/{name}"}
        for name, schema in result["components"]["schemas"].items()
        if "enum" in schema
    }
    for methods in result["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                values = frozenset(parameter["schema"].get("enum", ()))
                parameter["schema"] = named.get(values, parameter["schema"])
    return result


def _operations_on_objects(path: str, paths: dict[str, Any]) -> list[str]:
    """Ids of the operations on one object of the collection that `path` belongs to."""
    collection = "/".join(path.split("/")[:4])
    return [
        operation["operationId"]
        for other, methods in paths.items()
        if other.startswith(f"{collection}/{_ID}")
        for operation in methods.values()
    ]


def _replace(node: Any, old: dict[str, str], new: dict[str, str]) -> None:
    children = node.values() if isinstance(node, dict) else node
    for child in children:
        if child == old:
            child.clear()
            child.update(new)
        elif isinstance(child, dict | list):
            _replace(child, old, new)
