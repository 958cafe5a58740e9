"""Long logs are kept in pieces."""

from __future__ import annotations

import pytest

from mlrun.db.sql import SQLiteRunDB, logs


@pytest.mark.parametrize("append", [True, False])
def test_a_long_log_is_cut_and_joined(db: SQLiteRunDB, monkeypatch: pytest.MonkeyPatch, append: bool) -> None:
    monkeypatch.setattr(logs, "PIECE", 10)
    data = bytes(range(95))

    db.store_log("1", body=data, append=append)

    assert db.get_log("1")[1] == data
    assert db.get_log("1", offset=8, size=15)[1] == data[8:23]


def test_writers_at_once_do_not_overwrite_each_other(db: SQLiteRunDB, start) -> None:
    code = "for _ in range(100): db.store_log('1', body=sys.argv[2] * 10, append=True)"

    for writer in [start(code, name) for name in "ab"]:
        writer.communicate()

    body = db.get_log("1")[1].decode()
    pieces = {body[at : at + 10] for at in range(0, len(body), 10)}
    assert (len(body), pieces) == (2000, {"a" * 10, "b" * 10})


def test_a_lone_surrogate_is_logged_as_a_question_mark(db: SQLiteRunDB) -> None:
    db.store_log("1", body="a\ud800b", append=True)

    assert db.get_log("1")[1] == b"a?b"
