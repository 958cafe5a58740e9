"""Builds in the background of a server."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.api.builds import Builds
from mlrun.db import get_run_db
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotImplementedServerError
from mlrun.runtimes.building import BuildRequest

SAFE = BuildRequest()


@pytest.fixture
def builds(db: Any) -> Iterator[Builds]:
    builds = Builds(db)
    yield builds
    builds.close()


def function(*commands: str, name: str = "train") -> dict[str, Any]:
    fn = mlrun.new_function(name, "iris", kind="job")
    return fn.build_config(commands=list(commands) or None).to_dict()


def state(db: Any, name: str = "train") -> str:
    return str(db.get_function(name, "iris")["status"]["state"])


def until(claim: Callable[[], Any], timeout_s: float = 120) -> Any:
    end = time.monotonic() + timeout_s
    while not (found := claim()):
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)
    return found


def test_a_build_goes_on_after_the_answer(builds: Builds, db: Any) -> None:
    stored, is_ready = builds.start(function("true"), SAFE)

    assert (stored["status"]["state"], is_ready) == ("pending", False)
    until(lambda: db.get_function("train", "iris")["spec"].get("image", "").startswith("environment:"))
    assert state(db) == "ready"


def test_an_image_that_is_there_needs_no_build(builds: Builds, db: Any) -> None:
    builds.start(function("true"), SAFE)
    until(lambda: "image" in db.get_function("train", "iris")["spec"])

    stored, is_ready = builds.start(function("true"), BuildRequest(skip_deployed=True))

    assert is_ready and stored["spec"]["image"] == db.get_function("train", "iris")["spec"]["image"]


def test_what_fails_is_recorded(builds: Builds, db: Any) -> None:
    builds.start(function("echo no such luck; exit 3"), SAFE)

    until(lambda: state(db) == "error")
    assert "exit code 3:\nno such luck" in db.get_function("train", "iris")["status"]["error"]


def test_what_is_wrong_is_said_at_once(builds: Builds, db: Any) -> None:
    wrong = function("true")
    wrong["spec"]["build"]["image"] = "No Such"
    with pytest.raises(MLRunInvalidArgumentError, match="can not name an image"):
        builds.start(wrong, SAFE)
    with pytest.raises(MLRunInvalidArgumentError, match="kind 'local' runs in the Python of its machine"):
        builds.start({"kind": "local", "metadata": {"name": "x"}}, SAFE)
    with pytest.raises(MLRunNotImplementedServerError, match="'nuclio' function is not built yet"):
        builds.start({"kind": "nuclio", "metadata": {"name": "x"}}, SAFE)

    assert db.list_functions() == []


def test_two_at_once_and_the_others_wait(builds: Builds, db: Any, tmp_path: Path) -> None:
    command = f"echo x >> {tmp_path}/begun; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"
    for name in ("a", "b", "c"):
        builds.start(function(f"{command}; echo {name}", name=name), SAFE)
    until(lambda: (tmp_path / "begun").exists() and (tmp_path / "begun").read_text() == "x\nx\n")

    assert sorted(state(db, name) for name in "abc") == ["building", "building", "pending"]

    (tmp_path / "go").touch()
    until(lambda: [state(db, name) for name in "abc"] == ["ready"] * 3)


def test_builds_of_a_server_that_stops_end_with_an_error(db: Any, tmp_path: Path) -> None:
    builds = Builds(db)
    for name in ("a", "b", "c"):
        builds.start(function(f"touch {tmp_path}/begun; sleep 60", name=name), SAFE)
    until((tmp_path / "begun").exists)

    builds.close()

    assert [state(db, name) for name in "abc"] == ["error"] * 3
    assert "the build was stopped" in db.get_function("c", "iris")["status"]["error"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_build_that_ended_with_its_server_is_known_to_the_next(
    start_server: Any, number: int, tmp_path: Path
) -> None:
    words = ("mlrun", "db", "-p", "0", "-d", "served")
    first = start_server(*words)
    fn = mlrun.new_function("train", "iris", kind="job").with_commands(["echo pid $$; sleep 60"])
    db: Any = get_run_db(first.url)
    assert not fn.set_db_connection(db).deploy(watch=False)
    said = until(lambda: re.search(r"^pid (\d+)$", db.get_builder_status(fn).text, re.MULTILINE))

    first.end(number)
    second = get_run_db(start_server(*words).url)

    status = second.get_function("train", "iris")["status"]
    assert status["state"] == "error"
    assert ("is gone" if number == signal.SIGKILL else "the build was stopped") in status["error"]
    until(lambda: not os.path.exists(f"/proc/{said[1]}"))
