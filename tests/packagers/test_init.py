import pytest

import mlrun.packagers


@pytest.mark.parametrize("name", sorted(mlrun.packagers._PLACES))
def test_every_name_is_there(name):
    assert getattr(mlrun.packagers, name)
    assert name in dir(mlrun.packagers)


def test_another_name_is_not():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = mlrun.packagers.nothing
