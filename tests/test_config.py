from __future__ import annotations

import copy
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mlrun import config as config_module
from mlrun.config import (
    Config,
    config,
    default_env_file,
    mlconf,
    set_env_from_file,
    set_environment,
)
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.settings import SETTINGS, table

PAGE = Path(__file__).parent.parent / "docs" / "configuration.md"


def source_of(name: str) -> str:
    return next(source for setting, _, source in mlconf.settings() if setting.name == name)


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """The default env file; a test writes into it."""
    os.environ["MLRUN_DEFAULT_ENV_FILE"] = str(tmp_path / "default.env")
    return tmp_path / "default.env"


def test_a_setting_is_an_attribute() -> None:
    assert mlconf.httpdb.port == 8080
    assert mlconf.artifacts.datasets.max_preview_columns == 100
    assert mlconf.default_project == "default"


def test_it_has_two_names() -> None:
    assert config is mlconf


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_can_be_read(name: str) -> None:
    value: object = mlconf
    for part in name.split("."):
        value = getattr(value, part)

    assert isinstance(value, (str, int, float, bool))


def test_an_assignment_holds() -> None:
    mlconf.httpdb.port = 9000
    mlconf.artifact_path = Path("/data")

    assert (mlconf.httpdb.port, mlconf.artifact_path) == (9000, "/data")
    assert source_of("httpdb.port") == "set"


def test_an_assignment_of_the_wrong_type_changes_nothing() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"httpdb\.port is a whole number, not '9000'"):
        mlconf.httpdb.port = "9000"

    assert mlconf.httpdb.port == 8080


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("log_levl", "'log_levl' is not a setting. Did you mean 'log_level'?"),
        ("httpdb.prot", "'httpdb.prot' is not a setting. Did you mean 'httpdb.port'?"),
        ("zzz", "'zzz' is not a setting. See mlconf.settings()."),
    ],
)
def test_a_name_that_is_no_setting_is_answered_with_the_nearest(path: str, message: str) -> None:
    *sections, leaf = path.split(".")
    place = mlconf
    for section in sections:
        place = getattr(place, section)

    with pytest.raises(AttributeError) as read:
        getattr(place, leaf)
    with pytest.raises(AttributeError) as assigned:
        setattr(place, leaf, "x")

    assert str(read.value) == str(assigned.value) == message


def test_a_section_can_not_be_assigned() -> None:
    with pytest.raises(AttributeError, match=r"several: artifacts\.calculate_hash, artifacts\.generate"):
        mlconf.artifacts = {}


def test_a_tool_may_ask_for_what_is_not_there() -> None:
    assert not hasattr(mlconf, "_repr_html_")
    assert copy.copy(mlconf.httpdb).port == 8080
    assert {"httpdb", "dbpath", "override"} <= set(dir(mlconf))
    assert {"port", "http"} <= set(dir(mlconf.httpdb))


@pytest.mark.parametrize("variable", ["MLRUN_HTTPDB__PORT", "MLRUN_httpdb__port", "mlrun_HttpDB__Port"])
def test_a_variable_is_heard_in_any_case(variable: str) -> None:
    os.environ[variable] = "9090"

    assert mlconf.httpdb.port == 9090
    assert source_of("httpdb.port") == "env"


def test_the_capital_variable_wins() -> None:
    os.environ |= {"MLRUN_HTTPDB__PORT": "1", "MLRUN_httpdb__port": "2"}

    assert mlconf.httpdb.port == 1


def test_wrong_variables_are_all_named() -> None:
    os.environ |= {"MLRUN_HTTPDB__PORT": "high", "MLRUN_IPYTHON_WIDGET": "perhaps"}

    with pytest.raises(MLRunInvalidArgumentError) as caught:
        _ = mlconf.dbpath

    assert "MLRUN_HTTPDB__PORT is a whole number, not 'high'" in str(caught.value)
    assert "MLRUN_IPYTHON_WIDGET is true or false, not 'perhaps'" in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "right"),
    [
        ("MLRUN_DBPAHT", "MLRUN_DBPATH"),
        ("MLRUN_HTTPDB_PORT", "MLRUN_HTTPDB__PORT"),
        ("mlrun_log_levl", "MLRUN_LOG_LEVEL"),
        ("MLRUN_HTTPDB__PROT", "MLRUN_HTTPDB__PORT"),
        ("MLRUN_HTTPDB__PORTS", "MLRUN_HTTPDB__PORT"),
        ("MLRUN_FUNCTION_DEFAULTS__IMAGE_BY_KIND__SPARK", ""),
        ("MLRUN_HTTPDB__LOGS_PATH", ""),
        ("MLRUN_NUCLIO_VERSION", ""),
        ("MLRUN_EXEC_CONFIG", ""),
        ("MLRUN_K8S_SECRET__DBPATH", ""),
        ("MLRUN_TEST_DB_URL", ""),
        ("DBPATH", ""),
    ],
)
def test_a_variable_that_is_nearly_a_setting_gives_one_warning(
    variable: str, right: str, capsys: pytest.CaptureFixture[str]
) -> None:
    os.environ[variable] = "x"

    _ = mlconf.dbpath
    _ = mlconf.dbpath

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == bool(right)
    assert not right or f"[warning] {variable} is not a setting. Did you mean {right}?" in lines[0]


