"""How much a driver and executors may take."""

from __future__ import annotations

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.runtimes.spark.sizes import kibibytes


@pytest.fixture
def fn():
    return mlrun.new_function("count", kind="spark").with_code(body="def count(context):\n    pass\n")


def test_requests_are_recorded_for_each_part(fn):
    fn.with_driver_requests(mem="1g", cpu=1).with_executor_requests(mem="512m").with_executor_requests(
        cpu="500m", patch=True
    )

    assert fn.spec.driver_resources == {"requests": {"memory": "1g", "cpu": 1}}
    assert fn.spec.executor_resources == {"requests": {"memory": "512m", "cpu": "500m"}}


@pytest.mark.parametrize("memory", ["2Gi", "2 g", "1.5g", "2t", 2, ""])
def test_memory_in_another_notation_is_refused_in_a_sentence(fn, memory):
    with pytest.raises(
        MLRunInvalidArgumentError, match=r"executor requests: memory .* is not in Java's notation.*'512m'"
    ):
        fn.with_executor_requests(mem=memory)


def test_memory_that_was_assigned_is_looked_at_before_a_run(fn, db):
    fn.spec.executor_resources = {"requests": {"memory": "2Gi"}}

    with pytest.raises(MLRunInvalidArgumentError, match="memory '2Gi' is not in Java's notation"):
        fn.run(handler="count")

    assert db.list_runs() == db.list_functions() == []


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("replicas", 0, "spec.replicas is a whole number of 1 or more, not 0"),
        ("executor_cores", "2", "executor_cores is a whole number"),
        ("dynamic_allocation", {"enabled": True, "minExecutors": -1}, "minExecutors is a whole number of 0"),
    ],
)
def test_other_numbers_that_were_assigned_are_too(fn, db, field, value, sentence):
    setattr(fn.spec, field, value)

    with pytest.raises(MLRunInvalidArgumentError, match=sentence):
        fn.run(handler="count")


def test_cores_are_whole_numbers(fn):
    assert fn.with_cores(executor_cores=2, driver_cores=1).spec.executor_cores == 2

    with pytest.raises(
        MLRunInvalidArgumentError, match=r"driver_cores is a whole number of 1 or more, not 0.5"
    ):
        fn.with_cores(driver_cores=0.5)


def test_executors_may_follow_the_work(fn):
    fn.with_dynamic_allocation(0, 4, 1)

    assert fn.spec.dynamic_allocation == {
        "enabled": True,
        "minExecutors": 0,
        "maxExecutors": 4,
        "initialExecutors": 1,
    }


def test_numbers_of_executors_that_do_not_go_together_are_refused(fn):
    with pytest.raises(MLRunInvalidArgumentError, match="at least 5, None in the beginning, at most 4"):
        fn.with_dynamic_allocation(5, 4)


def test_java_counts_in_1024():
    assert [kibibytes(memory) for memory in ("5k", "5K", "2m", "1g")] == [5, 5, 2048, 1048576]
