import subprocess

import pytest

from mlrun.builders import variables

ENV = {"A": "s3cr3t", "B": "two\nlines, 'quoted' \"$HOME\" `id`"}


def test_a_shell_reads_every_value_as_it_is(tmp_path):
    (tmp_path / "them").write_text(variables.script(ENV))

    done = subprocess.run(
        ["/bin/sh", "-c", f'. {tmp_path}/them; env -0 | grep -z "^[AB]="'], capture_output=True, text=True
    )

    assert done.stdout == "".join(f"{name}={value}\0" for name, value in ENV.items())


def test_a_command_sets_them_and_none_stands_in_it():
    command = variables.with_variables("pip list", ENV)

    assert command.startswith(". /run/secrets/builder_env-") and command.endswith("; pip list")
    assert "s3cr3t" not in command + variables.flag(ENV) + str(variables.options(ENV))
    assert variables.without_variables(command) == "pip list"


def test_what_was_made_with_another_value_is_not_reused():
    other = {**ENV, "A": "another"}

    assert variables.with_variables("pip list", ENV) != variables.with_variables("pip list", other)
    assert variables.flag(ENV) != variables.flag(other)


def test_the_builder_is_told_of_the_secret_that_run_mounts():
    (_, option) = variables.options(ENV)
    identity = option.partition(",")[0]

    assert option == f"{identity},env={variables.NAME}" and identity in variables.flag(ENV)


def test_without_variables_nothing_is_mounted():
    assert variables.flag({}) == "" and variables.options({}) == []
    assert variables.with_variables("pip list", {}) == "pip list"


@pytest.mark.parametrize(("text", "names"), [("ENV X=${A}", ["A"]), ("RUN AB", []), ("$B $A", ["A", "B"])])
def test_lines_name_the_variables_that_they_speak_of(text, names):
    assert variables.named_in(text, ENV) == names
