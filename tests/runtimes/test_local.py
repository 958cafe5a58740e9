import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, RunError

PROGRAM = """
import sys
import mlrun

context = mlrun.get_or_create_ctx("ignored")
p1 = context.get_param("p1", 1)
print("p1 is", p1, *sys.argv[1:])
context.log_result("accuracy", p1 * 2)
"""


@pytest.fixture
def program():
    Path("train.py").write_text(PROGRAM)
    return mlrun.new_function(command="train.py")


def write(name, text, mode=0o644):
    Path(name).write_text(text)
    Path(name).chmod(mode)


def until(claim, timeout_s=60):
    end = time.monotonic() + timeout_s
    while not (found := claim()):
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)
    return found


def is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def states(db):
    return [run["status"]["state"] for run in db.list_runs()]


# programs that end well


def test_a_python_file_is_a_program_that_asks_for_its_parameters(program, db, capsys):
    run = program.run(params={"p1": 5})

    assert (run.state(), run.outputs) == ("completed", {"accuracy": 10})
    assert db.get_log(run.uid())[1] == b"p1 is 5\n"
    assert capsys.readouterr().out == "p1 is 5\n"
    assert run.status.start_time < run.status.end_time


def test_a_program_gets_its_arguments(db):
    Path("train.py").write_text(PROGRAM)

    run = mlrun.new_function(command="train.py --x 1", args=["a b"]).run()

    assert db.get_log(run.uid())[1] == b"p1 is 1 --x 1 a b\n"


def test_a_shell_file_runs_with_environment_and_working_folder(db, tmp_path):
    Path("sub").mkdir()
    write("sub/job.sh", 'echo "$GREETING $1 from $(pwd)"\n')

    fn = mlrun.new_function(command="job.sh you").set_env("GREETING", "hello")
    run = fn.run(workdir="sub")

    assert db.get_log(run.uid())[1].decode() == f"hello you from {tmp_path}/sub\n"


def test_a_binary_runs(db):
    run = mlrun.new_function(command="/bin/echo", args=["a", 1]).run()

    assert (run.metadata.name, run.state()) == ("echo", "completed")
    assert db.get_log(run.uid())[1] == b"a 1\n"


def test_mode_args_puts_parameters_into_the_command(db):
    run = mlrun.new_function(command="/bin/echo depth={depth}", mode="args").run(params={"depth": 3})

    assert db.get_log(run.uid())[1] == b"depth=3\n"


def test_mode_pass_runs_the_command_as_it_is(db):
    run = mlrun.new_function(command="/bin/echo '{depth}'", mode="pass").run(params={"depth": 3})

    assert db.get_log(run.uid())[1] == b"{depth}\n"


def test_a_notebook_is_a_program_too(db):
    cells = [{"cell_type": "code", "metadata": {}, "source": PROGRAM + "%matplotlib inline\n"}]
    Path("train.ipynb").write_text(json.dumps({"nbformat": 4, "cells": cells}))

    run = mlrun.new_function(command="train.ipynb x").run(params={"p1": 4})

    assert run.output("accuracy") == 8
    assert db.get_log(run.uid())[1] == b"p1 is 4 x\n"


def test_embedded_code_is_a_program_that_imports_from_the_working_folder():
    Path("beside.py").write_text("VALUE = 7\n")
    body = PROGRAM + "import beside\ncontext.log_result('beside', beside.VALUE)\n"

    run = mlrun.new_function("train", kind="local").with_code(body=body).run()

    assert run.outputs == {"accuracy": 2, "beside": 7}


def test_the_python_path_of_the_function_is_the_programs(program):
    Path("lib").mkdir()
    Path("lib/deep.py").write_text("VALUE = 9\n")
    Path("train.py").write_text(PROGRAM + "import deep\ncontext.log_result('deep', deep.VALUE)\n")
    program.spec.pythonpath = "lib"

    assert program.run().output("deep") == 9


def test_a_very_long_parameter_arrives(program):
    Path("train.py").write_text(PROGRAM.replace("p1 * 2", "len(p1)").replace('print("p1 is", p1', "print(1"))

    assert program.run(params={"p1": "x" * 1_000_000}).output("accuracy") == 1_000_000


