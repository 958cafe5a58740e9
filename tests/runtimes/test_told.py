"""What this process was told by variables."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.runtimes.told import LONGEST, forget, parts_of, told


@pytest.mark.parametrize("length", [0, 1, LONGEST, LONGEST + 1, 3 * LONGEST])
def test_a_text_of_any_length_arrives(length: int) -> None:
    text = "ab" * (length // 2) + "c" * (length % 2)

    parts = parts_of("MLRUN_EXEC_CODE", text)
    os.environ.update(parts)

    assert told("MLRUN_EXEC_CODE") == text
    assert max(map(len, parts.values())) <= LONGEST


def test_a_text_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    os.environ["MLRUN_EXEC_CONFIG"] = f"@{tmp_path}/run.json"

    assert told("MLRUN_EXEC_CONFIG") == "{}"


def test_a_file_that_is_not_there_is_named() -> None:
    os.environ["MLRUN_EXEC_CONFIG"] = "@nowhere.json"

    with pytest.raises(MLRunNotFoundError, match=r"MLRUN_EXEC_CONFIG: can not read 'nowhere.json'"):
        told("MLRUN_EXEC_CONFIG")


def test_a_part_that_is_missing_is_named() -> None:
    os.environ.update({"MLRUN_EXEC_CODE": "#2", "MLRUN_EXEC_CODE_1": "a"})

    with pytest.raises(MLRunInvalidArgumentError, match="in 2 variables, but there is no MLRUN_EXEC_CODE_2"):
        told("MLRUN_EXEC_CODE")


def test_nothing_told_is_empty() -> None:
    assert told("MLRUN_EXEC_CODE") == ""


def test_what_is_forgotten_is_in_no_variable() -> None:
    os.environ.update(parts_of("MLRUN_EXEC_CODE", "a" * 2 * LONGEST))

    forget("MLRUN_EXEC_CODE")

    assert not [name for name in os.environ if name.startswith("MLRUN_EXEC_CODE")]
