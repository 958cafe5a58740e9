#!/usr/bin/env python3
"""What storing a run over HTTP costs the processor, of client and server; other work changes it little."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from bench_api import RUN
from service import Service


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=1, help="threads with one HTTPRunDB (default 1)")
    parser.add_argument("--runs", type=int, default=5000, help="stored by all of them (default 5,000)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="processor-") as folder:
        os.environ["MLRUN_HOME"] = f"{folder}/home"
        with Service(Path(folder) / "records") as service:
            print(measured(service, arguments.clients, arguments.runs))


def measured(service: Service, clients: int, runs: int) -> str:
    import mlrun

    known: dict[str, dict[str, object]] = {}
    exec(RUN, known)
    db, run = mlrun.get_run_db(service.url), known["RUN"]

    def store(client: int, count: int) -> None:
        for number in range(count):
            db.store_run(run, f"{client}-{count}-{number}", "iris")

    store(0, 200)  # caches fill
    threads = [threading.Thread(target=store, args=(client, runs // clients)) for client in range(clients)]
    here, there, begun = time.process_time(), service.processor_s, time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, each = time.monotonic() - begun, 1000 / runs
    client_ms, server_ms = (time.process_time() - here) * each, (service.processor_s - there) * each
    return (
        f"client {client_ms:.2f} ms, server {server_ms:.2f} ms of the processor for each; {runs / took:.0f}/s"
    )


if __name__ == "__main__":
    main()
