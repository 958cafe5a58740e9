"""The one place where user code is called, in any process on any machine."""

from __future__ import annotations

from mlrun.code.imports import search_path
from mlrun.db.base import RunDB
from mlrun.errors import RunError, last_words
from mlrun.execution.arguments import arguments
from mlrun.execution.capture import Log, LogWriter, capture
from mlrun.execution.context import MLClientCtx
from mlrun.execution.current import current
from mlrun.execution.handlers import Source
from mlrun.execution.iterations import is_failure_text
from mlrun.execution.outcome import user_traceback
from mlrun.execution.returns import log_returned
from mlrun.model.run import Run, RunState
from mlrun.secrets import Masker, SecretsStore

LOGS_ITS_OUTPUTS = "mlrun_logs_its_outputs"  # an attribute of a handler that :func:`mlrun.handler` has made


def call(
    source: Source,
    run: Run,
    db: RunDB,
    secrets: SecretsStore | None = None,
    parent: MLClientCtx | None = None,
    log: LogWriter | None = None,
) -> Run:
    """
    Find the handler, call it with the run's parameters and inputs, and record what comes of it.

    Args:
        source: Gives the handler.
        run: Changed in place, and given back in its final state.
        log: Where its output goes; by default the run's own log.

    Raises:
        RunError: The handler raised; its exception is the cause, and the run's state is ``error``.
        KeyboardInterrupt: It was interrupted; the run's state is ``aborted``.
    """
    context = MLClientCtx(run, db, secrets, parent).start()  # an error here is not the user's code's
    writer = log or LogWriter(db, run.metadata.uid, run.metadata.project, masker=context.masker)
    try:
        # the context leaves last: who sees a final state sees the whole log
        with context, capture(writer) as own, current(context):
            _call(source, context, own)
    except (Exception, SystemExit) as error:
        if run.status.state == RunState.COMPLETED:  # sys.exit(0)
            return run
        raise failure(run, error, context.masker) from error
    return run


def _call(source: Source, context: MLClientCtx, log: Log) -> None:
    try:
        with search_path(*source.folders):
            handler = source.find(context.parameters)
            value = handler(**arguments(handler, context))
            if context.returns or not getattr(handler, LOGS_ITS_OUTPUTS, False):
                log_returned(context, value, context.returns)
    except Exception as error:
        log.write(f"{user_traceback(error)}\n".encode())
        raise


def failure(run: Run, error: BaseException | None = None, masker: Masker | None = None) -> RunError:
    """The exception that tells the caller how *run* ended, without the secrets that *masker* knows."""
    told = run.status.error or run.status.status_text
    text = _first_line(error) if error is not None else gist(told)
    text = masker.mask(text) if masker else text
    return RunError(
        f"run {run.key} ({run.metadata.name}) ended in state {run.status.state}: {text}".rstrip(": ")
    )


def gist(text: str) -> str:
    """The line that says what happened: with a traceback the last one, else the first that says why."""
    every = text.strip().splitlines()
    lines = [line for line in every if not is_failure_text(line)] or every
    if "Traceback (most recent call last):" in text:
        return last_words("\n".join(lines))
    return lines[0].rstrip(":") if lines else ""


def _first_line(error: BaseException) -> str:
    """What *error* says; where that begins with words of an engine and its frames, the reason before them."""
    text = str(error)
    is_of_engine = "\n\tat " in text or "\n\tdetails = " in text
    reason = f"{last_words(text)}\n{text}" if is_of_engine else text
    return f"{type(error).__name__}: {reason}"
