from __future__ import annotations

import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.model.task import SECRET_KINDS, new_task
from mlrun.registry import Registry
from mlrun.secrets import SecretsStore, masked_sources
from mlrun.secrets import provider as provider_module
from mlrun.secrets.provider import fields_of, kinds, names_of, provider_of

NOTEBOOK = """
from mlrun.secrets import SecretProvider

class Notebook(SecretProvider):
    def read(self, source):
        return {"PAGE": f"page {source}"}

    def shown(self, source):
        return source
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Another package, with a kind of secrets."""
    folder = tmp_path / "site"
    info = folder / "notebook-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "notebook_secrets.py").write_text(NOTEBOOK)
    (info / "METADATA").write_text("Name: notebook\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mlrun.secret_providers]\nnotebook = notebook_secrets:Notebook\n")
    monkeypatch.syspath_prepend(folder)
    fresh = Registry(kinds.what, kinds.group, {"env": "mlrun.secrets.plain:Environment"})
    monkeypatch.setattr(provider_module, "kinds", fresh)


def test_every_kind_of_a_task_is_there():
    assert set(SECRET_KINDS) == set(kinds.targets)


def test_another_package_brings_a_kind(installed):
    task = new_task().with_secrets("notebook", "seven")

    assert SecretsStore.from_list(task.spec.secret_sources).get("PAGE") == "page seven"
    assert masked_sources(task.spec.secret_sources) == [{"kind": "notebook", "source": "seven"}]


@pytest.mark.parametrize("kind", ["odd", 3, None])
def test_what_is_no_kind_is_refused(kind):
    with pytest.raises(MLRunInvalidArgumentError, match="is not a kind of secrets: aws_"):
        provider_of(kind)


def test_a_text_is_the_most_important_field():
    assert fields_of("vault", "a/b", ("path", "keys"), "path", "keys") == {"path": "a/b"}
    listed = fields_of("vault", {"path": "a/b", "keys": "x, y"}, ("path", "keys"), "path", "keys")
    assert listed == {"path": "a/b", "keys": ["x", "y"]}


@pytest.mark.parametrize(
    ("source", "error", "says"),
    [
        ({"path": "a", "token": "x"}, MLRunInvalidArgumentError, "has no field 'token': path, keys"),
        ({"path": "a", "key": "x"}, MLRunInvalidArgumentError, "Did you mean 'keys'"),
        ({"keys": "x"}, MLRunInvalidArgumentError, "needs 'path'"),
        (["a"], MLRunInvalidArgumentTypeError, "need a mapping with path, keys, not a list"),
    ],
)
def test_a_source_has_known_fields(source, error, says):
    with pytest.raises(error, match=says):
        fields_of("vault", source, ("path", "keys"), "path", "keys")


def test_names_are_a_list_or_a_text():
    assert names_of("env", "A, B,") == names_of("env", ["A", " B"]) == ["A", "B"]
    with pytest.raises(MLRunInvalidArgumentError, match=r"'env' need names, as a list"):
        names_of("env", {"A": 1})
