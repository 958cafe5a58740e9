import multiprocessing
import sys
import threading

from mlrun.execution.capture import LogWriter, Tee, capture
from mlrun.secrets import Masker


def writer(db, uid="u1", banner=""):
    db.store_run({"metadata": {"name": "t", "uid": uid}, "status": {"state": "running"}}, uid)
    return LogWriter(db, uid, "default", banner)


def log(db, uid="u1"):
    return db.get_log(uid)[1]


def test_both_standard_streams_feed_the_log_and_still_print(db, capsys):
    with capture(writer(db)):
        print("out")
        print("err", file=sys.stderr)

    assert log(db) == b"out\nerr\n"
    assert capsys.readouterr() == ("out\n", "err\n")


def test_the_streams_are_what_they_were_afterwards(db):
    before = sys.stdout

    with capture(writer(db)):
        assert isinstance(sys.stdout, Tee)

    assert sys.stdout is before


def test_blocks_nest_and_each_gets_its_own(db):
    outer, inner = writer(db, "outer"), writer(db, "inner")

    with capture(outer):
        print("a")
        with capture(inner):
            print("b")
        print("c")

    assert (log(db, "outer"), log(db, "inner")) == (b"a\nc\n", b"b\n")


def test_threads_side_by_side_do_not_mix(db):
    meet = threading.Barrier(2, timeout=60)

    def work(uid, log_writer):
        with capture(log_writer):
            meet.wait()
            print(uid)
            meet.wait()

    threads = [threading.Thread(target=work, args=(uid, writer(db, uid))) for uid in ("u1", "u2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (log(db, "u1"), log(db, "u2")) == (b"u1\n", b"u2\n")


def test_a_thread_that_user_code_starts_is_captured(db):
    with capture(writer(db)):
        thread = threading.Thread(target=print, args=("from a thread",))
        thread.start()
        thread.join()

    assert log(db) == b"from a thread\n"


def test_a_banner_stands_before_the_first_output_only(db):
    with capture(writer(db, banner="> iteration 1")):
        print("a")
        print("b")

    assert log(db) == b"> iteration 1\na\nb\n"


def test_nothing_printed_stores_no_banner(db):
    with capture(writer(db, banner="> iteration 1")):
        pass

    assert log(db) == b""


def test_a_log_that_can_not_be_stored_is_said_once_and_the_run_goes_on(db, monkeypatch, capsys):
    log_writer = writer(db)
    monkeypatch.setattr(db, "store_log", lambda *args, **kwargs: 1 / 0)

    with capture(log_writer):
        print("a")
        log_writer.flush()
        log_writer.flush()

    assert capsys.readouterr().err.count("can not be stored") == 1


def test_a_log_that_can_not_be_stored_is_not_sent_again_with_each_line(db, monkeypatch):
    calls = []

    def refuse(*args, **kwargs):
        calls.append(args)
        raise OSError("the disk is full")

    monkeypatch.setattr(db, "store_log", refuse)
    writer = LogWriter(db, "u1", "default")

    for _ in range(2_000):
        writer.write(b"x" * 1_000)

    assert len(calls) < 50


def test_what_is_printed_while_a_piece_is_stored_follows_it(db, monkeypatch):
    log_writer = writer(db)
    store = db.store_log

    def warns(uid, project, body, append):
        store(uid, project, body, append)
        if b"away" not in body:
            print("the server is away")

    monkeypatch.setattr(db, "store_log", warns)

    with capture(log_writer):
        print("a")
        log_writer.flush()

    assert log(db) == b"a\nthe server is away\n"


def test_what_a_forked_child_prints_is_printed_only(db, capfd):
    with capture(writer(db)):
        print("parent")
        child = multiprocessing.get_context("fork").Process(target=print, args=("child",))
        child.start()
        child.join()

    assert log(db) == b"parent\n"
    assert capfd.readouterr().out == "parent\nchild\n"


def test_a_forked_child_does_not_wait_for_a_lock_of_its_parent(db):
    log_writer = writer(db)
    with capture(log_writer), log_writer._lock:
        child = multiprocessing.get_context("fork").Process(target=print, args=("child",))
        child.start()
        child.join(60)

    assert child.exitcode == 0


def test_bytes_are_in_the_log_too(db, capfdbinary):
    with capture(writer(db)):
        print("text")
        sys.stdout.buffer.write(b"\xff\n")

    assert log(db) == b"text\n\xff\n"
    assert capfdbinary.readouterr().out == b"text\n\xff\n"


def test_a_secret_that_is_learned_while_nothing_was_secret_is_masked(db):
    db.store_run({"metadata": {"name": "t", "uid": "u1"}, "status": {"state": "running"}}, "u1")
    masker = Masker()
    with capture(LogWriter(db, "u1", "default", masker=masker)):
        masker.add("learned")
        print("learned")

    assert log(db) == b"***\n"


def test_a_log_that_can_not_be_stored_is_kept_up_to_a_size(db, monkeypatch):
    monkeypatch.setattr("mlrun.execution.capture.KEPT", 10)
    log_writer = writer(db)
    store = db.store_log
    monkeypatch.setattr(db, "store_log", lambda *args, **kwargs: 1 / 0)
    for word in (b"first ", b"second ", b"third "):
        log_writer.write(word)
        log_writer.flush()

    monkeypatch.setattr(db, "store_log", store)
    log_writer.close()

    assert log(db) == b"(13 bytes could not be stored)\nthird "
