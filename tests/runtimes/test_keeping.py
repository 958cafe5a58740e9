import re
from pathlib import Path

import pytest
import yaml

import mlrun
from mlrun.errors import MLRunInvalidArgumentError

CODE = "def train(context, p1=1):\n    context.log_result('accuracy', p1)\n"


@pytest.fixture
def fn():
    return mlrun.new_function("train", kind="local").with_code(body=CODE)


def test_a_copy_is_of_its_own_and_keeps_the_database(fn):
    other = mlrun.get_run_db("./other/")
    fn.set_db_connection(other)

    twin = fn.copy()
    twin.set_env("A", 1)
    twin.metadata.labels["x"] = "y"

    assert fn.spec.env == [] and fn.metadata.labels == {}
    assert twin.db is other


def test_saving_gives_an_address_that_moves_with_its_tag(fn, db):
    assert fn.save() == "db://default/train:latest"
    assert fn.save(tag="prod") == "db://default/train:prod"
    assert re.fullmatch("db://default/train@[0-9a-f]{40}", fn.save(versioned=True))


def test_the_same_content_has_the_same_hash_whatever_its_tag(fn):
    hashes = set()
    for tag in ("a", "b"):
        fn.save(tag=tag)
        hashes.add(fn.metadata.hash)
    mlrun.new_function("train", kind="local").with_code(body=CODE).save()

    assert len(hashes) == 1
    assert [record["metadata"]["hash"] for record in fn.db.list_functions()] == list(hashes)


def test_every_earlier_version_stays_readable(fn, db):
    versions = []
    for value in range(3):
        fn.set_env("A", value).save()
        versions.append(fn.metadata.hash)

    stored = [db.get_function("train", hash_key=version)["spec"]["env"] for version in versions]

    assert stored == [[{"name": "A", "value": str(value)}] for value in range(3)]
    assert db.get_function("train")["metadata"]["hash"] == versions[-1]


def test_refresh_reads_back_what_is_stored(fn):
    fn.save(refresh=True)

    assert fn.metadata.updated and fn.metadata.project == "default"


@pytest.mark.parametrize(
    ("target", "written"),
    [
        ("", "function.yaml"),
        ("out/", "out/function.yaml"),
        ("f.json", "f.json"),
        ("a/b/f.yaml", "a/b/f.yaml"),
    ],
)
def test_an_export_is_a_file_without_what_belongs_to_this_database(fn, target, written):
    fn.save()

    assert fn.export(target) is fn

    data = yaml.safe_load(Path(written).read_text())
    assert data["metadata"] == {"name": "train"}
    assert data["spec"]["build"]["functionSourceCode"]


def test_an_export_can_keep_everything_and_be_json(fn):
    fn.save()

    fn.export(format=".json", strip=False)

    assert fn.metadata.hash in Path("function.json").read_text()


def test_a_wrong_format_is_refused(fn):
    with pytest.raises(MLRunInvalidArgumentError, match=r"'\.txt' is not a format"):
        fn.export(format=".txt")

    assert not list(Path().glob("function*"))
