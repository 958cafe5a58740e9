from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.secrets import Secret
from mlrun.secrets.plain import EnvFile, Environment, Inline


def test_inline_secrets_are_stored_as_stars_that_are_no_secrets():
    shown = Inline().shown({"TOKEN": "s3cr3t"})

    assert shown == {"TOKEN": "***"}
    assert Inline().read(shown) == {}


def test_inline_secrets_are_texts():
    assert Inline().read({"A": Secret("x"), "B": 3}) == {"A": "x", "B": "3"}
    with pytest.raises(MLRunInvalidArgumentError, match="inline secret 'A' is a text, not a list"):
        Inline().read({"A": ["x"]})


def test_of_a_file_the_path_is_stored():
    Path("secrets.txt").write_text("TOKEN=s3cr3t\n")

    assert EnvFile().read("secrets.txt") == {"TOKEN": "s3cr3t"}
    assert EnvFile().shown(Path("secrets.txt")) == "secrets.txt"


def test_of_the_environment_the_names_are_stored():
    os.environ["TOKEN"] = "s3cr3t"

    assert Environment().read(["TOKEN", "MISSING"]) == {"TOKEN": "s3cr3t"}
    assert Environment().read("*")["TOKEN"] == "s3cr3t"
    assert Environment().shown(["TOKEN", "B"]) == "TOKEN,B"
