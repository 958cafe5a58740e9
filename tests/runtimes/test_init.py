import pytest

from mlrun import runtimes
from mlrun.errors import MLRunInvalidArgumentError


@pytest.mark.parametrize(
    "kind",
    ["handler", "local", "job", "dask", "mpijob", "spark", "remote-spark", "nuclio", "remote", "serving"],
)
def test_every_kind_has_a_class(kind):
    assert issubclass(runtimes.kinds.get(kind), runtimes.BaseRuntime)


@pytest.mark.parametrize("name", ["BaseRuntime", "HandlerRuntime", "LocalRuntime"])
def test_classes_are_names_of_the_room(name):
    assert getattr(runtimes, name).__name__ == name


def test_other_names_are_not():
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        runtimes.Nothing  # noqa: B018  # the look-up is the test


def test_an_unknown_kind_lists_the_kinds():
    with pytest.raises(MLRunInvalidArgumentError, match=r"dask, handler, job, local.*Did you mean 'spark'"):
        runtimes.kinds.get("sprk")
