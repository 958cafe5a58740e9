import base64
import json
import os
import re
from pathlib import Path

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, MLRunNotFoundError
from mlrun.run.functions import check_function, code_to_function, new_function

TRAIN = '''
def train(context, p1: int = 1):
    """
    Train a model.

    :param p1: How deep.
    """
    context.log_result("accuracy", p1 * 2)
'''

NOTEBOOK = {
    "nbformat": 4,
    "cells": [
        {"cell_type": "code", "metadata": {}, "source": "# mlrun: ignore\nraise SystemExit"},
        {"cell_type": "code", "metadata": {}, "source": "%nuclio cmd -c pip install pandas\nA = 3"},
        {
            "cell_type": "code",
            "metadata": {},
            "source": "def train(context, p1=A):\n    context.log_result('accuracy', p1)",
        },
        {"cell_type": "code", "metadata": {"tags": ["scratch"]}, "source": "B = 1 / 0"},
    ],
}


@pytest.fixture
def file():
    path = Path("my_train.py")
    path.write_text(TRAIN)
    return str(path)


@pytest.fixture
def notebook():
    path = Path("train.ipynb")
    path.write_text(json.dumps(NOTEBOOK))
    return str(path)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, "handler"),
        ({"command": "train.py"}, "local"),
        ({"command": "train.py", "kind": "job"}, "job"),
        ({"command": "http://localhost:8080"}, "remote"),
        ({"command": "https://example.com/f"}, "remote"),
        ({"kind": "nuclio:serving"}, "serving"),
        ({"kind": "nuclio:mlrun"}, "nuclio"),
        ({"kind": "mpijob"}, "mpijob"),
        ({"runtime": {"spec": {"command": "train.py"}}}, "local"),
        ({"runtime": {"kind": "job"}, "command": "train.py"}, "job"),
        ({"runtime": {"kind": "handler"}, "command": "train.py"}, "local"),
    ],
)
def test_the_kind_follows_from_what_is_given(given, kind):
    assert new_function(**given).kind == kind


def test_a_kind_of_nuclio_is_kept():
    assert new_function(kind="nuclio:mlrun").spec.function_kind == "mlrun"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"command": "dir/my_train.py --x 1"}, "my-train"),
        ({"command": "/bin/echo hello"}, "echo"),
        ({"name": "My Train_2"}, "my-train-2"),
        ({"handler": "train"}, "train"),
    ],
)
def test_the_name_is_normalised_and_by_default_that_of_the_file(given, name):
    assert new_function(**given).metadata.name == name


def test_without_anything_to_name_it_after_a_name_is_made():
    assert re.fullmatch("mlrun-[0-9a-f]{6}", new_function().metadata.name)


def test_a_name_that_can_not_stand_in_an_address_is_refused():
    with pytest.raises(MLRunInvalidArgumentError, match="function name"):
        new_function("a/b")


@pytest.mark.parametrize(("kind", "hint"), [("handlr", "'handler'"), ("jobb", "'job'")])
def test_an_unknown_kind_is_answered_with_the_nearest(kind, hint):
    with pytest.raises(MLRunInvalidArgumentError, match=f"not a function kind: .*Did you mean {hint}"):
        new_function(kind=kind)


@pytest.mark.parametrize("given", [{}, {"kind": "local"}, {"command": "train.py"}])
def test_an_image_is_for_kinds_that_take_one(given):
    with pytest.raises(ValueError, match="image"):
        new_function(image="mlrun/mlrun", **given)

    assert new_function(image="mlrun/mlrun", kind="job").spec.image == "mlrun/mlrun"


def test_words_after_the_program_are_its_arguments():
    spec = new_function(command="train.py --depth 3 'a b'", args=["last"]).spec

    assert (spec.command, spec.args) == ("train.py", ["--depth", "3", "a b", "last"])


def test_a_path_with_a_space_stays_one_word():
    Path("my train.py").write_text("print('here')")

    run = new_function(command="'my train.py' x").run()

    assert run.state() == "completed"


def test_another_function_or_its_dictionary_is_a_start_and_stays_as_it_is():
    first = new_function("first", kind="job", command="train.py", image="i").set_env("A", "1")
    before = first.to_dict()

    second = new_function("second", runtime=first).set_env("A", "2")
    third = new_function(runtime=before)

    assert (second.metadata.name, second.kind, second.spec.image) == ("second", "job", "i")
    assert third.to_dict() == before == first.to_dict()


def test_what_is_no_function_is_no_start():
    with pytest.raises(MLRunInvalidArgumentTypeError, match="runtime= needs a function"):
        new_function(runtime="job")


def test_a_callable_is_the_default_handler_and_the_record_has_its_name(db):
    def train(context, p1=1):
        return p1

    fn = new_function(handler=train)

    assert fn.copy().run(params={"p1": 4}).output("return") == 4
    assert (fn.metadata.name, db.get_function("train")["spec"]) == ("train", {"default_handler": "train"})
    assert db.list_runs()[0]["spec"]["handler"] == "train"