def test_secrets_arrive_and_are_in_no_record_and_no_log(program, db):
    Path("train.py").write_text(
        PROGRAM + "context.log_result('ok', context.get_secret('TOKEN') == 's3cr3t-token')\n"
    )
    Path("secrets.txt").write_text("OTHER=s3cr3t-other\n")
    task = (
        mlrun.new_task().with_secrets("inline", {"TOKEN": "s3cr3t-token"}).with_secrets("file", "secrets.txt")
    )

    run = program.run(task)

    assert run.output("ok") is True
    kept = json.dumps([*db.list_runs(), *db.list_functions()]) + db.get_log(run.uid())[1].decode()
    assert "s3cr3t-token" not in kept and "s3cr3t-other" not in kept


def test_a_program_of_two_processes_keeps_what_both_logged():
    write("one.py", "import mlrun\nmlrun.get_or_create_ctx('x').log_result('one', 1)\n")
    write("two.py", "import mlrun\nwith mlrun.get_or_create_ctx('x') as c: c.log_result('two', 2)\n")
    write("both.sh", f"{sys.executable} one.py && {sys.executable} two.py\n")

    run = mlrun.new_function(command="both.sh").run()

    assert run.outputs == {"one": 1, "two": 2}


def test_a_program_that_starts_another_one_that_tracks_itself(db):
    write("inner.py", "import mlrun\nmlrun.get_or_create_ctx('inner').log_result('b', 2)\n")
    write(
        "outer.py",
        "import mlrun, subprocess, sys\n"
        "context = mlrun.get_or_create_ctx('outer')\n"
        "subprocess.run([sys.executable, 'inner.py'], check=True)\n"
        "context.log_result('a', 1)\n",
    )

    run = mlrun.new_function(command="outer.py").run()

    assert run.outputs == {"a": 1}
    assert {one["metadata"]["name"]: one["status"]["state"] for one in db.list_runs()} == {
        "outer": "completed",
        "inner": "completed",
    }


# programs that do not end well


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("exit 3", "ended with exit code 3"),
        ("echo no such thing >&2; exit 1", r"exit code 1: no such thing$"),
        ("kill -9 $$", r"killed by signal 9 \(SIGKILL\)"),
    ],
)
def test_a_program_that_fails_says_how(db, text, words):
    write("job.sh", text)

    with pytest.raises(RunError, match="ended in state error"):
        mlrun.new_function(command="job.sh").run()

    (run,) = db.list_runs()
    assert run["status"]["state"] == "error"
    assert re.search(words, run["status"]["error"])


@pytest.mark.parametrize("tracked", [True, False])
def test_an_exception_is_recorded_with_the_users_traceback(db, tracked):
    text = (PROGRAM if tracked else "") + "def work():\n    raise ValueError('too bad')\nwork()\n"
    Path("train.py").write_text(text)

    with pytest.raises(RunError, match="ValueError: too bad"):
        mlrun.new_function(command="train.py").run()

    (run,) = db.list_runs()
    error = run["status"]["error"]
    assert error.startswith("Traceback") and error.endswith("ValueError: too bad") and "in work" in error
    assert "runtimes" not in error and b"ValueError: too bad" in db.get_log(run["metadata"]["uid"])[1]


