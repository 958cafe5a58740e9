"""What is written on a resource."""

from __future__ import annotations

from mlrun.cluster.kubernetes.marks import age, mark_of, marked


def test_a_copy_is_marked() -> None:
    pod = {"kind": "Pod", "metadata": {"name": "a", "annotations": {"b": "c"}}}

    one, other = marked(pod), marked(pod)

    assert mark_of(one) != mark_of(other)
    assert one["metadata"]["annotations"]["b"] == "c"
    assert pod == {"kind": "Pod", "metadata": {"name": "a", "annotations": {"b": "c"}}}


def test_a_copy_has_one_name() -> None:
    """With a second one to generate, a cluster answers a name that is taken by 500, try again."""
    assert marked({"metadata": {"name": "a-1", "generateName": "a-"}})["metadata"].keys() == {
        "name",
        "annotations",
    }


def test_what_has_no_mark_is_nobody_s() -> None:
    assert mark_of({"metadata": {"name": "a", "annotations": None}}) == ""


def test_marks_tell_which_of_one_second_is_older() -> None:
    second = {"creationTimestamp": "2026-11-26T14:30:20Z"}
    earlier = {"metadata": {"name": "z", "creationTimestamp": "2026-11-26T14:30:19Z"}}
    first, last = (marked({"metadata": {"name": name, **second}}) for name in "ba")

    assert sorted([last, first, earlier], key=age) == [earlier, first, last]
