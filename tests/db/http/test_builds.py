"""Building on a server, by our client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.db.http import HTTPRunDB
from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunPreconditionFailedError,
    MLRunRuntimeError,
)


@pytest.fixture
def fn(db: HTTPRunDB) -> Any:
    return mlrun.new_function("train", "iris", kind="job").set_db_connection(db)


def test_the_server_builds_and_its_log_is_shown(fn: Any, db: HTTPRunDB, capsys: Any) -> None:
    is_ready = fn.with_commands(["echo hello from $WHERE"]).deploy(builder_env={"WHERE": "the-server"})

    assert is_ready and fn.spec.image.startswith("environment:") and fn.is_deployed()
    assert "hello from ***" in capsys.readouterr().out
    assert db.get_function("train", "iris")["spec"]["image"] == fn.spec.image


def test_a_failure_there_is_raised_here(fn: Any, capsys: Any) -> None:
    with pytest.raises(MLRunRuntimeError, match=r"exit 3' ended with exit code 3:\nno such luck"):
        fn.with_commands(["echo no such luck; exit 3"]).deploy()

    assert "no such luck" in capsys.readouterr().out and fn.status.state == "error"


def test_a_log_comes_in_parts(fn: Any, db: HTTPRunDB) -> None:
    fn.with_commands(["echo hello"]).deploy()

    text, offset = db.get_builder_status(fn)
    rest, end = db.get_builder_status(fn, offset=5)

    assert text.encode()[5:] == rest.encode() and offset == end == len(text.encode())
    assert db.get_builder_status(fn, logs=False).text == ""
    assert fn.status.state == "ready"


def test_what_is_wrong_is_said_by_the_server(fn: Any, db: HTTPRunDB) -> None:
    with pytest.raises((MLRunInvalidArgumentError, ValueError), match="can not name an image"):
        fn.with_commands(["true"]).build_config(image="No Such").deploy()
    with pytest.raises(MLRunNotFoundError):
        db.get_builder_status(fn)


def test_a_folder_is_shipped_to_the_server(fn: Any, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text("x = 1\n")

    fn.build_config(source="code", commands=["cat train.py"]).deploy()

    assert "x = 1" in capsys.readouterr().out
    assert fn.spec.build.source == "code"  # so that the next build has what has changed in it


def test_a_run_on_the_server_builds_first_where_that_is_said(fn: Any) -> None:
    fn.with_commands(["true"]).with_code(body="def f(context):\n    pass\n")

    with pytest.raises(MLRunPreconditionFailedError, match=r"run\(auto_build=True\)"):
        fn.run(handler="f")
    fn.ensure_built(auto_build=True)

    assert fn.is_deployed() and fn.status.state == "ready"
