import pytest

from mlrun.builders.names import default_image, is_insecure, registry_of, resolved
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.function import Function


def function(name, project="", tag=""):
    return Function.from_dict({"kind": "job", "metadata": {"name": name, "project": project, "tag": tag}})


@pytest.mark.parametrize(
    ("name", "project", "tag", "image"),
    [
        ("train", "iris", "", ".mlrun/func-iris-train:latest"),
        ("train", "", "v2", ".mlrun/func-default-train:v2"),
        ("train", "My Project", "", ".mlrun/func-my-project-train:latest"),
        ("train", "my_project", "", ".mlrun/func-my_project-train:latest"),
    ],
)
def test_a_function_has_an_image_of_its_name(name, project, tag, image):
    assert default_image(function(name, project, tag)) == image


def test_the_form_of_that_name_is_a_setting():
    mlconf.httpdb.builder.function_target_image_name_prefix_template = "team/{name}-of-{project}"

    assert default_image(function("train", "iris")) == ".mlrun/team-train-of-iris:latest"


@pytest.mark.parametrize(
    ("image", "registry", "full"),
    [
        (".mlrun/x:1", "", "mlrun/x:1"),
        (".mlrun/x:1", "127.0.0.1:5000", "127.0.0.1:5000/mlrun/x:1"),
        (".mlrun/x:1", "docker.io/team/", "docker.io/team/mlrun/x:1"),
        ("./x", "reg.example.com", "reg.example.com/x"),
        ("mlrun/x", "reg.example.com", "mlrun/x"),
        ("python:3.11", "", "python:3.11"),
        ("a/b@sha256:" + "0" * 64, "", "a/b@sha256:" + "0" * 64),
    ],
)
def test_a_leading_dot_is_the_default_registry(image, registry, full):
    mlconf.httpdb.builder.docker_registry = registry

    assert resolved(image) == full


@pytest.mark.parametrize("image", ["", ".", "Upper/case", "a b", "a\nRUN evil", "-x", "a:", "a//b"])
def test_what_can_not_name_an_image_is_refused(image):
    with pytest.raises(MLRunInvalidArgumentError, match="can not name an image"):
        resolved(image)


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("mlrun/x:1", ""),
        ("x:1", ""),
        ("localhost/x", ""),
        ("localhost:5000/x", "localhost:5000"),
        ("127.0.0.1:5000/a/x:1", "127.0.0.1:5000"),
        ("reg.example.com/x", "reg.example.com"),
    ],
)
def test_an_image_may_name_its_registry(image, registry):
    assert registry_of(image) == registry
    assert is_insecure(registry, "auto") == registry.startswith(("127.", "localhost"))


def test_a_registry_is_without_tls_where_a_setting_says_so():
    assert is_insecure("reg.example.com", "enabled") and not is_insecure("reg.example.com", "auto")
    assert not is_insecure("127.0.0.1:5000", "disabled") and not is_insecure("", "enabled")
