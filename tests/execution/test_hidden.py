from __future__ import annotations

import os

import pytest

from mlrun.execution.context import MLClientCtx
from mlrun.model.run import Run


@pytest.fixture
def context(db):
    db.create_project_secrets("iris", secrets={"A": "project", "B": "project"})
    os.environ |= {"MLRUN_K8S_SECRET__B": "cluster", "MLRUN_K8S_SECRET__C": "cluster"}
    os.environ |= {"A": "env", "C": "env", "D": "environment"}
    run = {
        "metadata": {"name": "t", "project": "iris", "uid": "u1"},
        "spec": {"secret_sources": [{"kind": "inline", "source": {"A": "task"}}]},
    }
    return MLClientCtx(Run.from_dict(run), db)


@pytest.mark.parametrize(
    ("name", "text"),
    [("A", "task"), ("B", "project"), ("C", "cluster"), ("D", "environment"), ("E", None)],
)
def test_a_secret_is_the_task_s_then_the_project_s_then_the_environment_s(context, name, text):
    assert context.get_secret(name) == text


def test_what_was_asked_for_is_masked(context):
    before = context.masker.mask("environment")
    context.get_secret("D")

    assert (before, context.masker.mask("environment")) == ("environment", "***")
