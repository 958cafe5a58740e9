import pytest

from mlrun.builders import Builder, get_builder
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError


def test_a_builder_is_that_of_the_cluster_in_use():
    assert (get_builder().kind, get_builder("podman").kind) == ("process", "podman")

    mlconf.cluster.kind = "podman"

    assert get_builder().kind == "podman"


def test_another_one_can_build_for_a_cluster():
    mlconf.cluster.kind = "kubernetes"
    mlconf.builder.kind = "podman"

    assert isinstance(get_builder(), Builder) and get_builder().kind == "podman"


def test_one_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(
        MLRunInvalidArgumentError, match=r"'podmann' is not a builder: .*Did you mean 'podman'"
    ):
        get_builder("podmann")
