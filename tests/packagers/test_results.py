import pytest

from mlrun.packagers.results import LONGEST, as_result


@pytest.mark.parametrize(
    ("value", "result"),
    [
        (1, 1),
        (None, None),
        ((1, 2), [1, 2]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", "a"}), ["a", "b"]),
        (b"text", "text"),
        (bytearray(b"text"), "text"),
        (b"\xff", "/w=="),
        ({"a": (1,)}, {"a": (1,)}),
        (1 + 2j, "(1+2j)"),
    ],
)
def test_a_result_is_json(value, result):
    assert as_result(value) == result


def test_a_set_that_has_no_order_is_a_list():
    assert sorted(as_result({1, "a"}), key=str) == [1, "a"]


def test_a_number_of_numpy_is_a_number():
    import numpy

    result = as_result(numpy.float32(1.5))

    assert (result, type(result)) == (1.5, float)


def test_the_text_of_an_object_is_cut():
    class Long:
        def __str__(self):
            return "x" * (LONGEST + 1)

    assert as_result(Long()) == "x" * LONGEST + "..."
    assert as_result("x" * (LONGEST + 1)) == "x" * (LONGEST + 1)
