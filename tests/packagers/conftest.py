from __future__ import annotations

from typing import Any

import pytest

from mlrun.datastore import get_dataitem
from mlrun.execution.context import MLClientCtx
from mlrun.execution.returns import log_returned
from mlrun.model.run import Run
from mlrun.packagers import unpack


@pytest.fixture
def context(db, tmp_path):
    run = {
        "metadata": {"name": "t", "project": "default", "uid": "u1"},
        "spec": {"output_path": str(tmp_path / "artifacts")},
    }
    return MLClientCtx(Run.from_dict(run), db)


@pytest.fixture
def keep(context):
    """Log a value under a hint, and give the artifact as a later run gets it."""

    def keep(value: Any, hint: Any = "k"):
        log_returned(context, value, [hint])
        assert not context._run.status.status_text
        return get_dataitem(context.artifact_uris["k"])

    return keep


@pytest.fixture
def again(keep):
    """What a later run gets of a value, as the same type."""

    def again(value: Any, hint: Any = "k", kind: Any = None):
        return unpack(keep(value, hint), kind or type(value))

    return again


@pytest.fixture
def item(tmp_path):
    """A plain file, which no run has packed."""

    def item(name: str, data: bytes | str):
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return get_dataitem(str(path))

    return item