def test_a_program_that_failed_after_its_block_is_said_to_have(db, capsys):
    Path("train.py").write_text(
        "import mlrun\nwith mlrun.get_or_create_ctx('x'): pass\nraise SystemExit(3)\n"
    )

    run = mlrun.new_function(command="train.py").run()

    assert run.state() == "completed"
    assert "had said that it is completed when its program failed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "asked", "error", "message"),
    [
        ({}, {}, MLRunInvalidArgumentError, "neither a command nor code"),
        ({"command": "trian.py"}, {}, MLRunNotFoundError, "no file 'trian.py'.*Did you mean 'train.py'"),
        ({"command": "trian.py"}, {"handler": "f"}, MLRunNotFoundError, "Did you mean 'train.py'"),
        ({"command": "nb.ipynb"}, {}, MLRunNotFoundError, "no notebook"),
        ({"command": "no-such-program"}, {}, MLRunNotFoundError, "on the PATH"),
        ({"command": "train.py"}, {"handler": "trian"}, MLRunNotFoundError, "Did you mean 'train'"),
        ({"command": "train.py"}, {"handler": "Model::fit"}, MLRunNotFoundError, "no handler 'Model::fit'"),
        ({"command": "train.py"}, {"workdir": "nowhere"}, MLRunNotFoundError, "'nowhere' does not exist"),
        ({"command": "bad.py"}, {"handler": "f"}, MLRunInvalidArgumentError, r"bad\.py:1"),
        ({"command": "/bin/echo", "mode": "pass"}, {"handler": "f"}, MLRunInvalidArgumentError, "no handler"),
        ({"command": "echo {p}", "mode": "args"}, {}, MLRunInvalidArgumentError, r"\{p\} in the command"),
        ({"command": "train.py"}, {"handler": lambda needed: 1}, MLRunInvalidArgumentError, "'needed'"),
    ],
)
def test_what_can_not_run_leaves_nothing_behind(db, given, asked, error, message):
    Path("train.py").write_text("def train(context): pass\n")
    Path("bad.py").write_text("def f(:\n")

    with pytest.raises(error, match=message):
        mlrun.new_function("f", kind="local", **given).run(**asked)

    assert db.list_runs() == db.list_functions() == []


# programs while they live


@pytest.fixture
def waiting():
    """A program that says which process it is, and waits."""
    write("wait.sh", "echo $$; while :; do sleep 0.02; done\n")
    return mlrun.new_function("waiting", command="wait.sh")


def started(db):
    """Uid and process of the program that is running."""

    def found():
        runs = db.list_runs(state="running")
        log = db.get_log(runs[0]["metadata"]["uid"])[1] if runs else b""
        return log.endswith(b"\n") and (runs[0]["metadata"]["uid"], int(log.split()[0]))

    return until(found)


def in_thread(fn, **given):
    """Run it in a thread; gives the thread, and a list that gets the error."""
    errors = []

    def work():
        try:
            fn.run(**given)
        except RunError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, errors


def test_the_log_can_be_read_while_the_program_lives_and_an_abort_ends_it(waiting, db):
    thread, errors = in_thread(waiting)
    uid, pid = started(db)

    db.abort_run(uid)
    thread.join(60)

    assert is_gone(pid)
    assert states(db) == ["aborted"]
    assert "ended in state aborted" in str(errors[0])


def test_a_killed_program_ends_its_run(waiting, db):
    thread, errors = in_thread(waiting)
    uid, pid = started(db)

    os.kill(pid, signal.SIGKILL)
    thread.join(60)

    assert "killed by signal 9 (SIGKILL)" in db.read_run(uid)["status"]["error"]
    assert states(db) == ["error"] and errors


@pytest.fixture
def parent(waiting):
    """Another process that runs the program."""
    code = "import mlrun; mlrun.new_function('waiting', command='wait.sh').run()"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def test_ctrl_c_aborts_the_run_and_leaves_no_process(parent, db):
    uid, pid = started(db)

    parent.send_signal(signal.SIGINT)
    parent.wait(60)

    status = db.read_run(uid)["status"]
    assert (status["state"], status["error"]) == ("aborted", "interrupted by Ctrl-C")
    assert is_gone(pid)


SWEEP = """
import mlrun
mlrun.new_function("waiting", command="wait.sh").run(
    hyperparams={"p1": [1, 2, 3]}, hyper_param_options={"parallel_runs": 2})
"""


