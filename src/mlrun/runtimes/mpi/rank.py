"""
One rank of a run with a handler: ``python -m mlrun.runtimes.mpi.rank``.

Who starts the ranks has told each of them the run, the handler and its code by the environment.
"""

from __future__ import annotations

import io
import json
import os
import sys
from typing import cast

from mlrun.db import get_run_db
from mlrun.errors import RunError
from mlrun.execution.call import call
from mlrun.execution.handlers import FromCode
from mlrun.execution.outcome import user_traceback
from mlrun.execution.ranks import db_of_rank, rank
from mlrun.model.run import Run
from mlrun.runtimes.handover import received
from mlrun.runtimes.program import LAUNCHED
from mlrun.runtimes.told import CONFIG, told

HANDLER = "MLRUN_EXEC_HANDLER"  # the fields of a FromCode, as JSON


def main() -> int:
    run = Run.from_dict(json.loads(told(CONFIG)))
    source = FromCode(**json.loads(told(HANDLER)))
    os.environ.pop(LAUNCHED, None)  # a handler has its context already
    for stream in (sys.stdout, sys.stderr):  # all ranks share one, and a line is not to be torn
        cast(io.TextIOWrapper, stream).reconfigure(line_buffering=True, write_through=False)
    try:
        call(source, run, db_of_rank(get_run_db()), received())
    except RunError as error:
        print(
            f"rank {rank()} failed:\n{user_traceback(error.__cause__ or error)}", file=sys.stderr, flush=True
        )
        return 1
    return 0


def leave(code: int) -> None:
    """
    End this process. One that failed must not tidy up: MPI's own end waits for all ranks, and they for it.
    """
    if code == 0:
        sys.exit(0)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    leave(main())
