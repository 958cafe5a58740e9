import sys
from pathlib import Path

import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.model.function import FunctionSpec
from mlrun.runtimes.command import as_word, check_mode, command_line, program_of, split_words


def words(command, *args, mode="", workdir="", parameters=None, code_file=""):
    spec = FunctionSpec(command=command, args=list(args), mode=mode)
    return command_line(spec, workdir, parameters if parameters is not None else {}, code_file)


@pytest.fixture
def here(tmp_path):
    """A folder with a program of each sort; ``sub`` holds one too."""
    (tmp_path / "sub").mkdir()
    for name in ("train.py", "run.sh", "run.bash", "tool", "sub/deep.py"):
        Path(name).write_text("")
    Path("tool").chmod(0o755)
    return tmp_path


def test_a_python_file_is_run_by_this_interpreter_without_buffers(here):
    assert words("train.py", "-x", 1) == [sys.executable, "-u", str(here / "train.py"), "-x", "1"]


def test_a_shell_file_that_is_not_executable_is_run_by_its_shell(here):
    assert words("run.sh a") == ["sh", str(here / "run.sh"), "a"]
    assert words("run.bash") == ["bash", str(here / "run.bash")]

    Path("run.sh").chmod(0o755)

    assert words("./run.sh") == [str(here / "run.sh")]


def test_a_program_is_found_on_the_path_or_in_the_folder(here):
    assert words("echo hello")[0].endswith("/echo")
    assert words("./tool") == words("tool") == [str(here / "tool")]


def test_a_file_is_looked_for_in_the_working_folder_and_then_here(here):
    assert words("deep.py", workdir="sub")[-1] == str(here / "sub/deep.py")
    assert words("train.py", workdir="sub")[-1] == str(here / "train.py")


def test_in_mode_args_parameters_stand_for_their_names(here):
    line = words("train.py --depth={depth}", "{name}", mode="args", parameters={"depth": 3, "name": "a b"})

    assert line[3:] == ["--depth=3", "a b"]


def test_without_that_mode_braces_are_braces(here):
    assert words("train.py {depth}")[-1] == "{depth}"


def test_parameters_that_are_not_known_yet_are_not_looked_for(here):
    spec = FunctionSpec(command="{program} {depth}", mode="args")

    assert command_line(spec, "", None) == ["{program}", "{depth}"]


def test_mode_pass_takes_the_command_as_it_is():
    line = words("echo 'a  b' {p}", mode="pass", parameters={"p": 1})

    assert line[1:] == ["a  b", "{p}"]


def test_a_code_file_stands_for_the_program(here):
    assert words("nb.ipynb --x", "y", code_file="/code/nb.py") == [
        sys.executable,
        "-u",
        "/code/nb.py",
        "--x",
        "y",
    ]
    assert words("", "y", code_file="/code/nb.py") == [sys.executable, "-u", "/code/nb.py", "y"]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"command": ""}, MLRunInvalidArgumentError, "no command to run"),
        ({"command": "trian.py"}, MLRunNotFoundError, "no file 'trian.py' in .*Did you mean 'train.py'"),
        ({"command": "no/such/x.py"}, MLRunNotFoundError, "no file"),
        ({"command": "no-such-program"}, MLRunNotFoundError, "no program 'no-such-program' on the PATH"),
        ({"command": "no-such-program", "mode": "pass"}, MLRunNotFoundError, "no program"),
        ({"command": "./sub/deep.py", "mode": "pass"}, MLRunInvalidArgumentError, r"chmod \+x"),
        ({"command": "train.py 'x"}, MLRunInvalidArgumentError, "No closing quotation"),
        ({"command": "train.py", "mode": "psas"}, MLRunInvalidArgumentError, "Did you mean 'pass'"),
        (
            {"command": "train.py {dept}", "mode": "args", "parameters": {"depth": 3}},
            MLRunInvalidArgumentError,
            r"\{dept\} in the command is no parameter of this run: depth\. Did you mean 'depth'",
        ),
        ({"command": "train.py {a}", "mode": "args"}, MLRunInvalidArgumentError, "it has none"),
    ],
)
def test_what_can_not_run_says_why(here, given, error, message):
    with pytest.raises(error, match=message):
        words(given.pop("command"), **given)


@pytest.mark.parametrize("mode", ["", "pass", "args", "noctx"])
def test_known_modes_pass(mode):
    check_mode(mode)


@pytest.mark.parametrize("path", ["train.py", "my train.py", "a'b", 'a"b', "back\\slash", "{p}", ""])
def test_a_path_is_one_word_again(path):
    assert split_words(as_word(path)) == [path]
    assert program_of(f"{as_word(path)} x") == path


def test_a_plain_path_is_not_quoted():
    assert as_word("dir/train_{p}.py") == "dir/train_{p}.py"
