from mlrun.model.function import function_hash


def test_a_function_is_found_by_its_hash(db):
    function = {"kind": "job", "metadata": {"name": "train"}, "spec": {"command": "train.py"}}

    version = db.store_function(function, "train", "iris", versioned=True)

    assert db.has_function("train", "iris", version)
    assert not db.has_function("train", "iris", "0" * 40)
    assert function_hash(db.get_function("train", "iris", hash_key=version)) == version
