import pytest

from mlrun.db.http.runs import is_named
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.testing.run_records import a_run


@pytest.mark.parametrize(
    ("name", "wanted", "is_meant"),
    [("train", "", True), ("train", "train", True), ("train", "tra", False), ("Train", "~tra", True)],
)
def test_a_filter_that_deletes_is_exact_unless_told(name, wanted, is_meant):
    assert is_named(name, wanted) is is_meant


def test_runs_are_deleted_by_uid_one_by_one(db):
    for uid in ("1", "2", "3"):
        db.store_run(a_run(uid, "completed"), uid)

    assert db.del_runs(uids=["1", "3"]) == 2
    assert [run["metadata"]["uid"] for run in db.list_runs()] == ["2"]


def test_deleting_all_has_to_be_said(db):
    with pytest.raises(MLRunInvalidArgumentError, match="needs a filter"):
        db.del_runs()
