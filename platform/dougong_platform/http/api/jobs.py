"""Jobs: how far they are, and what they made. Each is for the person who started it."""

from __future__ import annotations

from starlette.responses import FileResponse, Response
from starlette.routing import Route

from dougong_platform.http import parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.endpoint import Call, reads
from dougong_platform.http.jobs.runner import Jobs
from dougong_platform.http.problem_types import VIEWING_AS
from dougong_platform.http.viewer import asker_of, authorise
from dougong_runtime.errors import refuse

MEDIA_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".json": "application/json",
}


def jobs_of(call: Call) -> Jobs:
    """The jobs of the process."""
    jobs: Jobs = call.request.app.state.jobs
    return jobs


def list_jobs(call: Call) -> Response:
    """`GET /api/v1/jobs`: the caller's, newest first."""
    parameters.parameters(call.request)
    return json_answer({"items": jobs_of(call).mine(call.connection, call.viewer)})


def get_job(call: Call) -> Response:
    """`GET /api/v1/jobs/{id}`: state, progress, and once done `result_url`."""
    parameters.parameters(call.request)
    return json_answer(jobs_of(call).get(call.connection, call.viewer, call.path("id")))


def cancel_job(call: Call) -> Response:
    """`POST /api/v1/jobs/{id}/cancel`: ask that it end; what it has done is undone. It waits for no writer."""
    parameters.parameters(call.request)
    authorise(asker_of(call.site, call.request, call.connection), writes=True)
    return json_answer(jobs_of(call).cancel(call.connection, call.viewer, call.path("id")), 202)


def get_result(call: Call) -> Response:
    """`GET /api/v1/jobs/{id}/result`: the file. Not while viewing as another: that is for looking, not for taking."""
    parameters.parameters(call.request)
    if call.viewer.acting_for is not None:
        raise refuse(VIEWING_AS, person=call.viewer.username)
    path, name = jobs_of(call).result(call.connection, call.viewer, call.path("id"))
    return FileResponse(
        path, media_type=MEDIA_TYPES.get(path.suffix, "application/octet-stream"), filename=name
    )


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    return [
        Route(prefix + "/jobs", reads(list_jobs), methods=["GET"]),
        Route(prefix + "/jobs/{id}", reads(get_job), methods=["GET"]),
        Route(prefix + "/jobs/{id}/cancel", reads(cancel_job), methods=["POST"]),
        Route(prefix + "/jobs/{id}/result", reads(get_result), methods=["GET"]),
    ]
