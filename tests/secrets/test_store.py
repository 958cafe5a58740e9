from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from mlrun.config import mlconf
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
)
from mlrun.secrets import Secret, SecretsStore, masked_sources

INLINE = {"kind": "inline", "source": {"TOKEN": "s3cr3t"}}


@pytest.mark.parametrize(
    "source",
    [{"TOKEN": "s3cr3t"}, '{"TOKEN": "s3cr3t"}', {"TOKEN": Secret("s3cr3t")}],
    ids=["mapping", "JSON", "secret"],
)
def test_inline_secrets_are_a_mapping(source: Any) -> None:
    store = SecretsStore.from_list([{"kind": "inline", "source": source}])

    assert store.get("TOKEN") == "s3cr3t"


def test_a_number_becomes_a_text() -> None:
    store = SecretsStore.from_list([{"kind": "inline", "source": {"PIN": 4711}}])

    assert store.get("PIN") == "4711"


def test_a_file_has_a_secret_a_line() -> None:
    Path("secrets.txt").write_text("# mine\nTOKEN=s3cr3t\ndb.password='a b'\n")

    store = SecretsStore.from_list([{"kind": "file", "source": "secrets.txt"}])

    assert dict(store.items()) == {"TOKEN": "s3cr3t", "db.password": "a b"}


@pytest.mark.parametrize("source", ["TOKEN, MISSING", ["TOKEN"], "*"])
def test_env_names_variables(source: Any) -> None:
    os.environ["TOKEN"] = "s3cr3t"

    store = SecretsStore.from_list([{"kind": "env", "source": source}])

    assert store.get("TOKEN") == "s3cr3t"
    assert store.get("MISSING") is None
    assert "TOKEN" in store
    assert "MISSING" not in store


def test_a_later_source_wins() -> None:
    store = SecretsStore.from_list([INLINE])

    store.add_source("inline", {"TOKEN": "newer"})

    assert store.get("TOKEN") == "newer"


def test_a_prefix_stands_before_each_name() -> None:
    store = SecretsStore.from_list([{**INLINE, "prefix": "aws_"}])

    assert list(store.items()) == [("aws_TOKEN", "s3cr3t")]


def test_what_is_not_there_is_the_default() -> None:
    store = SecretsStore.from_list(None)

    assert store.get("TOKEN") is None
    assert store.get("TOKEN", "other") == "other"


def test_a_store_prints_names_only() -> None:
    store = SecretsStore.from_list([INLINE])

    assert repr(store) == "SecretsStore(TOKEN)"
    assert "s3cr3t" not in repr(vars(store))


def test_a_kind_that_is_none_is_answered_with_the_nearest() -> None:
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        SecretsStore().add_source("inlin", {})

    assert str(caught.value) == (
        "'inlin' is not a kind of secrets: aws_secrets_manager, azure_vault, env, file, gcp_secret_manager,"
        " inline, kubernetes, vault."
        " Did you mean 'inline'?"
    )


def test_a_missing_file_is_named() -> None:
    with pytest.raises(MLRunNotFoundError, match=r"secrets file: no file /.*/no\.txt"):
        SecretsStore().add_source("file", "no.txt")


