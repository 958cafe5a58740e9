"""Data of this process."""

from __future__ import annotations

import uuid

import pandas as pd
import pytest

from mlrun.datastore.base import DataStore
from mlrun.datastore.memory import MemoryStore
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.testing.datastores import DataStoreContract


@pytest.fixture
def root() -> str:
    return f"tests/{uuid.uuid4().hex}"


class TestMemoryStore(DataStoreContract):
    @pytest.fixture
    def store(self) -> DataStore:
        return MemoryStore("memory:/")

    @pytest.fixture
    def root(self) -> str:
        return f"tests/{uuid.uuid4().hex}"


def test_another_store_of_the_process_has_the_same_data(root: str) -> None:
    MemoryStore("memory:/").put(f"{root}/a", "1")

    assert MemoryStore("memory:/").get(f"{root}/a") == b"1"


def test_a_data_frame_stays_one(root: str) -> None:
    frame = pd.DataFrame({"a": [1, 2]})

    MemoryStore("memory:/").put(f"{root}/a", frame)

    pd.testing.assert_frame_equal(MemoryStore("memory:/").frame(f"{root}/a"), frame)


def test_a_data_frame_that_was_put_does_not_change_with_the_original(root: str) -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    store = MemoryStore("memory:/")
    store.put(f"{root}/a", frame)

    frame.loc[0, "a"] = 9
    copy = store.frame(f"{root}/a")
    copy.loc[1, "a"] = 9

    assert store.frame(f"{root}/a")["a"].tolist() == [1, 2]


def test_the_bytes_of_a_data_frame_are_its_csv(root: str) -> None:
    store = MemoryStore("memory:/")

    store.put(f"{root}/a", pd.DataFrame({"a": [1, 2]}))

    assert store.get(f"{root}/a") == b"a\n1\n2\n"
    assert store.get(f"{root}/a", size=2, offset=2) == b"1\n"


def test_bytes_are_not_appended_to_a_data_frame(root: str) -> None:
    store = MemoryStore("memory:/")
    store.put(f"{root}/a", pd.DataFrame({"a": [1, 2]}))

    with pytest.raises(MLRunInvalidArgumentError, match="only bytes can be appended"):
        store.put(f"{root}/a", b"3", append=True)


def test_what_is_missing_may_be_in_another_process(root: str) -> None:
    with pytest.raises(
        MLRunNotFoundError, match=f"memory://{root}/a; memory:// is the memory of one process"
    ):
        MemoryStore("memory:/").get(f"{root}/a")
