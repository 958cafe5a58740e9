"""Runs as messages: their keys, what is checked before they are sent, and many of them in one."""

from __future__ import annotations

from mlrun.db import records, times
from mlrun.db.base import Record
from mlrun.db.http.answers import Answer
from mlrun.db.http.paths import json_of, only_given, place
from mlrun.db.http.wire import AWAY, Wire
from mlrun.db.messages import Message
from mlrun.errors import MLRunBaseError, MLRunConflictError, MLRunMethodNotAllowedError, MLRunNotFoundError
from mlrun.log import logger
from mlrun.model.base import load_json
from mlrun.model.run import RunState

ALL_RUNS = f"v1/{place('*', 'runs')}"
Key = tuple[str, str, int]  # project, uid, iteration


def key_of(uid: str, project: str, iteration: int = 0) -> tuple[str, str, int]:
    """
    Raises:
        MLRunInvalidArgumentError: No uid, or no iteration.
    """
    uid = records.required(uid, "the uid of a run")
    return project or records.default_project(), uid, records.iteration(iteration)


def name_of(key: Key) -> str:
    return f"run {key[0]}/{key[1]}" + (f"#{key[2]}" if key[2] else "")


def checked(
    struct: Record, uid: str = "", project: str = "", iteration: int | None = None
) -> tuple[Key, Record]:
    """The key of a run, and the run with its key in it; what is wrong is answered before it has to wait."""
    run = records.as_record(struct, "a run")
    metadata = records.part(run, "metadata", "a run")
    number = metadata.get("iteration") if iteration is None else iteration
    key = key_of(uid or metadata.get("uid", ""), project or metadata.get("project", ""), number or 0)
    what = name_of(key)
    status = records.part(run, "status", what)
    RunState.check(status.get("state") or RunState.CREATED)
    records.labels_of(metadata, what)
    records.part(status, "process", what)
    for name in ("start_time", "last_update"):
        if status.get(name):
            times.of_record(status[name], f"status.{name} of {what}")
    run["metadata"] = metadata_of(metadata, key)
    return key, run


def metadata_of(metadata: Record, key: Key) -> Record:
    iteration = {"iteration": key[2]} if key[2] or "iteration" in metadata else {}
    return {**metadata, "project": key[0], "uid": key[1], **iteration}


def message_of(method: str, key: Key, body: bytes) -> Message:
    path = f"v1/{place(key[0], 'runs', key[1])}"
    return Message(method, path, only_given(iter=key[2]), body, about=name_of(key))


def reading(key: Key, format_: str = "full") -> Message:
    path = f"v1/{place(key[0], 'runs', key[1])}"
    return Message("GET", path, only_given(iter=key[2], format=format_))


def many_of(runs: list[tuple[Key, bytes]]) -> Message:
    """All of *runs* in one message, so that all or none are stored."""
    names = [name_of(key) for key, _ in runs]
    body = b'{"runs":[%s]}' % b",".join(body for _, body in runs)
    return Message("POST", ALL_RUNS, body=body, about=names[0], also=names[1:])


def one_of_many(message: Message, key: Key) -> Record:
    runs = (checked(run) for run in load_json(message.body)["runs"])
    return [run for found, run in runs if found == key][-1]


def deliver(wire: Wire, message: Message, timeout_s: float | None = None) -> Answer:
    """
    Send *message*, which may have been sent before.

    Raises:
        MLRunBaseError: As :meth:`Wire.send`; then nothing of it is stored.
    """
    try:
        return wire.send(message, is_safe=True, timeout_s=timeout_s)
    except (MLRunMethodNotAllowedError, MLRunNotFoundError):
        if message.path != ALL_RUNS or message.method != "POST":
            raise
    return _deliver_one_by_one(wire, message, timeout_s)  # MLRun's servers have no such address


def _deliver_one_by_one(wire: Wire, message: Message, timeout_s: float | None) -> Answer:
    """The runs in *message*, after a look whether each will be taken; should one not be, none has changed."""
    runs = [checked(run) for run in load_json(message.body)["runs"]]
    before = {key: _stored(wire, key, timeout_s) for key, _ in runs}
    for key, run in runs:
        refuse_revival(key, before[key], run)
    for number, (key, run) in enumerate(runs):
        one = message_of("POST", key, records.dump(run, name_of(key)).encode())
        one.id = f"{message.id}-{number}"
        try:
            answer = wire.send(one, is_safe=True, timeout_s=timeout_s)
        except AWAY:
            raise  # they wait together, and all are sent again
        except MLRunBaseError:
            _put_back(wire, [(done, before[done]) for done, _ in runs[:number]], timeout_s)
            raise
    return answer


def refuse_revival(key: Key, before: Record | None, run: Record) -> None:
    """
    Raises:
        MLRunConflictError: The run has ended, and would be in another state.
    """
    state = state_of(before or {})
    if state.is_final and state_of(run) != state:
        raise MLRunConflictError(
            f"{name_of(key)} is {state}; a finished run can not go back to {state_of(run)}"
        )


def state_of(run: Record) -> RunState:
    return RunState.check((run.get("status") or {}).get("state") or RunState.CREATED)


def _put_back(wire: Wire, runs: list[tuple[Key, Record | None]], timeout_s: float | None) -> None:
    """Somebody else has changed one of the others since we looked."""
    for key, run in reversed(runs):
        body = records.dump(run, name_of(key)).encode() if run else b""
        try:
            wire.send(message_of("POST" if run else "DELETE", key, body), True, timeout_s=timeout_s)
        except MLRunBaseError as error:
            logger.warning(f"{name_of(key)} is stored, and can not be put back to what it was: {error}")


def _stored(wire: Wire, key: Key, timeout_s: float | None) -> Record | None:
    try:
        run: Record = json_of(wire.send(reading(key), timeout_s=timeout_s))["data"]
    except MLRunNotFoundError:
        return None
    return run
