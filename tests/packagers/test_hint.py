import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.packagers.hint import LogHint, parse_hints


@pytest.mark.parametrize(
    ("hint", "key", "artifact_type", "configurations"),
    [
        ("k", "k", "", {}),
        ("k:dataset", "k", "dataset", {}),
        (" k : result ", "k", "result", {}),
        ('{"key": "k", "tag": "v1"}', "k", "", {"tag": "v1"}),
        ({"key": "k"}, "k", "", {}),
        ({"key": "k", "artifact_type": "file", "tag": "v1"}, "k", "file", {"tag": "v1"}),
        (LogHint("k", "file", file_format="csv"), "k", "file", {"file_format": "csv"}),
    ],
)
def test_a_hint_is_text_or_a_mapping(hint, key, artifact_type, configurations):
    parsed = LogHint.parse(hint)

    assert (parsed.key, parsed.artifact_type, parsed.configurations) == (key, artifact_type, configurations)


@pytest.mark.parametrize("hint", ["", ":dataset", {"artifact_type": "file"}, {"key": ""}, {"key": None}])
def test_a_hint_without_a_key_is_refused(hint):
    with pytest.raises(MLRunInvalidArgumentError, match="names no key; write 'key' or 'key:type'"):
        LogHint.parse(hint)


@pytest.mark.parametrize(
    ("hint", "says"), [(3, "is 'key'.*not a int"), ({"key": 3}, "the key is a text, not a int")]
)
def test_what_is_no_hint_is_refused(hint, says):
    with pytest.raises(MLRunInvalidArgumentTypeError, match=says):
        LogHint.parse(hint)


def test_one_key_stands_for_one_output():
    with pytest.raises(MLRunInvalidArgumentError, match="names the key 'a' twice"):
        parse_hints(["a", "b", "a:dataset"])


def test_a_single_text_is_no_list_of_hints():
    with pytest.raises(MLRunInvalidArgumentTypeError, match=r"is a list of hints: returns=\['a'\]"):
        parse_hints("a")


@pytest.mark.parametrize(
    ("key", "value", "parts"),
    [
        ("k", [1, 2], {"k": [1, 2]}),
        ("*k", [1, 2], {"k_0": 1, "k_1": 2}),
        ("*k_", (1, 2), {"k_0": 1, "k_1": 2}),
        ("**k", {"a": 1, 2: 3}, {"k_a": 1, "k_2": 3}),
        ("**", {"a": 1}, {"a": 1}),
    ],
)
def test_stars_take_a_value_apart(key, value, parts):
    hint = LogHint.parse({"key": key, "artifact_type": "result", "x": 1})

    taken = list(hint.parts(value))

    assert {part.key: item for part, item in taken} == parts
    assert all(part.artifact_type == "result" and part.configurations == {"x": 1} for part, _ in taken)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("*k", 3, "takes a list, tuple or set apart, and was given a int"),
        ("**k", [1], "takes a dictionary apart, and was given a list"),
    ],
)
def test_stars_over_another_value_are_refused(key, value, says):
    with pytest.raises(MLRunInvalidArgumentTypeError, match=says):
        list(LogHint.parse(key).parts(value))
