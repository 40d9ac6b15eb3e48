"""The query of an address: read into its model, and described for OpenAPI."""

from typing import Any, TypeVar, get_origin

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

Query = TypeVar("Query", bound=BaseModel)


def read_query(request: Request, model: type[Query]) -> Query:
    """The query of an address as its model, numbers from text; of what is repeated the last counts. Raises
    RequestValidationError.

    FastAPI does the same from a parameter of the route, but works out the types of all fields anew at every request.
    """
    given: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        field = model.model_fields.get(name)
        if field is not None and get_origin(field.annotation) is list:
            given.setdefault(name, []).append(value)
        else:
            given[name] = value
    try:
        return model.model_validate(given, strict=False)
    except ValidationError as error:
        raise RequestValidationError([{**e, "loc": ("query", *e["loc"])} for e in error.errors(include_url=False)]) from None


def query_parameters(model: type[BaseModel]) -> dict[str, Any]:
    """The fields of a query as OpenAPI wants them of a route (`openapi_extra`), required ones first."""
    schema = model.model_json_schema()
    required = schema.get("required", ())
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": name in required,
                "schema": described,
                **({"description": described["description"]} if "description" in described else {}),
            }
            for name, described in sorted(schema["properties"].items(), key=lambda item: item[0] not in required)
        ]
    }