def test_files_lose_against_variables_and_those_against_assignments(env_file: Path) -> None:
    Path("settings.yaml").write_text("dbpath: yaml\nnamespace: yaml\nui_url: yaml\nhttpdb: {user: yaml}\n")
    env_file.write_text("MLRUN_NAMESPACE=env_file\nMLRUN_UI_URL=env_file\nMLRUN_httpdb__user=env_file\n")
    os.environ |= {"MLRUN_CONFIG_FILE": "settings.yaml", "MLRUN_UI_URL": "env", "MLRUN_HTTPDB__USER": "env"}

    mlconf.httpdb.user = "set"

    assert [mlconf.dbpath, mlconf.namespace, mlconf.ui_url, mlconf.httpdb.user] == [
        "yaml",
        "env_file",
        "env",
        "set",
    ]
    assert [source_of(name) for name in ("dbpath", "namespace", "ui_url", "httpdb.user", "home")] == [
        "file",
        "file",
        "env",
        "set",
        "env",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("httpdb: {prot: 1}", "'httpdb.prot' is not a setting. Did you mean 'httpdb.port'?"),
        ("httpdb: {port: high}", "httpdb.port in settings.yaml is a whole number, not 'high'"),
        ("[1, 2]", "settings.yaml holds a list; settings are a mapping"),
        ("httpdb:\n  password: 'secret", "settings.yaml line 2: "),
    ],
)
def test_a_wrong_settings_file_is_refused(text: str, message: str) -> None:
    Path("settings.yaml").write_text(text)
    os.environ["MLRUN_CONFIG_FILE"] = "settings.yaml"

    with pytest.raises(MLRunInvalidArgumentError) as caught:
        _ = mlconf.dbpath

    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("variable", ["MLRUN_CONFIG_FILE", "MLRUN_ENV_FILE"])
def test_a_named_file_has_to_exist(variable: str) -> None:
    os.environ[variable] = "not-there"

    with pytest.raises(MLRunNotFoundError, match="not-there"):
        _ = mlconf.dbpath


def test_an_empty_settings_file_changes_nothing() -> None:
    Path("settings.yaml").write_text("# later\n")
    os.environ["MLRUN_CONFIG_FILE"] = "settings.yaml"

    assert mlconf.dbpath == ""


def test_the_default_env_file_is_in_the_users_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MLRUN_DEFAULT_ENV_FILE")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert default_env_file() == str(tmp_path / ".mlrun.env")


def test_a_named_env_file_wins_over_the_default_one(env_file: Path) -> None:
    env_file.write_text("MLRUN_DBPATH=default\n")
    Path("other.env").write_text("MLRUN_DBPATH=other\n")
    os.environ["MLRUN_ENV_FILE"] = "other.env"

    assert mlconf.dbpath == "other"


def test_env_files_can_be_ignored(env_file: Path) -> None:
    env_file.write_text("MLRUN_DBPATH=default\n")
    os.environ["MLRUN_IGNORE_ENV_FILE"] = "true"

    assert mlconf.dbpath == ""


def test_the_rest_of_an_env_file_goes_to_the_environment(env_file: Path) -> None:
    env_file.write_text("SOME_KEY=file\nOTHER_KEY=file\nMLRUN_DBPATH=file\n")
    os.environ["OTHER_KEY"] = "mine"

    _ = mlconf.dbpath

    assert (os.environ["SOME_KEY"], os.environ["OTHER_KEY"]) == ("file", "mine")
    assert "MLRUN_DBPATH" not in os.environ


def test_reload_reads_again_and_forgets_assignments() -> None:
    mlconf.default_project = "mine"
    os.environ["MLRUN_DBPATH"] = "./other"

    mlconf.reload()

    assert (mlconf.default_project, mlconf.dbpath) == ("default", "./other")


def test_a_section_in_hand_sees_what_is_read_again() -> None:
    httpdb = mlconf.httpdb
    os.environ["MLRUN_HTTPDB__PORT"] = "1"

    mlconf.reload()

    assert httpdb.port == 1


