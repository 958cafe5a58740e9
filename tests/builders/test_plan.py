import pytest

from mlrun.builders.plan import CODE_DIR, BuildPlan
from mlrun.config import mlconf
from mlrun.model.function import Function


def function(own_image="", **build):
    return Function.from_dict(
        {"kind": "job", "metadata": {"name": "train"}, "spec": {"image": own_image, "build": build}}
    )


def test_a_function_says_what_its_image_is_made_of():
    plan = BuildPlan.of(
        function(
            base_image="python:3.11",
            image=".me/mine:1",
            source="git://host/repo.git",
            commands=[" pip install a "],
            requirements=["b>=1"],
            extra="USER nobody",
            extra_args="--squash",
            builder_env={"A": 1},
            secret="login",
            with_mlrun=False,
        )
    )

    assert plan == BuildPlan(
        image="me/mine:1",
        base_image="python:3.11",
        source="git://host/repo.git",
        commands=("pip install a",),
        requirements=("b>=1",),
        extra="USER nobody",
        extra_args="--squash",
        env={"A": "1"},
        project="default",
        secret="login",
    )
    assert plan.code_dir == CODE_DIR


def test_what_it_does_not_say_has_a_default():
    plan = BuildPlan.of(function())

    assert (plan.image, plan.base_image) == ("mlrun/func-default-train:latest", "mlrun/mlrun")


def test_an_image_that_a_function_has_is_what_its_build_starts_from():
    assert BuildPlan.of(function(own_image="python:3.11")).base_image == "python:3.11"


def test_a_source_that_is_loaded_when_it_runs_is_not_in_the_image():
    assert BuildPlan.of(function(source="s3://b/x.zip", load_source_on_run=True)).source == ""


@pytest.mark.parametrize(
    ("base", "said", "given", "wanted"),
    [
        ("python:3.11", None, None, "."),
        ("mlrun/mlrun:dev", None, None, ""),
        ("docker.io/mlrun/ml-base", None, None, ""),
        ("python:3.11", False, None, ""),
        ("mlrun/mlrun", True, None, "."),
        ("mlrun/mlrun", True, False, ""),
    ],
)
def test_this_package_comes_where_the_base_has_it_not_or_somebody_says_so(base, said, given, wanted):
    plan = BuildPlan.of(function(base_image=base, with_mlrun=said), with_mlrun=given)

    assert plan.mlrun == wanted


def test_which_mlrun_it_is_can_be_said():
    mlconf.httpdb.builder.mlrun_version_specifier = "mlrun==1.0"

    assert BuildPlan.of(function(with_mlrun=True)).mlrun == "mlrun==1.0"
    assert BuildPlan.of(function(with_mlrun=True), mlrun_version_specifier="mlrun==2.0").mlrun == "mlrun==2.0"


def test_variables_of_one_build_come_over_those_of_the_function():
    plan = BuildPlan.of(function(builder_env={"A": "1", "B": "2"}), builder_env={"B": 3})

    assert plan.env == {"A": "1", "B": "3"}


@pytest.mark.parametrize(
    ("build", "words"),
    [
        ({"commands": [" "]}, "commands are texts; ' ' is none"),
        ({"requirements": ["a\nb"]}, "'a\\\\nb' is more than one requirement"),
        ({"builder_env": {"A B": 1}}, "'A B' can not be the name of a variable"),
        ({"base_image": "no such: name"}, "can not name an image"),
    ],
)
def test_what_can_not_be_built_is_refused(build, words):
    with pytest.raises((ValueError, TypeError), match=words):
        BuildPlan.of(function(**build))
