import http.server
import threading
from functools import partial
from pathlib import Path

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, MLRunNotImplementedServerError
from mlrun.run.imports import import_function, import_function_to_dict

CODE = "def train(context, p1=1):\n    context.log_result('accuracy', p1)\n"


@pytest.fixture
def fn():
    return mlrun.new_function("train", kind="local", handler="train").with_code(body=CODE)


@pytest.fixture
def web(tmp_path):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", ["function.yaml", "function.yml", "function.json"])
def test_an_exported_function_comes_back_and_runs(fn, name):
    fn.export(name)

    back = import_function(name)

    assert (back.kind, back.metadata.name) == ("local", "train")
    assert back.spec.build.code_origin == name
    assert back.run(params={"p1": 3}).output("accuracy") == 3


def test_a_function_comes_from_a_web_address(fn, web):
    fn.export("function.yaml")

    back = import_function(f"{web}/function.yaml")

    assert back.run().output("accuracy") == 1
    assert back.spec.build.code_origin == f"{web}/function.yaml"


def test_a_function_file_written_by_hand_may_be_short():
    Path("f.yaml").write_text("kind: job\nmetadata:\n  name: my-func\nspec:\n  command: train.py\n")

    fn = import_function("f.yaml", project="iris", new_name="other")

    assert (fn.kind, fn.metadata.name, fn.metadata.project) == ("job", "other", "iris")


@pytest.mark.parametrize("address", ["db://default/train", "db://train", "db://default/train:latest"])
def test_a_saved_function_comes_from_the_database(fn, address):
    fn.save()

    assert import_function(address).run().output("accuracy") == 1


def test_a_version_comes_by_its_hash_when_the_tag_has_moved(fn):
    fn.save(tag="prod")
    first = fn.metadata.hash
    fn.with_code(body=CODE.replace("p1)", "p1 * 10)")).save(tag="prod")

    old, new = import_function(f"db://default/train@{first}"), import_function("db://default/train:prod")

    assert (old.run().output("accuracy"), new.run().output("accuracy")) == (1, 10)
    assert new.metadata.tag == "prod"


def test_a_function_of_the_current_project_needs_no_project_in_its_address(fn):
    mlrun.mlconf.default_project = "iris"

    fn.save()

    assert import_function("db://train").metadata.project == "iris"


def test_a_function_comes_from_another_database(fn):
    other = mlrun.get_run_db("./other/")
    fn.set_db_connection(other).save()

    back = import_function("db://default/train", db="./other/")

    assert back.db is other


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("hub://describe", MLRunNotImplementedServerError, "function hub is not built yet"),
        ("train.py", MLRunInvalidArgumentError, r"code_to_function\(filename='train.py'\)"),
        ("train.ipynb", MLRunInvalidArgumentError, "code_to_function"),
        ("missing.yaml", MLRunNotFoundError, "missing.yaml"),
        ("db://default/nothing", MLRunNotFoundError, "default/nothing"),
        ("db://a/b/c/d", MLRunInvalidArgumentError, "not a function address"),
        ("nosuch://bucket/f.yaml", MLRunInvalidArgumentError, "nosuch:// is not a known"),
        ("", MLRunInvalidArgumentError, "needs the address of a function"),
    ],
)
def test_what_can_not_be_imported_says_why(url, error, message):
    with pytest.raises(error, match=message):
        import_function(url)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spec:\n  comand: x.py\n", r"spec\.comand.*Did you mean 'command'"),
        ("hello", "holds no function"),
        ("kind: [", "f.yaml: "),
        ("kind: jbo\n", "not a function kind.*'job'"),
        ("kind: job\nspec:\n  args: 5\n", r"args"),
        ("kind: job\nspec: hello\n", r"spec"),
        ("kind: 5\n", r"kind"),
    ],
)
def test_a_wrong_function_file_is_one_clear_sentence(text, message):
    Path("f.yaml").write_text(text)

    with pytest.raises(MLRunInvalidArgumentError, match=message):
        import_function("f.yaml")


def test_the_dictionary_alone_can_be_read(fn):
    fn.export("function.yaml")

    assert import_function_to_dict("function.yaml")["metadata"]["name"] == "train"


def test_a_build_that_nobody_does_any_more_is_seen(db):
    fn = mlrun.new_function("train", kind="job", image="python:3.11")
    fn.status.state = "building"
    fn.save()

    again = mlrun.import_function("db://train")

    assert (again.status.state, db.get_function("train")["status"]["state"]) == ("error", "error")
