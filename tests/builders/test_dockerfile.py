import pytest

from mlrun.builders.dockerfile import dockerfile
from mlrun.builders.plan import BuildPlan


def lines(**fields):
    wheel = fields.pop("wheel", "")
    return dockerfile(BuildPlan("x", "python:3.11", **fields), wheel).splitlines()


def test_an_image_of_nothing_is_its_base():
    assert lines() == ["FROM python:3.11"]


def test_a_plan_is_laid_out_in_order():
    text = lines(
        source="./",
        commands=("apt-get update",),
        requirements=("a", "b"),
        mlrun=".",
        extra="USER nobody",
        wheel="mlrun-2-py3-none-any.whl",
    )

    pip = "python3 -m pip install --no-cache-dir --disable-pip-version-check"
    assert text == [
        "FROM python:3.11",
        "COPY mlrun-2-py3-none-any.whl /opt/mlrun-build/mlrun-2-py3-none-any.whl",
        f"RUN {pip} /opt/mlrun-build/mlrun-2-py3-none-any.whl",
        "WORKDIR /home/mlrun_code",
        'COPY ["source/", "/home/mlrun_code/"]',
        "RUN apt-get update",
        "COPY requirements.txt /opt/mlrun-build/requirements.txt",
        f"RUN {pip} -r /opt/mlrun-build/requirements.txt",
        "USER nobody",
    ]


def test_a_named_version_is_pips_business():
    assert lines(mlrun="mlrun>=2")[1].endswith(" 'mlrun>=2'")


def test_the_source_goes_where_it_is_said():
    assert lines(source="./", code_dir="/my code/") == [
        "FROM python:3.11",
        "WORKDIR /my code/",
        'COPY ["source/", "/my code/"]',
    ]


@pytest.mark.parametrize("command", ["a\nb", "a \\", "[ -e x ] && y", "<<EOF"])
def test_a_command_is_one_instruction_whatever_is_in_it(command):
    (_, run) = lines(commands=(command,))

    assert run.startswith('RUN ["/bin/sh", "-c", "')


def test_variables_are_mounted_while_a_command_runs():
    env = {"TOKEN": "s3cr3t"}
    (_, command, package, copied, requirements) = lines(
        commands=("a\nb",), requirements=("a",), mlrun="mlrun", env=env
    )[:5]

    for run in (command, package, requirements):
        assert run.startswith("RUN --mount=type=secret,id=builder_env-") and "/run/secrets/" in run
    assert copied.startswith("COPY") and "s3cr3t" not in str(lines(commands=("a",), env=env))


def test_a_variable_that_lines_of_ones_own_speak_of_is_an_argument_for_them():
    assert lines(extra="ENV X=$A", env={"A": "1", "B": "2"})[1:] == ["ARG A", "ENV X=$A"]
