"""Liveness, readiness in stages, metrics."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from web.problems import encode_json
from web.responding import documented
from web.schemas import LiveOut, ReadyOut
from web.site import site_of

router = APIRouter(tags=["operation"])


def _only(status: int) -> dict[int | str, dict[str, object]]:
    described = documented(tagged=False)
    return {code: value for code, value in described.items() if code in (200, status)}


@router.get("/health/live", response_model=LiveOut, responses=_only(200), operation_id="live")
def live() -> Response:
    """Whether the process runs."""
    return Response(encode_json({"status": "live"}), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/health/ready", response_model=ReadyOut, responses=_only(503), operation_id="ready")
def ready(request: Request) -> Response:
    """Whether an index is open: `lexical` answers by words alone until the model is loaded, then `full`."""
    site = site_of(request)
    info = site.engine().info
    body = {
        "status": "ready",
        "stage": "lexical" if info.degraded else "full",
        "degraded": info.degraded,
        "generation": info.generation,
        "built_at": info.built_at,
        "problem": site.readiness.problem,
    }
    return Response(encode_json(body), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus text format", "content": {"text/plain": {"schema": {"type": "string"}}}}},
    operation_id="metrics",
)
def metrics(request: Request) -> Response:
    """Counters and times for Prometheus; never what was asked."""
    site = site_of(request)
    site.measure()
    return Response(site.metrics.render(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
