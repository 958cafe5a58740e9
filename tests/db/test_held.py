import os
import threading

from mlrun.db import held


def test_a_fork_waits_for_a_step_that_another_thread_is_in() -> None:
    is_in, may_go = threading.Event(), threading.Event()

    def step() -> None:
        with held.short:
            is_in.set()
            may_go.wait(60)

    thread = threading.Thread(target=step)
    thread.start()
    is_in.wait(60)
    threading.Timer(0.05, may_go.set).start()

    child = os.fork()
    if child == 0:
        os._exit(0 if held.short.acquire(timeout=60) else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    thread.join()
