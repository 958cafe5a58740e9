"""Functions of submitted runs."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.model.run import Run
from mlrun.service.functions import function_of, pod_function


def a_run(function: str) -> Run:
    return Run.from_dict({"metadata": {"uid": "1", "project": "iris"}, "spec": {"function": function}})


def test_a_function_is_found_by_its_address(db: Any, function: str) -> None:
    for address in (function, "iris/train", "db://iris/train:latest", "train"):
        assert function_of(a_run(address), db).metadata.name == "train"


def test_a_function_that_is_not_there_is_named(db: Any) -> None:
    with pytest.raises(MLRunNotFoundError, match="absent"):
        function_of(a_run("iris/absent"), db)
    with pytest.raises(MLRunInvalidArgumentError, match="run iris/1 names no function"):
        function_of(a_run(""), db)


@pytest.mark.parametrize("kind", ["", "handler", "local"])
def test_what_runs_where_it_is_called_is_refused(kind: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="runs where it is called"):
        pod_function({"kind": kind})
