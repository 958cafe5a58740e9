"""A run is watched while it lives: from any place on, by many, through whatever happens to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import httpx2
import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from mlrun.api.app import create_app
from mlrun.api.routes import watch
from mlrun.api.routes.watch import told_as
from mlrun.backports import timeout
from mlrun.db.sql import SQLiteRunDB

URL = "/api/v1/projects/p1/runs/u1/watch"
LONGEST_S = 60


class Event(NamedTuple):
    name: str
    id: str
    data: Any


def events_of(text: str) -> list[Event]:
    found = []
    for block in filter(None, text.split("\n\n")):
        if block != ":":
            fields = dict(line.split(": ", 1) for line in block.split("\n"))
            found.append(Event(fields["event"], fields["id"], json.loads(fields["data"])))
    return found


class Watcher:
    """One stream of *app*, and what has come of it."""

    def __init__(self, app: Any, url: str = URL, **headers: str) -> None:
        path, _, query = url.partition("?")
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost")]
            + [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        self.app = app
        self.text = ""
        self.gone = asyncio.Event()
        self.came = asyncio.Condition()
        self.task = asyncio.create_task(self._run())

    @property
    def events(self) -> list[Event]:
        return events_of(self.text)

    async def until(self, holds: Callable[[list[Event]], bool]) -> list[Event]:
        async with timeout(LONGEST_S), self.came:
            await self.came.wait_for(lambda: holds(self.events))
        return self.events

    async def end(self) -> list[Event]:
        async with timeout(LONGEST_S):
            await self.task
        return self.events

    async def _run(self) -> None:
        is_first = True

        async def receive() -> Message:
            nonlocal is_first
            if not is_first:
                await self.gone.wait()
                return {"type": "http.disconnect"}
            is_first = False
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            async with self.came:
                self.text += message.get("body", b"").decode()
                self.came.notify_all()

        await self.app(self.scope, receive, send)


@pytest.fixture
def run(db: Any) -> Any:
    """The live run p1/u1, with five bytes of log."""
    db.store_run({"metadata": {"name": "train"}, "status": {"state": "running"}}, "u1", "p1")
    db.store_log("u1", "p1", b"line\n")
    return db


@pytest.fixture
def another(run: Any) -> Any:
    """The same database, as another process has it."""
    db = SQLiteRunDB(run.url)
    yield db
    db.close()


def watched(run: Any, body: Callable[[Any], Awaitable[None]]) -> None:
    asyncio.run(_limited(body(create_app(run))))


async def _limited(body: Awaitable[None]) -> None:
    async with timeout(2 * LONGEST_S):
        await body


def names(events: list[Event]) -> list[str]:
    return [event.name for event in events]


def test_a_finished_run_is_told_and_ended(client: TestClient, run: Any) -> None:
    run.store_metrics("u1", [{"key": "loss", "value": 0.5}], "p1")
    run.update_run({"status.state": "completed", "status.results.accuracy": 1}, "u1", "p1")

    answer = client.get(URL)

    assert answer.headers["content-type"].startswith("text/event-stream")
    state, log, metrics, end = events_of(answer.text)
    assert (state.name, state.id, state.data["state"]) == ("state", "0-0", "completed")
    assert state.data["results"] == {"accuracy": 1}
    assert log == ("log", "5-0", {"offset": 0, "size": 5, "text": "line\n"})
    assert (metrics.id, metrics.data["offset"]) == ("5-1", 0)
    assert [(row["key"], row["value"]) for row in metrics.data["metrics"]] == [("loss", 0.5)]
    assert end == ("end", "5-1", {"state": "completed"})


@pytest.mark.parametrize("place", ["last-event-id", "offset"])
def test_a_watch_goes_on_where_it_was(client: TestClient, run: Any, place: str) -> None:
    run.store_metrics("u1", [{"key": "loss", "value": value} for value in (3, 2, 1)], "p1")
    run.update_run({"status.state": "completed"}, "u1", "p1")

    if place == "offset":
        answer = client.get(URL, params={"offset": 3, "metrics_offset": 2})
    else:
        answer = client.get(URL, headers={"last-event-id": "3-2"})

    state, log, metrics, _ = events_of(answer.text)
    assert state.id == "3-2"
    assert log.data == {"offset": 3, "size": 2, "text": "e\n"}
    assert metrics.data["offset"] == 2 and [row["value"] for row in metrics.data["metrics"]] == [1]


@pytest.mark.parametrize("mark", ["x", "1", "-1-2", "1-2-3", "9" * 30 + "-1"])
def test_a_mark_that_is_none_is_answered(client: TestClient, run: Any, mark: str) -> None:
    answer = client.get(URL, headers={"last-event-id": mark})

    assert answer.status_code == 400 and "is none of this server's" in answer.text


def test_a_run_that_is_not_there_is_not_found(client: TestClient) -> None:
    assert client.get(URL).status_code == 404


def test_what_another_process_writes_is_seen(run: Any, another: Any) -> None:
    async def body(app: Any) -> None:
        watcher = Watcher(app)
        await watcher.until(lambda events: names(events) == ["state", "log"])

        another.store_log("u1", "p1", b"more\n", append=True)
        await watcher.until(lambda events: events[-1].data.get("text") == "more\n")
        another.store_metrics("u1", [{"key": "loss", "value": 1}], "p1")
        await watcher.until(lambda events: events[-1].name == "metrics")
        another.update_run({"status.state": "completed"}, "u1", "p1")

        events = await watcher.end()
        assert names(events) == ["state", "log", "log", "metrics", "state", "end"]
        assert events[-1].id == "10-1"

    watched(run, body)


def test_a_write_of_this_process_is_seen_at_once(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlrun.api.watches.LOOK_S", 10 * LONGEST_S)

    async def body(app: Any) -> None:
        watcher = Watcher(app)
        await watcher.until(lambda events: names(events) == ["state", "log"])
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost/api/v1") as client:
            await client.post("/projects/p1/logs/u1", content=b"more\n")
            await watcher.until(lambda events: events[-1].data.get("text") == "more\n")
            patch = {"status.state": "error", "status.error": "bad"}
            await client.patch("/projects/p1/runs/u1", json=patch)

        events = await watcher.end()
        assert events[-2].data["error"] == "bad" and events[-1].data == {"state": "error"}

    watched(run, body)


def test_a_live_state_is_told_when_it_changes(run: Any) -> None:
    async def body(app: Any) -> None:
        watcher = Watcher(app)
        await watcher.until(lambda events: names(events) == ["state", "log"])

        run.update_run({"status.results.loss": 0.5}, "u1", "p1")
        (_, _, state) = await watcher.until(lambda events: len(events) == 3)
        assert state.name == "state" and state.data["results"] == {"loss": 0.5}

        run.del_run("u1", "p1")
        assert (await watcher.end())[-1] == ("end", "5-0", {"state": ""})

    watched(run, body)


def test_many_who_watch_read_once(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    plain = run.get_log

    def counted(uid: str, project: str, offset: int, size: int) -> Any:
        reads.append(offset)
        return plain(uid, project, offset, size)

    monkeypatch.setattr(run, "get_log", counted)

    async def body(app: Any) -> None:
        watchers = [Watcher(app) for _ in range(20)]
        for watcher in watchers:
            await watcher.until(lambda events: names(events) == ["state", "log"])
        run.store_log("u1", "p1", b"more\n", append=True)
        for watcher in watchers:
            await watcher.until(lambda events: len(events) == 3)
        run.update_run({"status.state": "completed"}, "u1", "p1")
        for watcher in watchers:
            assert names(await watcher.end()) == ["state", "log", "log", "state", "end"]

    watched(run, body)

    assert reads.count(5) == 1


def test_more_who_watch_than_there_are_threads_hold_nobody_up(run: Any) -> None:
    many = 60  # the thread pool has 40
    for number in range(many):
        run.store_run({"metadata": {"name": "slow"}, "status": {"state": "running"}}, f"s{number}", "p1")
    log, listing = "/api/v1/projects/p1/logs/s0", "/api/v1/projects/p1/runs"

    async def body(app: Any) -> None:
        watchers = [Watcher(app, f"/api/v1/projects/p1/runs/s{number}/watch") for number in range(many)]
        for watcher in watchers:
            await watcher.until(lambda events: names(events) == ["state"])

        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            stored = await client.post(log, content=b"it begins\n")
            listed = await client.get(listing)

        assert (stored.status_code, listed.status_code) == (200, 200)
        assert len(listed.json()["runs"]) == many + 1
        await watchers[0].until(lambda events: names(events) == ["state", "log"])
        for watcher in watchers:
            watcher.gone.set()
            await watcher.end()
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left)

    watched(run, body)


def test_who_leaves_disturbs_nobody_and_leaves_nothing(run: Any) -> None:
    async def body(app: Any) -> None:
        gone, stays = Watcher(app), Watcher(app)
        for watcher in (gone, stays):
            await watcher.until(lambda events: names(events) == ["state", "log"])

        gone.gone.set()
        await gone.end()
        run.update_run({"status.state": "completed"}, "u1", "p1")

        assert names(await stays.end())[-1] == "end"
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left)  # what was being read when the last one left

    watched(run, body)


def test_a_server_that_stops_ends_the_streams(run: Any) -> None:
    async def body(app: Any) -> None:
        watcher = Watcher(app)
        await watcher.until(lambda events: names(events) == ["state", "log"])

        app.state.watches.close()

        assert names(await watcher.end()) == ["state", "log"]
        assert names(await Watcher(app).end()) == []  # its request had come before the server stopped

    watched(run, body)


def test_a_silent_run_has_a_heartbeat(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "HEARTBEAT_S", 0.01)

    async def body(app: Any) -> None:
        watcher = Watcher(app)
        await watcher.until(lambda events: "\n\n:\n\n:\n\n" in watcher.text)
        run.update_run({"status.state": "completed"}, "u1", "p1")
        await watcher.end()

    watched(run, body)


@pytest.mark.parametrize("is_busy", [True, False])
def test_a_login_that_is_not_valid_any_more_ends_the_stream(
    run: Any, another: Any, monkeypatch: pytest.MonkeyPatch, is_busy: bool
) -> None:
    """Also where so much happens that there is never a heartbeat."""
    monkeypatch.setattr(watch, "HEARTBEAT_S", 0.05)
    token, secret = another.create_token()
    _, other = another.create_token()

    async def body(app: Any) -> None:
        watcher, stays = (Watcher(app, authorization=f"Bearer {one}") for one in (secret, other))
        await watcher.until(lambda events: names(events) == ["state", "log"])

        another.revoke_token(token.uid)
        while is_busy and not watcher.task.done():
            run.store_log("u1", "p1", b"more\n", append=True)
            app.state.watches.wrote("u1")
            end = f"{run.get_log_size('u1', 'p1')}-"
            await stays.until(lambda events, end=end: any(one.id.startswith(end) for one in events))

        assert "end" not in names(await watcher.end())
        run.update_run({"status.state": "completed"}, "u1", "p1")
        assert names(await stays.end())[-1] == "end"
        denied = Watcher(app, authorization=f"Bearer {secret}")
        async with timeout(LONGEST_S):
            await denied.task
        assert "a login is needed" in denied.text

    watched(run, body)


def test_a_long_log_comes_in_pieces(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlrun.api.watches.PIECE", 1000)
    text = "grün " * 2000
    run.store_log("u1", "p1", text)

    async def body(app: Any) -> None:
        watcher = Watcher(app)
        await watcher.until(lambda events: bool(events) and events[-1].id.startswith("12000"))
        run.update_run({"status.state": "completed"}, "u1", "p1")

        logs = [event.data for event in await watcher.end() if event.name == "log"]
        assert "".join(log["text"] for log in logs) == text and len(logs) > 10

    watched(run, body)


@pytest.mark.parametrize(
    ("piece", "is_last", "told"),
    [
        (b"abc", False, (b"abc", {"text": "abc"})),
        ("é".encode(), False, ("é".encode(), {"text": "é"})),
        (b"a\xc3", False, (b"a", {"text": "a"})),
        (b"a\xc3", True, (b"a\xc3", {"base64": "YcM="})),
        (b"a\xffb", False, (b"a\xffb", {"base64": "Yf9i"})),
    ],
)
def test_bytes_that_are_no_text_are_told_too(piece: bytes, is_last: bool, told: Any) -> None:
    assert told_as(piece, is_last) == told


def test_a_child_is_watched_by_its_iteration(client: TestClient, run: Any) -> None:
    run.store_run({"status": {"state": "completed", "results": {"x": 2}}}, "u1", "p1", iter=2)
    run.store_metrics("u1", [{"key": "loss", "value": 1}], "p1", iter=2)

    events = events_of(client.get(f"{URL}?iter=2").text)

    assert names(events) == ["state", "log", "metrics", "end"] and events[0].data["results"] == {"x": 2}
