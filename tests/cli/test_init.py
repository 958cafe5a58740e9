"""The command line as a whole."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from mlrun.cli import COMMANDS, LATER, cli
from mlrun.errors import MLRunNotFoundError


def replace_version(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make ``mlrun version`` raise *error*."""

    def answer() -> None:
        raise error

    monkeypatch.setattr("mlrun.cli.version.version", click.Command("version", callback=answer))


def test_the_help_lists_what_is_built_and_nothing_else() -> None:
    result = CliRunner().invoke(cli, ["--help"])

    assert result.exit_code == 0
    assert all(f"  {name} " in result.output for name in COMMANDS)
    assert not any(f"  {name} " in result.output for name in LATER)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_help_and_says_the_same_in_the_list(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)

    assert command is not None and command.help
    assert CliRunner().invoke(cli, [name, "--help"]).exit_code == 0


@pytest.mark.parametrize("name", LATER)
@pytest.mark.parametrize("options", [[], ["--help"], ["-p", "8080", "-d", "./x"]])
def test_a_command_that_is_not_built_says_so_and_what_works(name: str, options: list[str]) -> None:
    result = CliRunner().invoke(cli, [name, *options])

    assert result.exit_code == 1
    assert result.stderr.startswith(f"mlrun: 'mlrun {name}' (")
    assert "is not built yet; " in result.stderr and result.stderr.count("\n") == 1


def test_a_word_that_is_no_command_is_answered_with_the_nearest() -> None:
    result = CliRunner().invoke(cli, ["rnu", "x.py"])

    assert result.exit_code == 2
    assert "Did you mean 'run'?" in result.stderr


def test_an_unknown_option_is_answered_with_the_nearest() -> None:
    result = CliRunner().invoke(cli, ["logs", "--ofset", "5", "uid"])

    assert result.exit_code == 2
    assert "--offset" in result.stderr


def test_an_error_is_one_sentence_and_the_exit_code_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_version(monkeypatch, MLRunNotFoundError("no run default/3f2a"))

    result = CliRunner().invoke(cli, ["version"])

    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "mlrun: no run default/3f2a\n")


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_version(monkeypatch, KeyboardInterrupt())

    assert CliRunner().invoke(cli, ["version"]).exit_code == 130


def test_the_help_loads_no_command_and_nothing_heavy() -> None:
    code = """
import sys
from mlrun.cli import main
try:
    main(["--help"])
finally:
    heavy = {"msgspec", "yaml", "rich", "sqlite3", "pandas", "httpx2", "asyncio", "importlib.metadata"}
    print(sorted(m for m in sys.modules if m.startswith("mlrun.cli.") or m in heavy), file=sys.stderr)
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[]"


def mlrun_in_shell(words: str) -> subprocess.CompletedProcess[str]:
    command = f'"{sys.executable}" -m mlrun {words}'
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True)


def test_a_folder_that_is_gone_is_said() -> None:
    program = f'mkdir gone && cd gone && rmdir ../gone && "{sys.executable}" -m mlrun get runs'

    gone = subprocess.run(["sh", "-c", program], capture_output=True, text=True)

    assert (gone.returncode, gone.stderr.count("\n")) == (1, 1)
    assert gone.stderr.startswith("mlrun: the folder that this was started in is gone")


@pytest.mark.parametrize("words", ["get runs >&-", "get runs 2>&-", "version >&- 2>&-"])
def test_a_stream_that_is_closed_changes_nothing_else(words: str) -> None:
    done = mlrun_in_shell(words)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_behind_standard_output_is_said() -> None:
    done = mlrun_in_shell("config >/dev/full")

    assert (done.returncode, done.stderr) == (1, "mlrun: can not write: No space left on device\n")
