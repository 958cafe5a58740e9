import pytest

from mlrun.cluster import environments
from mlrun.cluster.environments import environment, named, newest
from mlrun.errors import MLRunNotFoundError

DIGEST = "3f2a81bc90de4455"


def make(number, is_whole=True):
    one = named(DIGEST, number)
    one.programs.mkdir(parents=True)
    if is_whole:
        (one.folder / environments.COMPLETE).touch()
    return one


def test_an_image_leads_to_its_programs(home):
    made = make(1)

    found = environment(made.image)

    assert found.programs == home / "environments" / f"{DIGEST}-1" / "bin"
    assert found.code == home / "environments" / f"{DIGEST}-1" / "code"


def test_its_programs_come_first():
    made = make(1)

    env = made.over({"PATH": "/usr/bin", "PYTHONHOME": "/elsewhere", "A": "1"})

    assert env == {"PATH": f"{made.programs}:/usr/bin", "VIRTUAL_ENV": str(made.folder), "A": "1"}


def test_a_half_made_one_is_not_there():
    made = make(1, is_whole=False)

    with pytest.raises(MLRunNotFoundError, match=f"'environment:{DIGEST}-1' is not there: build it"):
        environment(made.image)


@pytest.mark.parametrize("image", ["python:3.11", "environment:", "environment:../../etc-1", DIGEST + "-1"])
def test_another_image_is_none(image):
    with pytest.raises(MLRunNotFoundError, match="mlrun build"):
        environment(image)


def test_the_newest_is_the_last_whole_one():
    for number in (1, 9, 10):
        make(number)
    make(11, is_whole=False)

    assert newest(DIGEST) == named(DIGEST, 10)
    assert newest("0" * 16) is None
