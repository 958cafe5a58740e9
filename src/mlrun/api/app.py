"""The application: addresses, the gate before them, and an answer to whatever goes wrong."""

from __future__ import annotations

import asyncio
import functools
import re
import time
from collections.abc import Awaitable, Callable
from typing import cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from mlrun.api.access import Access, Caller
from mlrun.api.answers import accident, refusal
from mlrun.api.builds import Builds
from mlrun.api.codec import Call, House, Rule
from mlrun.api.gate import CALLER, STILL_LET_IN, Gate
from mlrun.api.heads import Heads
from mlrun.api.limited import LimitedDB
from mlrun.api.limits import BODY_S, MOST_BYTES, MOST_KEY, MOST_SMALL
from mlrun.api.measures import Measures
from mlrun.api.needs import refuse_unless
from mlrun.api.once import Once
from mlrun.api.places import places_for
from mlrun.api.reference import Reference
from mlrun.api.router import PathRouter, Paths
from mlrun.api.routes import V1, V2
from mlrun.api.routes.unbuilt import unbuilt
from mlrun.api.watches import Watches
from mlrun.api.writer import Writer
from mlrun.backports import timeout
from mlrun.db.base import RunDB
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBadRequestError,
    MLRunBaseError,
    MLRunMethodNotAllowedError,
    MLRunNotFoundError,
    MLRunTimeoutError,
)
from mlrun.service.acting import Service

_PREFIX = re.compile(r"/api/(v[12]/)?")
_NO_ACCESS = Access()
# where load balancers and others look
_AT_THE_ROOT = ("/healthz", "/healthz/ready", "/metrics", "/openapi.json", "/docs")


def create_app(
    db: RunDB,
    access: Access = _NO_ACCESS,
    allowed_paths: tuple[str, ...] = (),
    most_bytes: int = MOST_BYTES,
    service: Service | None = None,
) -> Starlette:
    """
    The API over *db*, as an ASGI application.

    Args:
        access: Who may; by default everybody who calls it by a name of the loopback.
        allowed_paths: Folders and beginnings of addresses (``s3://bucket/``) that files are given from.
        most_bytes: Of one request's body; a longer one is refused with 413.
        service: What starts runs and fires schedules; who made it starts and stops it. By default they are
            records only.

    Example::

        uvicorn.run(create_app(get_run_db("./").connect()), port=8080)
    """
    writer = Writer(db) if db.takes_turns else None
    shared = (Once(), Measures(), Watches(db), Reference(V1, V2), Builds(db), writer)
    house = House(db, service or Service(db), allowed_paths, *shared)
    at_the_root = tuple(rule for rule in V1 if rule.path in _AT_THE_ROOT)
    paths = Paths()
    for prefix, rules in (("/api/v2", V2), ("/api/v1", V1), ("/api", V1), ("", at_the_root)):
        for rule in rules:
            for path in (rule.path, *rule.also):
                paths.add(rule.method, prefix + path, _endpoint(rule, house, most_bytes))
    app = Starlette(middleware=[Middleware(Gate, access=access, db=db), Middleware(Heads)])
    app.router = PathRouter(paths, _no_address)
    app.state.watches, app.state.builds = house.watches, house.builds
    return app


def _endpoint(rule: Rule, house: House, most_bytes: int) -> Callable[[Request], Awaitable[Response]]:
    """*rule*'s handler in a thread, after the body has come; every error becomes an answer."""

    async def endpoint(request: Request) -> Response:
        caller: Caller = request.scope[CALLER]
        try:
            asked = request.query_params.get("project", "")
            refuse_unless(caller, request.method, rule.path, request.path_params, asked)
            body = await _body(request, most_bytes)
        except MLRunAccessDeniedError as error:
            return refusal(error)
        except _TooLong as error:
            return refusal(MLRunBadRequestError(str(error)), 413)
        except asyncio.TimeoutError:
            return refusal(MLRunTimeoutError(f"the body did not arrive within {BODY_S} s"), 408)
        except ClientDisconnect:
            return Response(status_code=400)  # to nobody
        path = request.scope["path"]
        room = _house_of(caller, house)
        sent = (request.path_params, request.query_params, request.headers, body)
        call = Call(room, rule, path, *sent, caller, request.scope[STILL_LET_IN])
        begun = time.perf_counter()
        answer = await _answered(rule, call)
        if rule.method != "GET":
            house.watches.wrote(request.path_params.get("uid", ""))
        house.measures.add(rule.method, rule.path, answer.status_code, time.perf_counter() - begun)
        return answer

    return endpoint


def _house_of(caller: Caller, house: House) -> House:
    """*house*, as far as it is there for *caller*."""
    places = places_for(house.allowed_paths, caller.projects)
    if caller.projects is None:
        return house._replace(allowed_paths=places)
    return house._replace(allowed_paths=places, db=cast(RunDB, LimitedDB(house.db, caller.projects)))


async def _answered(rule: Rule, call: Call) -> Response:
    key = "" if rule.method == "GET" else call.headers.get("idempotency-key", "")
    if len(key) > MOST_KEY:
        text = f"an idempotency-key has at most {MOST_KEY} characters; this one has {len(key)}"
        return refusal(MLRunBadRequestError(text))
    house, work = call.house, functools.partial(_answer, rule, call)
    name = f"{call.caller.name} {rule.method} {call.address} {key}" if key else ""
    if house.writer and rule.is_one_write and len(call.body) <= MOST_SMALL:
        return await _written(house.writer, house.once, name, work)
    return await (run_in_threadpool(house.once.answer, name, work) if key else run_in_threadpool(work))


async def _written(writer: Writer, once: Once, name: str, work: Callable[[], Response]) -> Response:
    """The answer of *work*, remembered by *name* when it is on the disk."""
    answer = once.known(name) if name else None
    if answer is None:
        answer = await writer.do(work)
        if name:
            once.keep(name, answer)
    return answer


def _answer(rule: Rule, call: Call) -> Response:
    try:
        call.check()
        return rule.answer(call)
    except MLRunBaseError as error:
        return refusal(error)
    except Exception as error:
        return accident(error, f"{rule.method} {rule.path}")


class _TooLong(Exception):
    """A body that is longer than the server takes."""


async def _body(request: Request, most: int) -> bytes:
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most:
        raise _TooLong(f"the body has {told} bytes; {most} are taken at once")
    if not told and "transfer-encoding" not in request.headers:
        return b""
    parts: list[bytes] = []
    size = 0
    async with timeout(BODY_S):
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise _TooLong(f"the body has more than {most} bytes; no more are taken at once")
            parts.append(part)
    return b"".join(parts)


def _no_address(request: Request, methods: list[str]) -> Response:
    """What the router did not find, or not for this method."""
    path = request.scope["path"]
    prefix = _PREFIX.match(path)
    if prefix and (later := unbuilt(path[prefix.end() :])):
        return refusal(later)
    if methods:
        text = f"{path} does not take {request.method}"
        return refusal(MLRunMethodNotAllowedError(text), headers={"allow": ", ".join(methods)})
    return refusal(MLRunNotFoundError(f"there is no address {path}"))