def test_a_local_folder_is_a_source():
    Path("src").mkdir()
    Path("src/train.py").write_text(TRAIN)

    fn = new_function(command="train.py", source="src", handler="train")

    assert fn.run(params={"p1": 2}).output("accuracy") == 4


def test_a_source_makes_a_function_of_this_machine_that_loads_it():
    fn = new_function(source="git://host/repo#main", handler="train.train")

    assert (fn.kind, fn.spec.build.source) == ("local", "git://host/repo#main")
    assert new_function(kind="job", source="git://host/repo").spec.build.source == "git://host/repo"


def test_a_handler_in_this_process_loads_no_source_but_may_be_in_a_folder():
    Path("src").mkdir()

    assert new_function(kind="handler", source="src").spec.workdir == os.path.abspath("src")
    with pytest.raises(MLRunInvalidArgumentError, match="kind 'handler' loads no source"):
        new_function(kind="handler", source="git://host/repo")


def test_an_unknown_mode_is_answered_with_the_nearest():
    with pytest.raises(MLRunInvalidArgumentError, match=r"'arg' is not a run mode.*Did you mean 'args'"):
        new_function(command="train.py", mode="arg")


def test_a_file_becomes_a_function_that_carries_its_code(file):
    fn = code_to_function(filename=file, kind="job", image="i", handler="train")

    assert (fn.metadata.name, fn.kind, fn.spec.image, fn.spec.default_handler) == (
        "my-train",
        "job",
        "i",
        "train",
    )
    build = fn.spec.build
    assert base64.b64decode(build.functionSourceCode).decode() == TRAIN
    assert (build.code_origin, build.origin_filename) == (str(Path(file).absolute()), file)


def test_entry_points_are_described_from_the_source(file):
    points = code_to_function(filename=file).spec.entry_points

    assert points["train"]["doc"] == "Train a model."
    assert points["train"]["parameters"][1] == {
        "name": "p1",
        "type": "int",
        "default": 1,
        "doc": "How deep.",
    }
    assert code_to_function(filename=file, with_doc=False).spec.entry_points == {}


@pytest.mark.parametrize("word", ["kind", "runtime"])
def test_runtime_is_an_older_word_for_kind(file, word):
    assert code_to_function("xgb_train", filename=file, **{word: "nuclio:mlrun"}).kind == "nuclio"


def test_the_default_kind_runs_here(file):
    run = code_to_function(filename=file).run(handler="train", params={"p1": 4})

    assert run.outputs == {"accuracy": 8}


def test_a_wrong_keyword_is_answered_with_the_right_one(file):
    with pytest.raises(TypeError, match=r"takes no argument 'filenam'\. Did you mean 'filename'"):
        code_to_function(filenam=file)


def test_code_that_is_not_embedded_is_read_when_the_function_runs(file):
    fn = code_to_function(filename=file, embed_code=False, handler="train")
    assert fn.spec.build.functionSourceCode == "" and fn.spec.command == file
    Path(file).write_text(TRAIN.replace("p1 * 2", "p1 * 3"))

    assert fn.run(params={"p1": 2}).output("accuracy") == 6


def test_a_notebook_runs_without_its_ignored_cells_and_with_its_magics(notebook):
    fn = code_to_function(filename=notebook, ignored_tags="scratch")

    assert fn.spec.build.commands == ["pip install pandas"]
    assert fn.run(handler="train").output("accuracy") == 3


@pytest.mark.parametrize(("target", "written"), [(".", "train.py"), ("out.py", "out.py")])
def test_the_code_of_a_notebook_can_be_written_to_a_file(notebook, target, written):
    code_to_function(filename=notebook, ignored_tags="scratch", code_output=target)

    assert "def train(context, p1=A):" in Path(written).read_text()


def test_labels_categories_and_description_are_recorded(file):
    fn = code_to_function(
        filename=file, labels={"team": 1}, categories=["ml"], description="d", requirements=["pandas"]
    )

    assert (fn.metadata.labels, fn.metadata.categories, fn.spec.description) == ({"team": "1"}, ["ml"], "d")
    assert fn.spec.build.requirements == ["pandas"]


def test_outside_of_a_notebook_a_file_is_asked_for():
    with pytest.raises(MLRunInvalidArgumentError, match="filename="):
        code_to_function(kind="job")


def test_a_missing_file_is_answered_with_the_nearest(file):
    with pytest.raises(MLRunNotFoundError, match=r"Did you mean 'my_train.py'"):
        code_to_function(filename="my_trian.py")


def test_what_is_not_python_is_refused():
    Path("bad.py").write_text("def f(:")

    with pytest.raises(MLRunInvalidArgumentError, match=r"bad\.py"):
        code_to_function(filename="bad.py")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([1], "holds no function"),
        ({"name": "x"}, "holds no function"),
        ({"kind": "job", "spec": {"comand": "x.py"}}, r"'spec.comand' is not a known key.*'command'"),
        ({"kind": "job", "metdata": {}}, r"'metdata' is not a known key.*'metadata'"),
    ],
)
def test_a_function_file_with_a_wrong_key_is_refused(data, message):
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        check_function(data, "function.yaml")


def test_the_names_are_public():
    assert mlrun.new_function is new_function
    assert mlrun.code_to_function is code_to_function
