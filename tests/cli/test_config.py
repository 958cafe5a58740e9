"""``mlrun config``."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mlrun.cli import cli
from mlrun.config import mlconf, read_env_file


@pytest.fixture(autouse=True)
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The env file that is the default here."""
    path = tmp_path / "default.env"
    monkeypatch.setenv("MLRUN_DEFAULT_ENV_FILE", str(path))
    return path


def config(*words: str) -> Result:
    return CliRunner().invoke(cli, ["config", *words])


def test_every_setting_is_listed_with_where_it_is_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLRUN_DBPATH", "./there")
    mlconf.reload()

    (line,) = [line for line in config().output.splitlines() if line.startswith("MLRUN_DBPATH ")]

    assert line.split()[1:3] == ["./there", "env"]


def test_a_secret_setting_is_stars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLRUN_HTTPDB__TOKEN", "s3cr3t")
    mlconf.reload()

    assert "s3cr3t" not in config().output


def test_values_are_set_and_the_others_kept(env_file: Path) -> None:
    config("set", "-a", "./db", "-p", "s3://b/c", "-u", "me", "-k", "abc", "-e", "A=1", "-e", "B=x y")

    result = config("set", "--env-vars", "A=2")

    assert result.output == f"A set in {env_file}\n"
    assert read_env_file(env_file) == {
        "MLRUN_DBPATH": "./db",
        "MLRUN_ARTIFACT_PATH": "s3://b/c",
        "V3IO_USERNAME": "me",
        "V3IO_ACCESS_KEY": "abc",
        "A": "2",
        "B": "x y",
    }


def test_the_file_is_for_its_owner_only(env_file: Path) -> None:
    config("set", "-k", "abc")

    assert env_file.stat().st_mode & 0o777 == 0o600


def test_get_prints_the_file_without_its_secrets(env_file: Path) -> None:
    config("set", "-a", "./db", "-k", "abc", "-e", "DB_PASSWORD=xyz")

    output = config("get").output

    assert output.splitlines() == [
        f"# {env_file}",
        "MLRUN_DBPATH=./db",
        "V3IO_ACCESS_KEY=***",
        "DB_PASSWORD=***",
    ]


def test_clear_deletes_the_file(env_file: Path) -> None:
    config("set", "-a", "./db")

    assert config("clear").output == f"{env_file} deleted\n"
    assert not env_file.exists()
    assert config("clear").output == f"there is no {env_file}\n"


def test_another_file_can_be_named(tmp_path: Path, env_file: Path) -> None:
    config("set", "-f", "other.env", "-a", "./db")

    assert read_env_file(tmp_path / "other.env") == {"MLRUN_DBPATH": "./db"}
    assert not env_file.exists()
    assert "MLRUN_DBPATH=./db" in config("-f", "other.env").output


def test_what_is_set_holds_for_the_next_command(env_file: Path) -> None:
    config("set", "-a", "./there")
    mlconf.reload()

    (line,) = [line for line in config().output.splitlines() if line.startswith("MLRUN_DBPATH ")]

    assert line.split()[1:3] == ["./there", "file"]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["sett"], "Did you mean 'set'?"),
        (["set"], "nothing to set"),
        (["-a", "./db"], "mlrun config set"),
        (["set", "-e", "A"], "is not of the form NAME=value"),
    ],
)
def test_a_wrong_use_is_answered(words: list[str], answer: str) -> None:
    result = config(*words)

    assert result.exit_code == 2
    assert answer in result.stderr


def test_a_broken_file_is_not_written_over(env_file: Path) -> None:
    env_file.write_text("what is this\n")

    result = config("set", "-a", "./db")

    assert result.exit_code == 1 and "line 1" in result.stderr
    assert env_file.read_text() == "what is this\n"
