"""Asking a server to run what it has the records of."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from mlrun.db.http import HTTPRunDB
from mlrun.errors import MLRunInvalidArgumentTypeError, MLRunNotFoundError
from mlrun.model.task import new_task

ANSWER = {"data": {"metadata": {"uid": "1"}, "status": {"state": "pending"}}}


class Answering(BaseHTTPRequestHandler):
    """Keeps what it is asked, and answers as it is told."""

    asked: list[tuple[str, Any]]
    answer: tuple[int, Any]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.asked.append((self.path, json.loads(body)))
        text = json.dumps(self.answer[1]).encode()
        self.send_response(self.answer[0])
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: Any) -> None:
        """Nothing on standard error."""


@pytest.fixture
def answering() -> type[Answering]:
    return type("Answering", (Answering,), {"asked": [], "answer": (200, ANSWER)})


@pytest.fixture
def remote(answering: type[Answering]) -> Iterator[HTTPRunDB]:
    server = HTTPServer(("127.0.0.1", 0), answering)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    db = HTTPRunDB(f"http://127.0.0.1:{server.server_port}")
    yield db
    db.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_task_is_sent_as_mlrun_sends_it(remote: HTTPRunDB, answering: type[Answering]) -> None:
    task = new_task("train", params={"p1": 5})

    found = remote.submit_job(task)

    assert found == ANSWER["data"]
    assert answering.asked == [("/api/v1/submit_job", {"task": task.to_dict()})]


@pytest.mark.parametrize("schedule", ["0 * * * *", {"minute": "0"}])
def test_a_schedule_stands_beside_it(remote: HTTPRunDB, answering: type[Answering], schedule: Any) -> None:
    remote.submit_job({"metadata": {"name": "train"}}, schedule)

    assert answering.asked[0][1] == {"task": {"metadata": {"name": "train"}}, "schedule": schedule}


def test_what_the_server_refuses_is_raised(remote: HTTPRunDB, answering: type[Answering]) -> None:
    answering.answer = 404, {"detail": {"reason": "MLRunNotFoundError('no function iris/train')"}}

    with pytest.raises(MLRunNotFoundError, match="no function iris/train"):
        remote.submit_job({})


def test_what_is_no_task_is_not_sent(remote: HTTPRunDB, answering: type[Answering]) -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match="a task is a dictionary"):
        remote.submit_job("train")

    assert answering.asked == []


def test_a_sweep_is_gone_on_with_by_the_server(remote: HTTPRunDB, answering: type[Answering]) -> None:
    found = remote.resubmit_run("3f2a", "iris", {"TOKEN": "abc"})

    assert found == ANSWER["data"]
    assert answering.asked == [("/api/v1/projects/iris/runs/3f2a/resubmit", {"secrets": {"TOKEN": "abc"}})]
