import sys
import threading
from pathlib import Path

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, RunError


def train(context, p1=1):
    print(f"training with {p1}")
    context.log_result("accuracy", p1 * 2)


@pytest.fixture
def fn():
    return mlrun.new_function("f")


def test_a_callable_runs_here(fn, db):
    run = fn.run(handler=train, params={"p1": 4})

    assert run.outputs == {"accuracy": 8}
    assert db.get_log(run.uid())[1] == b"training with 4\n"


@pytest.mark.parametrize("handler", ["library.train", "library.Model::fit"])
def test_a_name_is_imported(fn, handler):
    Path("library.py").write_text(
        "def train(p1): return p1\n"
        "class Model:\n"
        "    def __init__(self, base=0): self.base = base\n"
        "    def fit(self, p1): return self.base + p1\n"
    )

    assert fn.run(handler=handler, params={"p1": 4}).output("return") == 4


def test_a_method_gets_its_object_with_init_args(fn):
    Path("models.py").write_text(
        "class Model:\n"
        "    def __init__(self, base): self.base = base\n"
        "    def fit(self, p1): return self.base + p1\n"
    )

    run = fn.run(handler="models.Model::fit", params={"p1": 4, "_init_args": {"base": 10}})

    assert run.output("return") == 14


def test_a_working_folder_holds_during_the_run_only(fn, tmp_path):
    (tmp_path / "sub").mkdir()

    run = fn.run(handler=lambda: str(Path.cwd()), workdir="sub")

    assert run.output("return") == str(tmp_path / "sub")
    assert Path.cwd() == tmp_path


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({}, MLRunInvalidArgumentError, "has no code and no handler"),
        ({"handler": "train"}, MLRunInvalidArgumentError, "'train' is not a callable, nor 'module.function'"),
        ({"handler": train, "params": {"p": 1}}, MLRunInvalidArgumentError, "Did you mean 'p1'"),
        ({"handler": lambda needed: None}, MLRunInvalidArgumentError, "needs 'needed'"),
        ({"handler": train, "workdir": "nowhere"}, MLRunNotFoundError, "'nowhere' does not exist"),
        ({"handler": train, "name": "a/b"}, MLRunInvalidArgumentError, "'a/b' can not be a run's name"),
    ],
)
def test_what_can_not_run_leaves_nothing_behind(fn, db, given, error, message):
    with pytest.raises(error, match=message):
        fn.run(**given)

    assert db.list_runs() == db.list_functions() == []


def test_a_module_that_is_not_there_ends_the_run(fn, db):
    with pytest.raises(RunError, match="no module 'nowhere'"):
        fn.run(handler="nowhere.train")

    assert [run["status"]["state"] for run in db.list_runs()] == ["error"]


def test_two_runs_at_once_keep_their_output_apart(fn, db):
    both = threading.Barrier(2, timeout=60)

    def loud(word):
        for _ in range(50):
            print(word)
            both.wait()

    runs = {}

    def start(word):
        runs[word] = fn.run(handler=loud, params={"word": word})

    threads = [threading.Thread(target=start, args=(word,)) for word in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {word: db.get_log(run.uid())[1].decode().split() for word, run in runs.items()} == {
        "one": ["one"] * 50,
        "two": ["two"] * 50,
    }
    assert "Tee" not in type(sys.stdout).__name__


def test_a_handler_may_run_another(fn, db):
    def outer(context):
        inner = fn.run(handler=train, params={"p1": 2})
        context.log_result("inner", inner.output("accuracy"))

    run = fn.run(handler=outer)

    assert run.output("inner") == 4
    assert len(db.list_runs()) == 2


@pytest.mark.parametrize("at_once", [0, 2])
def test_a_sweep_finds_its_handler_by_name(fn, at_once):
    Path("swept.py").write_text("def train(p1): return p1\n")

    run = fn.run(
        handler="swept.train",
        hyperparams={"p1": [1, 3, 2]},
        hyper_param_options={"selector": "max.return", "parallel_runs": at_once},
    )

    assert run.output("best_iteration") == 2


@pytest.mark.parametrize("at_once", [0, 2])
def test_iterations_get_objects_and_numbers_that_json_lacks_as_they_were_given(fn, at_once):
    def kind_of(context, p1):
        context.log_result("kind", f"{type(p1).__name__} {p1}")

    run = fn.run(
        handler=kind_of,
        hyperparams={"p1": [float("nan"), {2}, b"a"]},
        hyper_param_options={"parallel_runs": at_once},
    )

    assert [row[-1] for row in run.status.iterations[1:]] == ["float nan", "set {2}", "bytes b'a'"]


def test_an_iteration_in_another_process_has_the_secrets(fn, db):
    Path("secret.py").write_text("def train(context, p1): return context.get_secret('TOKEN') == 't0ken'\n")
    task = mlrun.new_task(handler="secret.train").with_secrets("inline", {"TOKEN": "t0ken"})

    run = fn.run(task, hyperparams={"p1": [1, 2]}, hyper_param_options={"parallel_runs": 2})

    children = [
        child for child in db.list_runs(uid=run.uid(), iter=True) if child["metadata"].get("iteration")
    ]
    assert [child["status"]["results"] for child in children] == [{"return": True}] * 2
    assert "t0ken" not in str(db.list_runs(uid=run.uid(), iter=True))


def test_variables_of_the_function_hold_while_its_handler_runs(monkeypatch):
    import os

    def read(context):
        context.log_result("mode", os.environ["MODE"])

    fn = mlrun.new_function("read", kind="handler").set_env("MODE", "fast")

    assert fn.run(handler=read).output("mode") == "fast"
    assert "MODE" not in os.environ
    swept = fn.run(handler=read, hyperparams={"x": [1, 2]}, hyper_param_options={"parallel_runs": 2})
    assert [row[-1] for row in swept.status.iterations[1:]] == ["fast", "fast"]
