"""A run that says its secrets in many ways leaves nothing of them behind."""

from __future__ import annotations

import base64
import json
import logging
import os
import sys
import traceback
from pathlib import Path

import pytest

import mlrun
from mlrun.errors import RunError
from mlrun.execution.masked import MaskedDB, masked, masked_db
from mlrun.secrets import Masker

TASK = "task-s3cr3t/with+signs"
PROJECT = "project-pa55word"
CLUSTER = "cluster-t0ken-xyz"
VARIABLE = "asked-of-the-environment"
ALL = (TASK, PROJECT, CLUSTER, VARIABLE)
SPELLED = (*ALL, base64.b64encode(TASK.encode()).decode().rstrip("="))


def say(context):
    """Every way that a handler has to leave a text behind."""
    texts = [context.get_secret(name) for name in ("TASK", "PROJECT", "CLUSTER", "VARIABLE")]
    assert texts == list(ALL)
    whole = " and ".join(texts)
    print(whole, file=sys.stderr)
    for character in whole:
        print(character, end="", flush=True)
    print(json.dumps(texts), repr(texts), base64.b64encode(texts[0].encode()).decode())
    context.logger.info("logged " + whole, token=whole)
    logging.getLogger("user").warning(whole)
    os.write(sys.stdout.fileno(), b"")
    try:
        raise KeyError(whole)
    except KeyError:
        traceback.print_exc()
    context.log_result("text", whole)
    context.log_result(texts[0], {"deep": [whole, {whole: 1}]})
    context.log_results({"more": whole})
    context.log_metric(texts[1], 0.5)
    context.set_label("label", whole)
    context.set_annotation("note", whole)
    context.get_param("parameter", whole)
    context.set_status_text(whole)
    context.log_artifact("a", body="x", description=whole, labels={"who": whole})
    context.log_artifact("inline", body=whole, is_inline=True)
    context.log_artifact("link", body="y", extra_data={"url": f"http://user:{texts[1]}@host/"})
    return whole


def fail(context):
    whole = say(context)
    raise ValueError(f"can not log in with {whole}")


def say_a_frame(context):
    import pandas as pd

    context.log_dataset("frame", pd.DataFrame({"a": [context.get_secret("TASK")]}), stats=True)
    context.log_model(
        "model", body=b"m", model_file="m.bin", parameters={"token": context.get_secret("PROJECT")}
    )


def fail_in_a_program():
    raise ValueError(f"can not log in with {mlrun.get_or_create_ctx('t').get_secret('TASK')}")


@pytest.fixture
def task(db):
    db.create_project_secrets("iris", secrets={"PROJECT": PROJECT})
    os.environ |= {"MLRUN_K8S_SECRET__CLUSTER": CLUSTER, "VARIABLE": VARIABLE}
    return mlrun.new_task("t", project="iris").with_secrets("inline", {"TASK": TASK})


def left_behind(db, home, *runs):
    """Everything that a run leaves in the database."""
    db.close()
    kept = b"".join(
        path.read_bytes() for path in home.rglob("*") if path.is_file() and path.name != "secrets"
    )
    db.connect()
    logs = [db.get_log(run["metadata"]["uid"], "iris")[1] for run in db.list_runs(project="iris", iter=True)]
    records = json.dumps(
        [*db.list_runs(project="iris", iter=True), *db.list_artifacts(project="iris", tag="*")]
    )
    return kept, b"".join(logs).decode(), records


def assert_nothing_is_left(db, home, but=()):
    kept, logs, records = left_behind(db, home)
    for text in SPELLED:
        assert text not in logs
        assert text not in records
        if text not in but:
            assert text.encode() not in kept
    return logs, records


@pytest.mark.parametrize("handler", [say, fail])
def test_a_handler_that_says_them_all(task, db, home, handler):
    try:
        run = mlrun.new_function("f").run(task, handler=handler, returns=["returned"])
        assert run.status.results["text"] == "*** and *** and *** and ***"
    except RunError as error:
        assert handler is fail
        assert not [text for text in ALL if text in str(error)]
        assert "can not log in with ***" in str(error)

    # the project's own secret is in the database, where its owner has put it
    logs, records = assert_nothing_is_left(db, home, but=(PROJECT,))
    assert logs.count("***") > 10
    assert records.count("***") > 10


def test_records_of_tables_and_models(task, db, home):
    mlrun.new_function("f").run(task, handler=say_a_frame)

    assert_nothing_is_left(db, home, but=(PROJECT,))


def test_a_program_that_says_them_all(task, db, home):
    Path("program.py").write_text(
        Path(__file__).read_text()
        + "\n\nif __name__ == '__main__':\n    fail(mlrun.get_or_create_ctx('t'))\n"
    )

    with pytest.raises(RunError) as caught:
        mlrun.new_function(command="program.py").run(task)

    assert not [text for text in ALL if text in str(caught.value)]
    assert_nothing_is_left(db, home, but=(PROJECT,))


@pytest.mark.parametrize("parallel_runs", [0, 2])
def test_iterations_that_say_them_all(task, db, home, parallel_runs):
    task.with_hyper_params({"parameter": [TASK, "other"]}, parallel_runs=parallel_runs)

    mlrun.new_function("f").run(task, handler=say)

    logs, _ = assert_nothing_is_left(db, home, but=(PROJECT,))
    assert "> iteration 1: parameter=***" in logs


def test_a_program_gets_the_parameters_as_they_are(task, db):
    Path("program.py").write_text(
        "import mlrun\ncontext = mlrun.get_or_create_ctx('t')\n"
        "context.log_result('same', context.get_param('p') == context.get_secret('TASK'))\n"
    )

    run = mlrun.new_function(command="program.py").run(task, params={"p": TASK})

    assert run.status.results == {"same": True}
    assert run.spec.parameters == {"p": "***"}


def test_identities_and_states_are_never_masked():
    masker = Masker()
    for text in ("u1-abc", "completed", "root", "iris"):
        masker.add(text)
    record = {
        "metadata": {"uid": "u1-abc", "project": "iris", "labels": {"owner": "root", "x": "root"}},
        "status": {"state": "completed", "results": {"who": "root"}},
    }

    clean = masked(record, {"metadata": ("labels",), "status": ("results",)}, masker)

    assert clean["metadata"] == {
        "uid": "u1-abc",
        "project": "iris",
        "labels": {"owner": "root", "x": "***"},
    }
    assert clean["status"] == {"state": "completed", "results": {"who": "***"}}
    assert record["status"]["results"] == {"who": "root"}


def test_without_secrets_a_record_is_itself():
    record = {"metadata": {}}

    assert masked(record, {}, Masker()) is record


def test_a_database_is_wrapped_once(db):
    once = masked_db(db, Masker())
    twice = masked_db(once, Masker())

    assert isinstance(twice, MaskedDB)
    assert twice.db is db
    assert twice.url == db.url
    assert "MaskedDB" in repr(twice)
