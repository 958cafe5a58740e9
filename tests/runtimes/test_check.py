import os
import re

import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.runtimes.check import check_handler, check_workdir

CODE = """
import os.path as path
from json import dumps as dump

if True:
    def train(): pass
else:
    def train(): pass
try:
    other = train
except ValueError:
    third = None
with open(path) as file:
    fourth, (fifth, *sixth) = 1, (2, 3)
for seventh in (): pass
class Model:
    def fit(self): pass
def _own(): inner = 1
if (eighth := 3): pass
"""


@pytest.mark.parametrize(
    "handler",
    [
        "train",
        "other",
        "third",
        "dump",
        "path",
        "file",
        "fourth",
        "sixth",
        "seventh",
        "eighth",
        "_own",
        "Model::fit",
        "Model::inherited",
        "package.module.func",
        "package.Class::method",
    ],
)
def test_a_handler_that_the_code_may_have_passes(handler):
    check_handler(handler, CODE, "train.py")


@pytest.mark.parametrize("handler", ["trian", "inner", "fit", "Modle::fit"])
def test_a_handler_that_the_code_can_not_have_is_answered_with_what_it_has(handler):
    with pytest.raises(MLRunNotFoundError, match=re.escape("train.py has Model, train.")):
        check_handler(handler, CODE, "train.py")


def test_the_nearest_handler_is_offered():
    with pytest.raises(MLRunNotFoundError, match=r"no handler 'trian': .* Did you mean 'train'"):
        check_handler("trian", CODE, "train.py")


def test_code_without_functions_says_so():
    with pytest.raises(MLRunNotFoundError, match=r"empty\.py has no functions"):
        check_handler("train", "x = 1", "empty.py")


@pytest.mark.parametrize(
    "source",
    [
        "from module import *",
        "globals()['train'] = print",
        "exec('def train(): pass')",
        "import sys\nsetattr(sys.modules[__name__], 'train', print)",
        "def f():\n    global train\n    train = print\nf()",
    ],
)
def test_code_that_makes_names_as_it_runs_is_not_judged(source):
    check_handler("train", source, "train.py")


@pytest.mark.parametrize("source", ["def f(:", "a\0b"])
def test_code_that_is_not_python_is_refused(source):
    with pytest.raises(MLRunInvalidArgumentError, match=r"bad\.py"):
        check_handler("train", source, "bad.py")


def test_a_working_folder_has_to_exist():
    os.mkdir("there")

    check_workdir("")
    check_workdir("there")
    with pytest.raises(MLRunNotFoundError, match="working folder 'nowhere' does not exist"):
        check_workdir("nowhere")
