from pathlib import Path

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentTypeError, MLRunNotFoundError


@pytest.fixture
def fn():
    return mlrun.new_function("train", kind="job", image="python:3.11")


def test_requirements_add_up_unless_they_are_replaced(fn):
    Path("requirements.txt").write_text("# ours\npandas  # frames\n\nnumpy>=2\n")

    fn.with_requirements(["pandas"]).with_requirements(requirements_file="requirements.txt")
    assert fn.spec.build.requirements == ["pandas", "numpy>=2"]

    fn.with_requirements("polars", overwrite=True)
    assert fn.spec.build.requirements == ["polars"]


def test_a_missing_requirements_file_is_one_clear_sentence(fn):
    with pytest.raises(MLRunNotFoundError, match=r"requirements\.txt"):
        fn.with_requirements(requirements_file="requirements.txt")


def test_commands_add_up_unless_they_are_replaced(fn):
    fn.with_commands(["apt-get update"]).with_commands(["apt-get update", "make"])
    assert fn.spec.build.commands == ["apt-get update", "make"]

    fn.with_commands(["ls"], overwrite=True)
    assert fn.spec.build.commands == ["ls"]


@pytest.mark.parametrize("commands", ["ls", [5], {"a": 1}])
def test_commands_are_a_list_of_texts(fn, commands):
    with pytest.raises(MLRunInvalidArgumentTypeError, match=r"with_commands\(\) needs a list of strings"):
        fn.with_commands(commands)


def test_its_image_becomes_what_the_new_one_starts_from(fn):
    fn.with_requirements(["pandas"])

    assert (fn.spec.image, fn.spec.build.base_image) == ("", "python:3.11")
    fn.with_commands(["ls"])
    assert fn.spec.build.base_image == "python:3.11"


def test_its_image_can_be_left_alone(fn):
    fn.with_requirements(["pandas"], prepare_image_for_deploy=False)

    assert (fn.spec.image, fn.spec.build.base_image) == ("python:3.11", "")


def test_nothing_to_build_leaves_its_image(fn):
    fn.prepare_image_for_deploy()

    assert fn.spec.image == "python:3.11" and not fn.requires_build()


@pytest.mark.parametrize(
    ("build", "is_needed"),
    [
        ({"commands": ["ls"]}, True),
        ({"requirements": ["pandas"]}, True),
        ({"extra": "USER nobody"}, True),
        ({"source": "git://host/repo.git"}, True),
        ({"source": "git://host/repo.git", "load_source_on_run": True}, False),
        ({"base_image": "python:3.11"}, False),
        ({"functionSourceCode": "eA=="}, False),
    ],
    ids=str,
)
def test_what_needs_an_image_of_its_own(fn, build, is_needed):
    for name, value in build.items():
        setattr(fn.spec.build, name, value)

    assert fn.requires_build() is is_needed


def test_what_an_image_is_made_of_can_be_forgotten(fn):
    fn.with_code(body="x = 1\n").with_requirements(["pandas"]).clean_build_params()

    assert not fn.requires_build() and fn.spec.build.functionSourceCode


def test_a_function_of_this_machines_python_can_always_run():
    fn = mlrun.new_function("train", command="train.py", requirements=["pandas"])

    assert fn.is_deployed()