@pytest.mark.parametrize(
    "source",
    [
        "s3cr3t",
        {"source": {"TOKEN": "s3cr3t"}},
        {"kind": "inline"},
        {"kind": "inline", "source": "s3cr3t"},
        {"kind": "inline", "source": '["s3cr3t"]'},
        {"kind": "inline", "source": {"TOKEN": ["s3cr3t"]}},
        {"kind": "inline", "source": {"TOKEN": None}},
        {"kind": "file", "source": ""},
        {"kind": "file", "source": {"TOKEN": "s3cr3t"}},
        {"kind": "env", "source": {"TOKEN": "s3cr3t"}},
        {"kind": "env", "source": ["s3cr3t", 1]},
    ],
    ids=str,
)
def test_a_wrong_source_is_refused_and_not_shown(source: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        SecretsStore.from_list([source])

    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_another_process_gets_the_same_secrets() -> None:
    Path("secrets.txt").write_text("FILE=1\n")
    os.environ["VARIABLE"] = "2"
    sources = [INLINE, {"kind": "file", "source": "secrets.txt"}, {"kind": "env", "source": "VARIABLE"}]
    store = SecretsStore.from_list(sources)

    sent = json.loads(json.dumps(store.to_serial()))
    Path("secrets.txt").unlink()
    del os.environ["VARIABLE"]

    assert dict(SecretsStore.from_list(sent).items()) == {"TOKEN": "s3cr3t", "FILE": "1", "VARIABLE": "2"}


def test_the_whole_environment_is_not_sent() -> None:
    os.environ["VARIABLE"] = "2"
    store = SecretsStore.from_list([INLINE, {"kind": "env", "source": "*", "prefix": "x_"}])

    sent = store.to_serial()

    assert sent == [{"kind": "env", "source": "*", "prefix": "x_"}, INLINE]
    assert SecretsStore.from_list(sent).get("x_VARIABLE") == "2"


def test_a_secret_that_is_not_as_in_the_environment_is_sent() -> None:
    os.environ["TOKEN"] = "old"
    store = SecretsStore.from_list([{"kind": "env", "source": "*"}, INLINE])

    assert SecretsStore.from_list(store.to_serial()).get("TOKEN") == "s3cr3t"


def test_nothing_is_sent_of_nothing() -> None:
    assert SecretsStore().to_serial() == []


def test_what_is_stored_has_names_and_no_texts() -> None:
    sources = [
        {**INLINE, "prefix": "aws_"},
        {"kind": "inline", "source": '{"KEY": "s3cr3t"}'},
        {"kind": "file", "source": "secrets.txt"},
        {"kind": "env", "source": ["A", "B"]},
        {"kind": "env", "source": "*"},
    ]

    assert masked_sources(sources) == [
        {"kind": "inline", "source": {"TOKEN": "***"}, "prefix": "aws_"},
        {"kind": "inline", "source": {"KEY": "***"}},
        {"kind": "file", "source": "secrets.txt"},
        {"kind": "env", "source": "A,B"},
        {"kind": "env", "source": "*"},
    ]


def test_masking_leaves_the_sources_alone() -> None:
    sources = [{"kind": "inline", "source": {"TOKEN": "s3cr3t"}}]

    masked_sources(sources)

    assert sources == [INLINE]


def test_stars_are_not_a_secret() -> None:
    store = SecretsStore.from_list(masked_sources([INLINE]))

    assert store.get("TOKEN") is None


@pytest.mark.parametrize(
    "source",
    [
        {"kind": "vault", "source": {"path": "a", "token": "s3cr3t"}},
        {"kind": "odd", "source": "s3cr3t"},
        {"kind": "inline"},
    ],
)
def test_what_is_not_understood_is_not_stored(source: dict[str, Any]) -> None:
    with pytest.raises(MLRunBaseError) as caught:
        masked_sources([source])

    assert "s3cr3t" not in str(caught.value)


def test_what_is_in_a_store_is_masked() -> None:
    os.environ |= {"MLRUN_K8S_SECRET__A": "of the cluster", "HOME_OF_MINE": "/home/of/mine"}
    store = SecretsStore.from_list([INLINE, {"kind": "env", "source": "*"}])

    masked = store.masker.mask("s3cr3t, of the cluster, /home/of/mine")

    assert masked == "***, ***, /home/of/mine"


def test_the_login_of_this_process_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLRUN_HTTPDB__TOKEN", "mlr_4478e1b91a31")
    monkeypatch.setenv("MLRUN_DBPATH", "postgresql://me:p%40ssword@db.example.com/mlrun")
    mlconf.reload()

    masker = SecretsStore().masker

    assert masker.mask("mlr_4478e1b91a31 p%40ssword p@ssword") == "*** *** ***"


def test_secrets_of_the_project_are_read_once_and_masked(db: Any) -> None:
    db.create_project_secrets("iris", secrets={"TOKEN": "of iris"})
    store = SecretsStore()

    store.learn_project(db, "iris")
    db.delete_project_secrets("iris")
    store.learn_project(db, "iris")

    assert store.of_project("TOKEN") == "of iris"
    assert store.get("TOKEN") is None
    assert store.masker.mask("it is of iris") == "it is ***"


def test_an_api_server_gives_no_secrets() -> None:
    class Server:
        def read_project_secrets(self, project: str) -> dict[str, str]:
            raise MLRunAccessDeniedError("behind an API server")

    store = SecretsStore()

    store.learn_project(Server(), "iris")  # type: ignore[arg-type]

    assert store.of_project("TOKEN") is None
