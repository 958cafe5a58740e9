"""Notifications of the start and the end of a block."""

from __future__ import annotations

import pytest

from mlrun.model.notification import Notification
from mlrun.model.run import Run
from mlrun.runtimes.telling import told_of
from mlrun.secrets import Masker


@pytest.fixture
def run():
    return Run.from_dict({"metadata": {"uid": "3f2a", "project": "iris", "name": "train"}})


def test_the_start_and_the_end_are_told(run, db, capsys):
    told = [Notification("console", "n", "news", when=["running", "error"])]

    with pytest.raises(ValueError, match="no"), told_of(run, told, db, Masker()):
        run.status.state = "error"
        raise ValueError("no")

    out = capsys.readouterr().out
    assert "run train has started" in out
    assert "run train has failed" in out
    assert db.read_run("3f2a", "iris")["status"]["notifications"]["n"]["states"] == ["running", "error"]


def test_without_notifications_nothing_is_written(run, db):
    with told_of(run, [], db, Masker()):
        pass

    assert list(db.list_runs(project="iris")) == []
