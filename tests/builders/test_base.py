import pytest

from mlrun.builders.base import Builder


def test_a_builder_finds_and_builds():
    class Half(Builder):
        kind = "half"

        def find(self, plan):
            return ""

    with pytest.raises(TypeError, match="build"):
        Half()
