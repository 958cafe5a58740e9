import pytest

from mlrun.errors import MLRunNotFoundError
from mlrun.secrets.fields import json_fields


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("s3cr3t", None, {"name": "s3cr3t"}),
        ('"s3cr3t"', None, {"name": '"s3cr3t"'}),
        ("[1]", None, {"name": "[1]"}),
        ('{"a": "x", "b": 5432, "c": [1]}', None, {"a": "x", "b": "5432", "c": "[1]"}),
        ('{"a": "x", "b": 5432}', ["b"], {"b": "5432"}),
    ],
)
def test_an_object_has_a_secret_in_each_field(text, wanted, found):
    assert json_fields("name", text, wanted, "the vault") == found


def test_a_field_that_is_not_there_is_named():
    with pytest.raises(MLRunNotFoundError, match="secret 'name' of the vault has no field b, c"):
        json_fields("name", '{"a": "s3cr3t"}', ["a", "b", "c"], "the vault")