def test_ctrl_c_aborts_a_sweep_of_programs_and_leaves_no_process(waiting, db):
    parent = subprocess.Popen([sys.executable, "-c", SWEEP], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    pids = []
    while len(pids) < 2:
        line = parent.stdout.readline()
        pids += [int(line)] if line.strip().isdigit() else []

    parent.send_signal(signal.SIGINT)
    parent.communicate(timeout=60)

    assert [is_gone(pid) for pid in pids] == [True, True]
    (run,) = db.list_runs()
    children = db.list_runs(uid=run["metadata"]["uid"], iter=True)
    assert [child["status"]["state"] for child in children] == ["aborted"] * 3


def test_a_killed_parent_is_found_dead_at_the_next_look_and_its_program_ends(parent, db):
    uid, pid = started(db)

    parent.kill()
    parent.wait()

    status = db.read_run(uid)["status"]
    assert status["state"] == "error" and f"(pid {parent.pid} on host" in status["error"]
    until(lambda: is_gone(pid))


def test_a_tracked_program_belongs_to_who_started_it(program, db):
    Path("train.py").write_text(PROGRAM + "import os\ncontext.log_result('pid', os.getppid(), commit=True)\n")

    run = program.run()

    assert run.output("pid") == run.status.process["pid"] == os.getpid()


def test_two_programs_run_at_once(program, db):
    threads = [in_thread(program, params={"p1": number})[0] for number in (1, 2)]
    for thread in threads:
        thread.join(60)

    results = sorted(run["status"]["results"]["accuracy"] for run in db.list_runs())
    assert results == [2, 4]
    for run in db.list_runs():
        p1 = run["spec"]["parameters"]["p1"]
        assert db.get_log(run["metadata"]["uid"])[1].decode() == f"p1 is {p1}\n"


# handlers of a file, and sweeps


def test_with_a_handler_the_file_is_loaded_here(program):
    Path("train.py").write_text("import os\ndef pid(): return os.getpid()\n")

    assert program.run(handler="pid").output("return") == os.getpid()


@pytest.mark.parametrize("handler", ["train", "helper.deep", "Model::fit"])
def test_handlers_are_functions_of_modules_and_methods(handler):
    Path("helper.py").write_text("def deep(p1): return p1\n")
    Path("train.py").write_text(
        "import helper\ndef train(p1): return p1\nclass Model:\n    def fit(self, p1): return p1\n"
    )

    run = mlrun.new_function(command="train.py").run(handler=handler, params={"p1": 5})

    assert run.output("return") == 5


def test_a_failing_handler_shows_the_line_of_its_notebook_or_embedded_code(db):
    body = "def train(context):\n    raise KeyError('nope')\n"

    with pytest.raises(RunError, match="KeyError: 'nope'"):
        mlrun.new_function("t", kind="local").with_code(body=body).run(handler="train")

    (run,) = db.list_runs()
    assert "raise KeyError('nope')" in run["status"]["error"]


@pytest.mark.parametrize("at_once", [0, 2])
def test_a_sweep_over_a_program(program, db, at_once):
    run = program.run(
        hyperparams={"p1": [1, 3, 2]},
        hyper_param_options={"selector": "max.accuracy", "parallel_runs": at_once},
    )

    assert run.outputs["best_iteration"] == 2 and run.outputs["accuracy"] == 6
    log = db.get_log(run.uid())[1].decode()
    assert sorted(line for line in log.splitlines() if line.startswith("p1 is")) == [
        "p1 is 1",
        "p1 is 2",
        "p1 is 3",
    ]


def test_a_sweep_over_arguments_of_a_shell_program(db):
    write("job.sh", 'test "$1" != 2\n')

    run = mlrun.new_function(command="job.sh {p1}", mode="args").run(hyperparams={"p1": [1, 2, 3]})

    assert run.state() == "completed"
    assert [row[0] for row in run.status.iterations[1:]] == ["completed", "error", "completed"]


def test_a_program_is_not_given_what_json_would_change(program, db):
    with pytest.raises(MLRunInvalidArgumentError, match=re.escape("params['p1'] is nan")):
        program.run(params={"p1": float("nan")})

    assert db.list_runs() == []


@pytest.mark.parametrize("at_once", [0, 2])
def test_neither_are_the_children_that_a_generator_makes(program, at_once, db):
    with pytest.raises(MLRunInvalidArgumentError, match=re.escape("params['p1'] is of type set")):
        program.run(
            hyperparams=lambda: iter([{"p1": 1}, {"p1": {2}}]),
            hyper_param_options={"strategy": "custom", "parallel_runs": at_once},
        )

    assert [run["status"]["state"] for run in db.list_runs()] == ["error"]
