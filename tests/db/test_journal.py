"""Nothing that was kept is lost, and it is delivered in its order."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlrun.db.journal import Journal, path_of, sync
from mlrun.db.messages import Message
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
    assert all(
        path.startswith((f"{home}/journal-{os.getuid()}/a_1", f"{home}/journal-{os.getuid()}/a_2"))
        for path in paths
    )


def test_what_is_no_server_needs_no_sync() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="needs no sync"):
        sync("./")


def test_a_tail_that_was_half_written_is_cut_and_said(
    journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    journal.append(a_message("a"))
    with open(journal.path, "ab") as file:
        file.write(b"0" * 100_000)

    journal.append(a_message("b"))

    assert abouts(journal) == ["a", "b"]
    said = capsys.readouterr().err
    assert "the last 100000 bytes" in said and journal.path in said


def test_what_is_kept_is_for_its_user_alone(journal: Journal) -> None:
    journal.append(a_message("a"))
    journal.deliver(refuse)

    for path in (journal.path, journal.refused_path, f"{journal.path}-lock"):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(journal.path)).st_mode) == 0o700


def refuse(message: Message) -> None:
    raise MLRunConflictError("no")


def test_a_full_disk_is_said_and_leaves_the_file_as_it_was(journal: Journal) -> None:
    journal.append(a_message("a"))
    code = (
        "import resource, sys\nfrom mlrun.db.journal import Journal\nfrom mlrun.db.messages import Message\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "Journal(sys.argv[1]).append(Message('POST', body=b'0' * 5000))"
    )

    done = subprocess.run([sys.executable, "-c", code, journal.path], capture_output=True, text=True)

    assert f"MLRunRuntimeError: can not write {journal.path}: File too large" in done.stderr
    assert abouts(journal) == ["a"]
    journal.append(a_message("b"))
    assert abouts(journal) == ["a", "b"]


def test_one_of_many_is_found_without_reading_all(journal: Journal) -> None:
    for number in range(500):
        journal.append(a_message(f"run p/{number}"))
    found = next(journal.pending("run p/7"))
    assert found.about == "run p/7"

    begun = time.thread_time()  # of the processor; a busy machine has more of the other
    for _ in range(100):
        assert next(journal.pending("run p/499")).body == b"run p/499"

    assert time.thread_time() - begun < 1  # a scan of the file each time would take many


def test_what_there_is_no_time_for_waits(journal: Journal) -> None:
    for about in "abc":
        journal.append(a_message(about))

    report = journal.deliver(lambda _: None, end=0.0)

    assert report and (report.delivered, report.waiting) == (0, 3)


def test_what_another_process_delivered_is_not_pending_here(journal: Journal) -> None:
    for about in "ab":
        journal.append(a_message(about))
    assert abouts(journal) == ["a", "b"]
    other = Journal(journal.path)
    other.deliver(lambda _: None)

    other.append(a_message("c"))

    assert abouts(journal) == ["c"]
