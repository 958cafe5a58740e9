import pytest

from mlrun.db.http.paths import only_given, place


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        (("iris",), "projects/iris"),
        (("*", "runs"), "projects/*/runs"),
        (("a/b", "runs", "x y#1"), "projects/a%2Fb/runs/x%20y%231"),
    ],
)
def test_a_name_stays_one_part_of_the_path(parts, path):
    assert place(*parts) == path


def test_parameters_without_a_value_are_left_out():
    assert only_given(name="", iter=0, object__uid="u", label=["a", "b=1"], last=None) == [
        ("iter", "0"),
        ("object-uid", "u"),
        ("label", "a"),
        ("label", "b=1"),
    ]
