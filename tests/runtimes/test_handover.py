from __future__ import annotations

import os
import subprocess
import sys

import pytest

import mlrun
from mlrun.errors import MLRunAccessDeniedError
from mlrun.runtimes.handover import SECRETS, as_text, handed_over, received
from mlrun.secrets import SecretsStore

PROGRAM = "from mlrun.runtimes.handover import received; print(received().get('TOKEN'))"
SEEN = "; print('s3cr3t' in open('/proc/self/environ').read())"


@pytest.fixture
def store():
    return SecretsStore.from_list([{"kind": "inline", "source": {"TOKEN": "s3cr3t"}}])


def run_child(env, code=PROGRAM):
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **env}, capture_output=True, text=True
    )
    return done.stdout + done.stderr


def test_a_program_reads_them_as_often_as_it_likes(store):
    with handed_over(store) as handover:
        env = handover.variables
        assert run_child(env) == run_child(env) == "s3cr3t\n"


def test_a_program_of_the_program_reads_them_too(store):
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {PROGRAM!r}])"

    with handed_over(store) as handover:
        assert run_child(handover.variables, nested) == "s3cr3t\n"


def test_no_variable_holds_one(store):
    with handed_over(store) as handover:
        assert list(handover.variables) == [SECRETS]
        assert "s3cr3t" not in handover.variables[SECRETS]


def test_nothing_is_left_when_the_block_ends(store, monkeypatch):
    with handed_over(store) as handover:
        path = handover.variables[SECRETS]
    monkeypatch.setenv(SECRETS, path)

    assert not os.path.exists(path)
    with pytest.raises(MLRunAccessDeniedError, match="the run's secrets can not be read"):
        received()


def test_elsewhere_it_is_a_file_of_this_user(store, monkeypatch):
    monkeypatch.delattr(os, "memfd_create", raising=False)

    with handed_over(store) as handover:
        env = handover.variables
        assert os.stat(env[SECRETS]).st_mode & 0o077 == 0
        assert run_child(env) == "s3cr3t\n"

    assert not os.path.exists(env[SECRETS])


def test_a_program_that_nobody_started_has_received_nothing():
    assert list(received().items()) == []


def test_what_the_program_learns_is_masked_here(store):
    learn = "from mlrun.runtimes.handover import received; received().masker.add('learned\\nlater')"

    with handed_over(store) as handover:
        run_child(handover.variables, learn)
        run_child(handover.variables, learn.replace("later", "even later"))
        handover.learn()
        handover.learn()

    assert store.masker.mask("s3cr3t learned\nlater learned\neven later") == "*** *** ***"


def test_a_program_whose_starter_is_gone_goes_on(store, monkeypatch):
    with handed_over(store) as handover:
        monkeypatch.setenv(SECRETS, handover.variables[SECRETS])
        mine = received()

    mine.masker.add("learned later")

    assert mine.masker.mask("learned later") == "***"


def test_a_program_has_no_secret_in_its_environment_or_arguments(tmp_path):
    (tmp_path / "program.py").write_text(
        "import mlrun\n"
        "context = mlrun.get_or_create_ctx('t')\n"
        "seen = open('/proc/self/environ').read() + open('/proc/self/cmdline').read()\n"
        "context.log_result('is known', context.get_secret('TOKEN') == 's3cr3t-token')\n"
        "context.log_result('is seen', 's3cr3t-token' in seen)\n"
    )
    task = mlrun.new_task().with_secrets("inline", {"TOKEN": "s3cr3t-token"})

    run = mlrun.new_function(command="program.py").run(task)

    assert run.status.results == {"is known": True, "is seen": False}


def test_another_host_is_told_by_text_which_leaves_the_environment(store):
    execute = f"os.execv(sys.executable, [sys.executable, '-c', {PROGRAM + SEEN!r}])"

    said = run_child(as_text(store), f"import os, sys, mlrun.runtimes.handover as h; h.keep(); {execute}")

    assert said == "s3cr3t\nFalse\n"


def test_where_there_is_no_secret_another_host_is_told_none():
    assert run_child(as_text(SecretsStore())) == "None\n"
