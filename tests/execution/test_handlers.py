import pickle

import pytest

from mlrun.errors import MLRunNotFoundError
from mlrun.execution.handlers import FromCode, Given, Once

CODE = """
import helper
class Trainer:
    def __init__(self, depth=1):
        self.depth = depth
    def fit(self, x):
        return self.depth * x
def train(x):
    return helper.double(x)
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "code.py").write_text(CODE)
    (tmp_path / "helper.py").write_text("def double(x):\n    return 2 * x\n")
    return "code.py"


def test_a_function_of_a_file_finds_its_neighbours(file):
    assert FromCode("train", path=file).find({})(4) == 8


def test_a_method_gets_an_instance_made_with_init_args(file):
    source = FromCode("Trainer::fit", path=file)

    assert source.find({"_init_args": {"depth": 3}})(2) == 6


def test_embedded_code_needs_no_file(file, tmp_path):
    assert FromCode("train", text=CODE, workdir=str(tmp_path)).find({})(1) == 2


def test_a_module_that_can_be_imported_needs_no_code():
    assert FromCode("json.loads").find({})("[1]") == [1]


def test_an_unknown_handler_lists_the_known_ones(file):
    with pytest.raises(MLRunNotFoundError, match=r"no handler 'trian'.*Did you mean 'train'"):
        FromCode("trian", path=file).find({})


def test_a_source_can_be_sent_to_another_process(file):
    source = pickle.loads(pickle.dumps(FromCode("train", path=file)))

    assert source.find({})(1) == 2


def test_once_finds_once():
    class Counting(Given):
        found = 0

        def find(self, parameters):
            type(self).found += 1
            return super().find(parameters)

    source = Once(Counting(print))
    assert source.find({}) is source.find({}) is print

    assert Counting.found == 1
