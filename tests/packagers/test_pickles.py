import pickle
import threading

import pytest

from mlrun.config import mlconf
from mlrun.errors import MLRunAccessDeniedError, MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.packagers import unpack
from mlrun.packagers.pickles import pickled, unpack_pickle


class Thing:
    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return isinstance(other, Thing) and self.x == other.x

    __hash__ = None


def test_an_object_comes_back(again):
    assert again(Thing(3)) == Thing(3)


def test_a_plain_file_is_not_read_as_a_pickle(item):
    with pytest.raises(MLRunAccessDeniedError, match=r"can run any code.*no record says.*ALLOW_PICKLE"):
        unpack_pickle(item("a.pkl", pickle.dumps(3)), {})


def test_bytes_that_were_exchanged_are_not_read(keep):
    kept = keep(Thing(3))
    with open(kept.local(), "wb") as file:
        file.write(pickle.dumps("evil"))

    with pytest.raises(MLRunAccessDeniedError, match="not those that its run has packed"):
        unpack(kept, Thing)


def test_instructions_without_a_record_prove_nothing(item):
    from mlrun.packagers.pickles import digest

    body = pickle.dumps(3)
    with pytest.raises(MLRunAccessDeniedError, match="no record"):
        unpack_pickle(item("a.pkl", body), {"sha256": digest(body)})


def test_who_trusts_all_may_say_so(item):
    mlconf.packagers.allow_pickle = True

    assert unpack_pickle(item("a.pkl", pickle.dumps(3)), {}) == 3


def test_a_broken_pickle_is_one_sentence(item):
    mlconf.packagers.allow_pickle = True

    with pytest.raises(MLRunInvalidArgumentError, match=r"a.pkl can not be read as a pickle.*Python 3.11"):
        unpack_pickle(item("a.pkl", "no pickle"), {"python": "3.11"})


def test_what_can_not_be_pickled_is_one_sentence():
    with pytest.raises(MLRunInvalidArgumentTypeError, match=r"output 'k': a lock can not be pickled"):
        pickled(threading.Lock(), "k")
