"""The thin baseline: the same SQL by the driver alone, orjson, bare Starlette. No access, no checks, no audit.

Run by uvicorn as `bench.baseline:app`, with `BENCH_DATABASE` a SQLite path or a psycopg connection string and
`BENCH_OWNER` the record id of the one whose rows are listed.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import Any

import orjson
from psycopg.rows import tuple_row
from psycopg_pool import ConnectionPool
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dougong_runtime.names import uuid7

DATABASE = os.environ["BENCH_DATABASE"]
OWNER = os.environ["BENCH_OWNER"]
POSTGRESQL = DATABASE.startswith("postgresql")
MARK = "%s" if POSTGRESQL else "?"

COLUMNS = "id, version, created_at, created_by, updated_at, updated_by, name, shelf, owner, kind, quantity, price, value, stored_at"
NAMES = [c.strip() for c in COLUMNS.split(",")]
WHERE = f"deleted_at IS NULL AND owner = {MARK} AND kind = {MARK} AND price >= {MARK}"
LIST = f"SELECT {COLUMNS} FROM bench__item WHERE {WHERE} ORDER BY stored_at DESC NULLS LAST, id DESC LIMIT 51"
COUNT = f"SELECT count(*) FROM (SELECT 1 FROM bench__item WHERE {WHERE} LIMIT 10001) AS n"
LIST_ALL = LIST.replace(f"owner = {MARK} AND ", "")
COUNT_ALL = COUNT.replace(f"owner = {MARK} AND ", "")
DEEP = (
    f"SELECT {COLUMNS} FROM bench__item WHERE deleted_at IS NULL AND owner = {MARK}"
    f" ORDER BY stored_at DESC NULLS LAST, id DESC LIMIT 51 OFFSET {MARK}"
)
READ = f"SELECT {COLUMNS} FROM bench__item WHERE id = {MARK} AND deleted_at IS NULL"
AGGREGATE = f"SELECT kind, count(*), sum(value) FROM bench__item WHERE deleted_at IS NULL AND owner = {MARK} GROUP BY kind ORDER BY kind"
CREATE = (
    "INSERT INTO bench__item (id, version, created_at, updated_at, name, shelf, owner, kind, quantity, price, value)"
    f" VALUES ({', '.join([MARK] * 11)})"
)

_local = threading.local()
_pool = ConnectionPool(DATABASE, min_size=4, max_size=16, open=True) if POSTGRESQL else None


def rows(statement: str, parameters: tuple[Any, ...]) -> list[Any]:
    """What a statement gives."""
    if _pool is not None:
        with _pool.connection() as connection:
            return connection.cursor(row_factory=tuple_row).execute(statement, parameters).fetchall()
    return _sqlite().execute(statement, parameters).fetchall()


def execute(statement: str, parameters: tuple[Any, ...]) -> None:
    """Write, and commit."""
    if _pool is not None:
        with _pool.connection() as connection:
            connection.execute(statement, parameters)
        return
    connection = _sqlite()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(statement, parameters)
    connection.execute("COMMIT")


def _sqlite() -> sqlite3.Connection:
    found: sqlite3.Connection | None = getattr(_local, "connection", None)
    if found is None:
        found = _local.connection = sqlite3.connect(DATABASE, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000"):
            found.execute("PRAGMA " + pragma)
    return found


def answer(value: Any, status: int = 200) -> Response:
    """JSON; decimals as text."""
    return Response(orjson.dumps(value, default=str), status, media_type="application/json")


async def list_(request: Request) -> Response:
    """Fifty items of the owner by filter and sort, with their number."""
    return await run_in_threadpool(lambda: _listed(request, LIST, COUNT, (OWNER,)))


async def list_all(request: Request) -> Response:
    """The same of everybody's."""
    return await run_in_threadpool(lambda: _listed(request, LIST_ALL, COUNT_ALL, ()))


def _listed(request: Request, list_: str, count: str, first: tuple[str, ...]) -> Response:
    q = request.query_params
    least = q["least"] if POSTGRESQL else int(q["least"]) * 100
    parameters = (*first, q["kind"], least)
    found, counted = rows(list_, parameters), rows(count, parameters)[0][0]
    return answer({"items": [dict(zip(NAMES, r, strict=True)) for r in found[:50]], "count": counted})


async def deep(request: Request) -> Response:
    """Fifty items far down, by OFFSET, without a count."""

    def work() -> Response:
        found = rows(DEEP, (OWNER, int(request.query_params["offset"])))
        return answer({"items": [dict(zip(NAMES, r, strict=True)) for r in found[:50]]})

    return await run_in_threadpool(work)


async def read(request: Request) -> Response:
    """One item."""

    def work() -> Response:
        found = rows(READ, (request.path_params["id"],))
        return answer(dict(zip(NAMES, found[0], strict=True)))

    return await run_in_threadpool(work)


async def create(request: Request) -> Response:
    """One item more, in its table only."""
    body = orjson.loads(await request.body())

    def work() -> Response:
        id_ = uuid7()
        price = body["price"] if POSTGRESQL else int(float(body["price"]) * 100)
        now = "2026-03-02T02:00:00.000000Z"
        execute(
            CREATE,
            (
                id_,
                1,
                now,
                now,
                body["name"],
                body["shelf"],
                OWNER,
                body["kind"],
                body["quantity"],
                price,
                price,
            ),
        )
        return answer({"id": id_}, 201)

    return await run_in_threadpool(work)


async def aggregate(_: Request) -> Response:
    """Figures by kind."""
    return answer([list(r) for r in await run_in_threadpool(rows, AGGREGATE, (OWNER,))])


app = Starlette(
    routes=[
        Route("/list", list_),
        Route("/list_all", list_all),
        Route("/deep", deep),
        Route("/items/{id}", read),
        Route("/items", create, methods=["POST"]),
        Route("/aggregate", aggregate),
    ]
)
