"""Several processes at one port: they take turns in dying, and leave together."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mlrun.api.access import Access
from mlrun.api.server import Served, listen
from mlrun.api.workers import Workers
from mlrun.db import get_run_db

COUNT = 3
LONGEST_S = 120
SLOWLY = threading.Event()  # nobody sets it: a condition is looked at again after a moment


@pytest.fixture(params=["sqlite", "postgresql"])
def server(start_server: Any, request: pytest.FixtureRequest) -> Any:
    if request.param == "postgresql":
        os.environ["MLRUN_HTTPDB__DSN"] = request.getfixturevalue("postgres").new_database()
        return start_server("mlrun", "db", "-p", "0", "--workers", str(COUNT))
    return start_server("mlrun", "db", "-p", "0", "--workers", str(COUNT), "-d", "served")


def children(pid: int) -> list[int]:
    """Processes that *pid* has started and that have not ended."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal() and _parent_of(name) == pid:
            found.append(int(name))
    return sorted(found)


def wait_for(condition: Callable[[], Any]) -> Any:
    deadline = threading.Timer(LONGEST_S, lambda: None)
    deadline.start()
    while not (found := condition()):
        assert deadline.is_alive(), "it did not come to that"
        SLOWLY.wait(0.02)
    deadline.cancel()
    return found


def serving(server: Any) -> list[int]:
    """The workers, once each can answer."""
    answered: set[str] = set()

    def are_all() -> bool:
        with httpx2.Client(timeout=LONGEST_S) as client:
            answered.add(client.get(f"{server.url}/healthz").json()["status"])
        return len(children(server.process.pid)) == COUNT

    wait_for(are_all)
    assert answered == {"ok"}
    return children(server.process.pid)


def test_many_clients_lose_nothing(server: Any) -> None:
    """Each writes and reads what it has written, by whichever worker."""
    wrong: list[str] = []

    def work(number: int) -> None:
        for step in range(10):
            with httpx2.Client(base_url=f"{server.url}/api/v1/projects/p1", timeout=LONGEST_S) as client:
                client.post(f"/runs/{number}-{step}", json={"metadata": {"name": "train"}})
                client.post(f"/logs/{number}", content=b"x", headers={"idempotency-key": f"{number}-{step}"})
            with httpx2.Client(base_url=f"{server.url}/api/v1/projects/p1", timeout=LONGEST_S) as client:
                answer = client.get(f"/runs/{number}-{step}")
                wrong.extend([answer.text] if answer.status_code != 200 else [])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong
    with httpx2.Client(base_url=f"{server.url}/api/v1/projects/p1", timeout=LONGEST_S) as client:
        assert len(client.get("/runs").json()["runs"]) == 40
        assert [client.get(f"/logs/{number}").text for number in range(4)] == ["x" * 10] * 4
    assert server.end() == (0, "")


def test_a_worker_that_dies_is_replaced_and_the_others_go_on(server: Any) -> None:
    first = serving(server)

    os.kill(first[0], signal.SIGKILL)

    def is_replaced() -> bool:
        now = children(server.process.pid)
        return len(now) == COUNT and first[0] not in now

    wait_for(is_replaced)
    assert set(first[1:]) < set(children(server.process.pid))
    assert httpx2.get(f"{server.url}/healthz", timeout=LONGEST_S).status_code == 200
    code, said = server.end()
    assert code == 0
    assert re.search(rf"\[error\] worker \d \(pid {first[0]}\) ended with -9; another one follows", said)


def test_a_worker_that_dies_before_it_knows_what_to_serve_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dies = "import select; select.select([0], [], [])"  # when it was told, and without having read it
    script, python = tmp_path / "python", sys.executable
    script.write_text(
        f"#!/bin/sh\n[ -e died ] && exec {python} \"$@\"\ntouch died\nexec {python} -c '{dies}'\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    is_ready = threading.Event()
    with listen("127.0.0.1", 0) as listener:
        workers = Workers(Served(get_run_db("./served"), Access(), (), listener), is_ready.set)
        serving = threading.Thread(target=workers.run)
        serving.start()

        came_so_far = is_ready.wait(LONGEST_S)

        workers.stop()
        serving.join()
    assert came_so_far
    assert "ended with 0; another one follows" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_process_is_left_after_a_signal(server: Any, number: int) -> None:
    workers = serving(server)

    assert server.end(number) == (0, "")
    assert not [pid for pid in workers if is_alive(pid)]


def test_a_watched_run_does_not_hold_workers_that_stop(start_server: Any) -> None:
    """Its stream ends at once, and not after the seconds that requests are given to be finished."""
    server = start_server("mlrun", "db", "-p", "0", "--workers", "2", "-d", "served")
    url = f"{server.url}/api/v1/projects/p1/runs/u1"
    with httpx2.Client(timeout=LONGEST_S) as client, contextlib.ExitStack() as open_streams:
        client.post(url, json={"status": {"state": "running"}}).raise_for_status()
        streams = []
        for _ in range(8):  # whichever workers take them
            answer = open_streams.enter_context(client.stream("GET", f"{url}/watch"))
            streams.append(answer.iter_lines())
            assert next(streams[-1]) == "event: state"
        workers = children(server.process.pid)

        server.process.send_signal(signal.SIGTERM)

        assert not [line for lines in streams for line in lines if line == "event: end"]
        assert server.process.communicate(timeout=LONGEST_S)[1] == ""  # as there was nothing to cancel
    assert server.process.returncode == 0
    assert not [pid for pid in workers if is_alive(pid)]


def test_workers_notice_that_their_parent_was_killed(server: Any) -> None:
    workers = serving(server)

    server.process.kill()

    wait_for(lambda: not [pid for pid in workers if is_alive(pid)])


def test_passwords_are_on_no_command_line(start_server: Any) -> None:
    os.environ["MLRUN_HTTPDB__TOKEN"] = "s3cr3t-of-the-settings"
    server = start_server("mlrun", "db", "-p", "0", "--workers", "2", "-d", "served")
    (worker, *_) = wait_for(lambda: children(server.process.pid))

    with open(f"/proc/{worker}/cmdline") as file:
        assert "s3cr3t" not in file.read()
    right = {"authorization": "Bearer s3cr3t-of-the-settings"}
    url = f"{server.url}/api/v1/projects"
    assert httpx2.get(url, headers=right, timeout=LONGEST_S).status_code == 200
    assert httpx2.get(url, timeout=LONGEST_S).status_code == 401


def test_a_revoked_token_ends_in_every_worker(start_server: Any) -> None:
    db: Any = get_run_db("./served")
    token, secret = db.create_token()
    server = start_server("mlrun", "db", "-p", "0", "--workers", "2", "-d", "served")

    def statuses() -> set[int]:
        url = f"{server.url}/api/v1/projects"
        headers = {"authorization": f"Bearer {secret}", "connection": "close"}
        return {httpx2.get(url, headers=headers, timeout=LONGEST_S).status_code for _ in range(8)}

    assert statuses() == {200}
    db.revoke_token(token.uid)

    wait_for(lambda: statuses() == {401})


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"  # one that nobody has waited for
    except OSError:
        return False


def _parent_of(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat") as file:
            state, parent = file.read().rpartition(")")[2].split()[:2]
    except OSError:
        return 0
    return 0 if state == "Z" else int(parent)
