"""A process tells who reads its output whose it is and what is secret in it."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator

import pytest

from mlrun.execution import output_link
from mlrun.execution.output_link import LINK, OutputLink
from mlrun.secrets import Masker


@pytest.fixture
def reader() -> Iterator[socket.socket]:
    """The other end of the link of this process."""
    theirs, mine = socket.socketpair()
    output_link.set_link(OutputLink(mine))
    yield theirs
    output_link.set_link(None)
    theirs.close()
    mine.close()


@pytest.fixture
def link(reader: socket.socket) -> OutputLink:
    found = output_link.link()
    assert found
    return found


def told(reader: socket.socket) -> list[list[str]]:
    reader.setblocking(False)
    try:
        return [json.loads(line) for line in reader.recv(65_536).splitlines()]
    except BlockingIOError:
        return []


def in_a_fork(work) -> int:  # type: ignore[no-untyped-def]
    """The exit code of a child that ends with the number that *work* gives."""
    if (child := os.fork()) == 0:
        os._exit(work())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_nobody_reads_unless_it_is_said() -> None:
    assert output_link.link() is None
    output_link.hide(Masker())


def test_what_a_masker_knows_and_learns_is_told_once(reader: socket.socket) -> None:
    masker = Masker()
    masker.add("known")

    output_link.hide(masker)
    output_link.hide(masker)
    masker.add("learned")
    masker.add("learned")

    assert told(reader) == [["secret", "known"], ["secret", "learned"]]


def test_a_forked_child_tells_too(reader: socket.socket) -> None:
    masker = Masker()
    output_link.hide(masker)

    in_a_fork(lambda: masker.add("learned") or 0)

    assert told(reader) == [["secret", "learned"]]


def test_one_run_at_a_time_has_the_output(link: OutputLink, reader: socket.socket) -> None:
    assert link.take()
    assert not link.take()

    reader.send(b".")
    link.end()

    assert link.take()


def test_a_forked_child_can_not_take_the_output(link: OutputLink) -> None:
    assert in_a_fork(lambda: int(link.take())) == 0


def test_a_lock_that_another_thread_holds_is_free_in_a_forked_child(
    link: OutputLink, reader: socket.socket
) -> None:
    masker = Masker()
    output_link.hide(masker)
    with link._sending:
        in_a_fork(lambda: masker.add("learned") or 0)

    assert told(reader) == [["secret", "learned"]]


def test_the_end_waits_for_who_reads(link: OutputLink, reader: socket.socket) -> None:
    link.take()
    ended = threading.Event()
    thread = threading.Thread(target=lambda: (link.end(), ended.set()))
    thread.start()
    while reader.recv(100) != b'["end"]\n':
        pass

    was_waiting = not ended.is_set()
    reader.send(b".")
    thread.join(60)

    assert was_waiting
    assert ended.is_set()


def test_a_reader_that_is_gone_ends_no_run(link: OutputLink, reader: socket.socket) -> None:
    link.take()
    reader.close()

    link.begin("u1", "default", "")
    link.write(b"text")
    link.end()


def test_a_link_that_was_handed_over_is_for_this_process_only() -> None:
    theirs, mine = socket.socketpair()
    mine.set_inheritable(True)
    os.environ[LINK] = str(mine.detach())

    output_link.receive()

    link = output_link.link()
    assert link and not link._control.get_inheritable()
    assert LINK not in os.environ
    output_link.set_link(None)
    link._control.close()
    theirs.close()
