"""Where credentials are looked up, and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlrun.datastore.credentials import Credentials, ProjectSecrets
from mlrun.errors import MLRunAccessDeniedError


class Records:
    """The part of a database that is asked."""

    def __init__(self, secrets: dict[str, str] | None = None) -> None:
        self._secrets = secrets
        self.asked: list[str] = []

    def read_project_secrets(self, project: str) -> dict[str, str]:
        self.asked.append(project)
        if self._secrets is None:
            raise MLRunAccessDeniedError("behind a server")
        return self._secrets


def test_the_task_comes_before_the_project_the_profile_and_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ("A", "B", "C", "D")
    for name in names:
        monkeypatch.setenv(name, "environment")
    project = Records(dict.fromkeys(("A", "B"), "project"))

    credentials = Credentials.of({"A": "task"}, "iris", project).then(
        dict.fromkeys(("A", "B", "C"), "profile")
    )

    assert [credentials.get(name) for name in names] == ["task", "project", "profile", "environment"]
    assert project.asked == ["iris"]


def test_what_nobody_knows_is_empty() -> None:
    assert Credentials().get("OWN_TOKEN") == ""


def test_spellings_of_one_thing_are_asked_for_in_each_place() -> None:
    credentials = Credentials({"NEW": "1"}, {"OLD": "2", "NEW": "3"})

    assert credentials.get("OLD", "NEW") == "1"


def test_the_parts_of_a_login_come_from_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "of somebody else")

    assert Credentials({"KEY": "k"}, {"KEY": "x", "SECRET": "y"}).together("KEY", "SECRET", "TOKEN") == {
        "KEY": "k"
    }


def test_credentials_stay_what_they_are() -> None:
    credentials = Credentials({"A": "1"}, project="iris")

    assert Credentials.of(credentials, "other") is credentials
    assert credentials.then({}).project == "iris"


def test_behind_a_server_a_project_has_what_the_environment_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLRUN_K8S_SECRET__KEY", "in the pod")
    secrets = ProjectSecrets("iris", Records())

    assert [secrets.get(name) for name in ("KEY", "key", "OTHER")] == ["in the pod", "in the pod", None]


def test_asking_makes_no_database(home: Path) -> None:
    assert ProjectSecrets("iris").get("KEY") is None
    assert not home.exists()


def test_the_default_database_is_asked_for_the_current_project(
    db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        type(db), "read_project_secrets", lambda self, project: {"KEY": project}, raising=False
    )

    assert ProjectSecrets().get("KEY") == "default"


def test_printing_shows_none() -> None:
    assert repr(Credentials({"KEY": "secret"})) == str(Credentials({"KEY": "secret"})) == "Credentials(***)"
