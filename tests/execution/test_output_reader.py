"""A reader keeps to what it was told, whatever comes at once and whoever is gone."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from mlrun.execution.capture import LogWriter
from mlrun.execution.output_reader import OutputReader
from mlrun.secrets import Masker


class Side:
    """Where output comes from, and a reader in a thread; *shown* is what it passes on."""

    def __init__(self, db: Any) -> None:
        self.masker = Masker()
        self.shown = b""
        self.is_over = threading.Event()
        output, self.pipe = os.pipe()
        control, self.link = socket.socketpair()

        def open_log(uid: str, project: str, banner: str) -> LogWriter:
            return LogWriter(db, uid, project, banner, self.masker)

        self._reader = OutputReader(output, control, open_log, self.show, self.masker, self.is_over.is_set)
        self._thread = threading.Thread(target=self._reader.run)

    def start(self) -> None:
        self._thread.start()

    def show(self, data: bytes) -> None:
        self.shown += data

    def write(self, data: bytes) -> None:
        os.write(self.pipe, data)

    def tell(self, *message: str) -> None:
        self.link.sendall(json.dumps(message).encode() + b"\n")

    def ask(self, *message: str) -> None:
        self.tell(*message)
        assert self.link.recv(1) == b"."

    def end(self) -> None:
        """As a process that ends."""
        for close in (lambda: os.close(self.pipe), self.link.close):
            if self._thread.is_alive():
                close()
        self._thread.join(60)
        assert not self._thread.is_alive()


@pytest.fixture
def side(db: Any) -> Iterator[Side]:
    db.store_run({"metadata": {"name": "t", "uid": "u1"}, "status": {"state": "running"}}, "u1")
    made = Side(db)
    yield made
    made.link.close()


def log(db: Any) -> bytes:
    return bytes(db.get_log("u1")[1])


def test_what_is_written_before_and_after_a_run_is_passed_on_only(side: Side, db: Any) -> None:
    side.start()
    side.write(b"before ")
    side.ask("begin", "u1", "default", "")
    side.write(b"inside ")
    side.ask("end")
    side.write(b"after")
    side.end()

    assert (side.shown, log(db)) == (b"before inside after", b"inside ")


def test_what_is_told_is_done_in_its_order(side: Side, db: Any) -> None:
    side.start()
    side.ask("begin", "u1", "default", "> iteration 1")
    side.write(b"printed\n")
    side.tell("text", "told\n")
    side.tell("text", "told again\n")
    side.ask("end")
    side.end()

    assert log(db) == b"> iteration 1\nprinted\ntold\ntold again\n"


def test_a_secret_is_known_before_what_is_printed_then(side: Side, db: Any) -> None:
    side.start()
    side.ask("begin", "u1", "default", "")
    side.tell("secret", "s3cr3t")
    side.write(b"one s3cr")
    side.write(b"3t two")
    side.ask("end")
    side.end()

    assert log(db) == b"one *** two"


def test_a_message_may_come_in_pieces(side: Side, db: Any) -> None:
    side.start()
    side.ask("begin", "u1", "default", "")
    for piece in (b'["text", "to', b'ld"', b"]\n"):
        side.link.sendall(piece)
    side.ask("end")
    side.end()

    assert log(db) == b"told"


def test_who_dies_in_the_middle_leaves_a_whole_log(side: Side, db: Any) -> None:
    side.start()
    side.ask("begin", "u1", "default", "")
    side.write(b"last words")
    side.tell("text", " and why")
    side.end()

    assert log(db) == b"last words and why"


def test_output_that_is_left_open_is_not_waited_for(side: Side, db: Any) -> None:
    side.start()
    side.ask("begin", "u1", "default", "")
    side.write(b"last words")
    side.link.close()
    side.is_over.set()
    side._thread.join(60)

    assert not side._thread.is_alive()
    assert log(db) == b"last words"
    os.close(side.pipe)


def test_closed_output_is_no_end_of_the_run(side: Side, db: Any) -> None:
    side.start()
    side.ask("begin", "u1", "default", "")
    os.close(side.pipe)
    side.tell("text", "told")
    side.ask("end")
    side.link.close()
    side._thread.join(60)

    assert log(db) == b"told"


def test_the_log_goes_on_where_output_can_not_be_passed_on(
    side: Side, db: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(data: bytes) -> None:
        raise BrokenPipeError("nobody reads")

    monkeypatch.setattr(side._reader, "_pass_on", refuse)
    side.start()
    side.ask("begin", "u1", "default", "")
    side.write(b"one ")
    side.tell("text", "")
    side.write(b"two")
    side.ask("end")
    side.end()

    assert log(db) == b"one two"
    assert capsys.readouterr().err.count("can not be passed on") == 1
