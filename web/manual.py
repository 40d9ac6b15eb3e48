"""The OpenAPI document as lines that a page can show."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter or field of a body."""

    name: str
    place: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Description:
    """One route."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[Parameter]
    responses: list[tuple[str, str]]
    example_request: str | None
    example_response: str | None


def describe(document: dict[str, Any]) -> list[Description]:
    """The routes of an OpenAPI document in its order."""
    return [
        _describe(document, method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


def _describe(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> Description:
    parameters = [
        Parameter(p["name"], p["in"], _type(document, p.get("schema", {})), p.get("required", False), p.get("description", ""))
        for p in operation.get("parameters", [])
    ]
    request_example: str | None = None
    for media in operation.get("requestBody", {}).get("content", {}).values():
        schema = _resolve(document, media.get("schema", {}))
        items = schema.get("items", {})
        schema = (
            _resolve(document, items.get("anyOf", [items])[0]) if schema.get("type") == "array" and "items" in schema else schema
        )
        required = schema.get("required", [])
        parameters += [
            Parameter(name, "body", _type(document, field), name in required, field.get("description", ""))
            for name, field in schema.get("properties", {}).items()
        ]
        request_example = _example(media)
    response_example = None
    for status, response in operation.get("responses", {}).items():
        if status.startswith("2"):
            response_example = next((e for m in response.get("content", {}).values() if (e := _example(m))), None)
    return Description(
        id=operation.get("operationId", f"{method}{path}"),
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        parameters=parameters,
        responses=[(status, r.get("description", "")) for status, r in operation.get("responses", {}).items()],
        example_request=request_example,
        example_response=response_example,
    )


def _example(media: dict[str, Any]) -> str | None:
    example = media.get("example")
    if example is None and media.get("examples"):
        example = next(iter(media["examples"].values())).get("value")
    if example is None:
        return None
    return example if isinstance(example, str) else json.dumps(example, ensure_ascii=False, indent=2)


def _resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return dict(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    return schema


def _type(document: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if "enum" in schema:
        return " | ".join(str(v) for v in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return " | ".join(_type(document, part) for part in schema["anyOf"] if part.get("type") != "null")
    if schema.get("type") == "array":
        return f"{_type(document, schema.get('items', {}))}[]"
    kind = str(schema.get("type", "object"))
    low, high = schema.get("minimum"), schema.get("maximum")
    return f"{kind} {low}–{high}" if low is not None and high is not None else kind