def test_override_ends_with_its_block() -> None:
    mlconf.dbpath = "./mine"

    with mlconf.override(**{"artifacts.calculate_hash": False}, httpdb__port=1, dbpath="./other"):
        inside = (mlconf.artifacts.calculate_hash, mlconf.httpdb.port, mlconf.dbpath)

    assert inside == (False, 1, "./other")
    assert (mlconf.artifacts.calculate_hash, mlconf.httpdb.port, mlconf.dbpath) == (True, 8080, "./mine")
    assert source_of("httpdb.port") == "default"


def test_override_with_a_wrong_value_changes_nothing() -> None:
    with pytest.raises(MLRunInvalidArgumentError), mlconf.override(dbpath="./other", httpdb__port="x"):
        pass

    assert mlconf.dbpath == ""


def test_secrets_are_stars_wherever_settings_are_shown() -> None:
    mlconf.httpdb.password = mlconf.httpdb.token = "secret"
    mlconf.dbpath = "postgresql://me:secret@host/runs"

    shown = f"{mlconf} {mlconf.httpdb} {mlconf.to_dict()} {mlconf.dump_yaml()} {list(mlconf.settings())}"

    assert "secret@" not in shown
    assert "'secret'" not in shown
    assert mlconf.to_dict()["httpdb"]["password"] == "***"
    assert mlconf.httpdb.password == "secret"


def test_an_empty_secret_is_shown_as_empty() -> None:
    assert mlconf.to_dict()["httpdb"]["password"] == ""


def test_what_is_dumped_can_be_read() -> None:
    mlconf.httpdb.port = 9000
    Path("settings.yaml").write_text(mlconf.dump_yaml())
    os.environ["MLRUN_CONFIG_FILE"] = "settings.yaml"

    mlconf.reload()

    assert mlconf.httpdb.port == 9000


def test_a_child_process_gets_what_was_assigned() -> None:
    mlconf.artifacts.calculate_hash = False
    mlconf.httpdb.port = 9000

    variables = mlconf.as_env()

    assert variables == {"MLRUN_ARTIFACTS__CALCULATE_HASH": "false", "MLRUN_HTTPDB__PORT": "9000"}


def test_a_variable_in_a_file_holds_at_once_and_is_given_back() -> None:
    mlconf.default_project = "assigned"
    mlconf.dbpath = "./assigned"
    Path("x.env").write_text("MLRUN_DBPATH=./file\nOTHER=1\n")

    variables = set_env_from_file("x.env", return_dict=True)

    assert variables == {"MLRUN_DBPATH": "./file", "OTHER": "1"}
    assert (mlconf.dbpath, mlconf.default_project, os.environ["OTHER"]) == ("./file", "assigned", "1")
    assert set_env_from_file("x.env") is None


def test_a_wrong_setting_in_an_env_file_changes_nothing() -> None:
    Path("x.env").write_text("OTHER=1\nMLRUN_HTTPDB__PORT=high\n")

    with pytest.raises(MLRunInvalidArgumentError, match=r"MLRUN_HTTPDB__PORT in x\.env is a whole number"):
        set_env_from_file("x.env")

    assert "OTHER" not in os.environ


def test_an_environment_is_set_in_one_call(tmp_path: Path) -> None:
    chosen = set_environment("./runs", artifact_path="out", access_key="k", username="me", project="mine")

    assert chosen == ("mine", str(tmp_path / "out"))
    assert (mlconf.dbpath, mlconf.active_project) == ("./runs", "mine")
    assert (os.environ["V3IO_ACCESS_KEY"], os.environ["V3IO_USERNAME"]) == ("k", "me")


def test_the_active_project_is_the_current_one() -> None:
    before = mlconf.current_project

    mlconf.active_project = "mine"

    assert (before, mlconf.current_project) == ("default", "mine")


def test_an_environment_keeps_what_is_not_named() -> None:
    Path("x.env").write_text("MLRUN_DBPATH=./file\n")

    chosen = set_environment(env_file="x.env", artifact_path="s3://bucket/{{project}}")

    assert chosen == ("default", "s3://bucket/{{project}}")
    assert mlconf.dbpath == "./file"


def test_threads_that_ask_first_get_the_same_values() -> None:
    settings = Config()
    start = threading.Barrier(8)

    def assign(number: int) -> None:
        start.wait()
        settings.set("httpdb.port" if number % 2 else "submit_timeout", 1)

    threads = [threading.Thread(target=assign, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (settings.httpdb.port, settings.submit_timeout) == (1, 1)


def test_importing_reads_nothing_and_loads_no_yaml() -> None:
    program = "import sys, mlrun.config; print('yaml' in sys.modules, mlrun.config.mlconf._values)"

    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "MLRUN_CONFIG_FILE": "not-there", "MLRUN_HTTPDB__PORT": "wrong"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["False", "None"]


def test_the_page_has_every_setting_as_it_is() -> None:
    assert table() in PAGE.read_text(), "python -m mlrun.config prints the table"


def test_the_module_prints_the_table() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", config_module.__name__],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == table() + "\n"
