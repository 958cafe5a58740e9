"""Nothing that was kept is lost, and it is delivered in its order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlrun.db.journal import Journal, Message, path_of, sync
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, MLRunServiceUnavailableError


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(str(tmp_path / "journal" / "server.log"))


def a_message(about: str) -> Message:
    return Message("POST", "v1/x", body=about.encode(), about=about)


def abouts(journal: Journal) -> list[str]:
    return [message.about for message in journal.pending()]


def test_what_is_kept_is_delivered_in_its_order(journal: Journal) -> None:
    for about in "abc":
        journal.append(a_message(about))
    sent: list[str] = []

    report = journal.deliver(lambda message: sent.append(message.about))

    assert report and report.delivered == 3
    assert (sent, journal.is_empty()) == (["a", "b", "c"], True)


def test_what_was_delivered_is_not_sent_again(journal: Journal) -> None:
    for about in "abc":
        journal.append(a_message(about))
    sent: list[str] = []

    def send(message: Message) -> None:
        if message.about == "c" and sent.count("c") == 0 and len(sent) == 2:
            sent.append("-")
            raise MLRunServiceUnavailableError("gone")
        sent.append(message.about)

    with pytest.raises(MLRunServiceUnavailableError):
        journal.deliver(send)
    assert abouts(journal) == ["c"]
    journal.deliver(send)

    assert sent == ["a", "b", "-", "c"]


def test_what_the_server_refuses_is_kept_aside(journal: Journal) -> None:
    for about in "ab":
        journal.append(a_message(about))

    def send(message: Message) -> None:
        if message.about == "a":
            raise MLRunConflictError("run default/1 is aborted")

    report = journal.deliver(send)

    assert report and report.refused == [("a", "run default/1 is aborted")]
    assert (report.delivered, journal.is_empty()) == (1, True)
    assert "run default/1 is aborted" in Path(journal.refused_path).read_text()


def test_a_half_written_last_line_is_left_out(journal: Journal) -> None:
    journal.append(a_message("a"))
    with open(journal.path, "ab") as file:
        file.write(b'0badcafe {"method":"PO')

    assert abouts(journal) == ["a"]
    journal.append(a_message("b"))
    assert abouts(journal) == ["a", "b"]


def test_a_damaged_line_does_not_hold_up_the_others(journal: Journal) -> None:
    journal.append(a_message("a"))
    with open(journal.path, "ab") as file:
        file.write(b"00000000 {}\n")
    journal.append(a_message("b"))
    sent: list[str] = []

    report = journal.deliver(lambda message: sent.append(message.about))

    assert report and report.refused == [("a damaged line", "the line is damaged")]
    assert (sent, journal.is_empty()) == (["a", "b"], True)


def test_a_killed_process_leaves_what_it_had_kept(journal: Journal) -> None:
    code = (
        "import os, signal, sys\nfrom mlrun.db.journal import Journal, Message\n"
        "for about in 'abc':\n    Journal(sys.argv[1]).append(Message('POST', 'x', about=about))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )

    subprocess.run([sys.executable, "-c", code, journal.path], check=False)

    assert abouts(journal) == ["a", "b", "c"]


def test_only_one_delivers_at_a_time(journal: Journal) -> None:
    journal.append(a_message("a"))
    inner = []

    journal.deliver(lambda _: inner.append(Journal(journal.path).deliver(lambda _: None)))

    assert inner == [None]


def test_every_server_has_its_own_file(home: Path) -> None:
    paths = {path_of(url) for url in ("http://a:1", "http://a:2", "https://a:1")}

    assert len(paths) == 3
    assert all(path.startswith(f"{home}/journal/a_1") or "/a_2" in path for path in paths)


def test_what_is_no_server_needs_no_sync() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="needs no sync"):
        sync("./")
