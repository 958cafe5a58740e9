import base64
import io
import os
import tarfile

import pytest

from mlrun.builders import variables
from mlrun.builders.context import laid_out
from mlrun.builders.pod import MOST_PIECES, PIECE, build_pod
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError

PROGRAM = ("buildctl-daemonless.sh",)


@pytest.fixture
def made(plan):
    """The pod and the secrets of a plan."""

    def made(**fields):
        one = plan(**{"image": "reg.example.com/x:1", **fields})
        with laid_out(one) as context:
            return build_pod("b1", one, context, PROGRAM)

    return made


def test_a_pod_runs_buildkit_without_root_on_what_it_is_given(made):
    resource, _ = made()

    (container,) = resource["spec"]["containers"]
    assert container["image"] == "docker.io/moby/buildkit:rootless"
    assert container["command"][:2] == ["/bin/sh", "-c"] and container["command"][-1] == PROGRAM[0]
    assert container["securityContext"]["runAsUser"] == 1000
    assert "privileged" not in container["securityContext"]
    words = container["args"]
    assert words[words.index("--output") + 1] == "type=image,name=reg.example.com/x:1,push=true"
    assert resource["spec"]["restartPolicy"] == "Never"
    assert resource["spec"]["activeDeadlineSeconds"] == 3600


def test_the_context_comes_in_secrets_piece_by_piece(made, tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "noise").write_bytes(os.urandom(PIECE))

    resource, secrets = made(source="code")

    assert sorted(secrets) == ["b1-00", "b1-01"]
    text = "".join(secrets[name]["part"] for name in sorted(secrets))
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(text))) as archive:
        assert {"Dockerfile", "source/noise"} <= set(archive.getnames())
    (parts,) = [one for one in resource["spec"]["volumes"] if one["name"] == "parts"]
    named = [one["secret"]["name"] for one in parts["projected"]["sources"]]
    assert named == ["b1-00", "b1-01"]


def test_one_that_is_too_large_is_a_sentence(made, tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "noise").write_bytes(os.urandom(PIECE * MOST_PIECES))

    with pytest.raises(MLRunInvalidArgumentError, match=r"8,400,000 at most: name in \.mlrunignore"):
        made(source="code")


def test_values_of_variables_are_in_no_manifest(made):
    resource, secrets = made(env={"TOKEN": "s3cr3t"})

    assert secrets["b1"] == {"TOKEN": "s3cr3t", variables.NAME: "export TOKEN=s3cr3t\n"}
    assert "s3cr3t" not in str(resource)
    (container,) = resource["spec"]["containers"]
    names = [one["name"] for one in container["env"] if "valueFrom" in one]
    assert names == ["TOKEN", variables.NAME]
    (option,) = [word for word in container["args"] if word.startswith("id=")]
    assert option.endswith(f",env={variables.NAME}") and "build-arg" not in str(container["args"])


def test_a_variable_of_ones_own_lines_is_a_build_argument(made):
    resource, _ = made(env={"TOKEN": "s3cr3t"}, extra="LABEL a=$TOKEN")

    assert "build-arg:TOKEN=$(TOKEN)" in resource["spec"]["containers"][0]["args"]


def test_no_group_is_given_to_the_volumes(made):
    """It would be inherited, with its bit, by the root folder of the image."""
    assert "fsGroup" not in str(made()[0])


def test_the_login_for_the_registry_is_a_secret_of_the_cluster(made):
    resource, _ = made(secret="login")

    (container,) = resource["spec"]["containers"]
    env = {one["name"]: one for one in container["env"]}
    assert env["DOCKER_CONFIG"]["value"] == "/mlrun/login"
    said = env["MLRUN_LOGIN"]["valueFrom"]["secretKeyRef"]
    assert said == {"name": "login", "key": ".dockerconfigjson"}
    assert "/mlrun/login/config.json" in container["command"][2]


@pytest.mark.parametrize(
    ("mode", "image", "is_meant"),
    [
        ("auto", "127.0.0.1:5000/x", True),
        ("auto", "reg.example.com/x", False),
        ("enabled", "reg.example.com/x", True),
        ("disabled", "127.0.0.1:5000/x", False),
    ],
)
def test_a_registry_may_be_without_tls(made, mode, image, is_meant):
    mlconf.httpdb.builder.insecure_push_registry_mode = mode

    resource, _ = made(image=image)

    assert ("registry.insecure=true" in str(resource)) is is_meant


@pytest.mark.parametrize(("mode", "is_meant"), [("auto", False), ("enabled", True), ("disabled", False)])
def test_the_registry_of_a_base_image_may_be_without_tls(made, mode, is_meant):
    mlconf.httpdb.builder.insecure_pull_registry_mode = mode

    resource, secrets = made(base_image="base.example.com:5000/x", env={"A": "1"})

    (container,) = resource["spec"]["containers"]
    flags = {one["name"]: one.get("value") for one in container["env"]}["BUILDKITD_FLAGS"]
    assert ("--config=/mlrun/daemon/buildkitd.toml" in flags.split()) is is_meant
    assert any(one["mountPath"] == "/mlrun/daemon" for one in container["volumeMounts"]) is is_meant
    tomllib = pytest.importorskip("tomllib", reason="Python has it from 3.11 on")
    told = tomllib.loads(secrets["b1"].get("buildkitd.toml", ""))
    expected = {"registry": {"base.example.com:5000": {"http": True, "insecure": True}}}
    assert told == (expected if is_meant else {})


def test_what_a_build_may_be_told_is_passed_on(made):
    words = made(anew=True, extra_args="--opt 'target=a b'")[0]["spec"]["containers"][0]["args"]

    assert words[-3:] == ["--no-cache", "--opt", "target=a b"]


def test_a_build_argument_may_be_said_as_to_other_builders(made):
    words = made(extra_args="--build-arg A=1 --build-arg=B='2 3'")[0]["spec"]["containers"][0]["args"]

    assert words[-4:] == ["--opt", "build-arg:A=1", "--opt", "build-arg:B=2 3"]
