"""Listings of a database that grows: the newest, filtered and grouped runs of 10,000 and of 1,000,000."""

from __future__ import annotations

import argparse
import datetime
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from harness import tell
from mlrun.db import close_all, get_run_db
from mlrun.db.base import RunDB
from service import Service

BENCHMARKS: list[Any] = []  # too long for benchmarks/run; this file is its own program
PROJECT = "p"
END = datetime.datetime(2026, 11, 21, tzinfo=datetime.timezone.utc)
SPACE = datetime.timedelta(minutes=1)  # between two runs: a million of them are about two years
AT_ONCE = 5000
TURNS = 7
TARGETS_MS = {"newest": 5, "groups": 50, "four": 30}  # at any size; 15 where nothing is said
OVER_HTTP_MS = 5  # more, for the way there and back


def runs(count: int, names: int) -> Iterator[dict[str, Any]]:
    """The same ones each time, oldest first."""
    chance = random.Random(1)
    for number in range(count):
        start = END - SPACE * (count - number)
        end = (start + datetime.timedelta(seconds=30)).isoformat()
        state = chance.choices(("completed", "error", "aborted"), (0.97, 0.0295, 0.0005))[0]
        labels = {"owner": f"user{number % 20}", "batch": str(number // 500), "kind": "job"}
        yield {
            "kind": "run",
            "metadata": {
                "name": f"name-{chance.randrange(names)}",
                "uid": f"{number:032x}",
                "project": PROJECT if number % 10 else "other",
                "labels": labels,
            },
            "spec": {"parameters": {"a": number, "b": "x" * 200}, "function": "p/train@4f0c"},
            "status": {
                "state": state,
                "results": {"accuracy": chance.random(), "loss": chance.random(), "stage": f"s{number % 7}"},
                "start_time": start.isoformat(),
                "last_update": end,
                "end_time": end,
            },
        }


def questions(db: RunDB, count: int, names: int) -> dict[str, Callable[[], Any]]:
    """What is measured, by name."""
    week = (END - datetime.timedelta(days=7)).isoformat()
    hour = (END - datetime.timedelta(hours=1)).isoformat()
    old = (END - SPACE * (count // 2)).isoformat()

    def newest(**filter: Any) -> Callable[[], Any]:
        return lambda: db.list_runs(**{"project": PROJECT, "last": 20, **filter})

    def pages() -> Any:
        rows, token = db.paginated_list_runs(project=PROJECT, page_size=20)
        for _ in range(9):
            rows, token = db.paginated_list_runs(project=PROJECT, page_token=token)
        return rows

    def groups(**filter: Any) -> Callable[[], Any]:
        by = {"partition_by": "project_and_name", "partition_sort_by": "updated"}
        return lambda: db.list_runs(last=200, **by, **filter)

    middle = min(500, count // 40)
    return {
        "newest 20 of a project": newest(),
        "newest 20 of all projects": newest(project=""),
        "name": newest(name="name-7"),
        "name of all projects": newest(name="name-7", project=""),
        "part of a name": newest(name="~AME-7"),
        "label of all": newest(labels="kind=job"),
        "label of one in 20": newest(labels="owner=user3"),
        "label of 500": newest(labels=f"batch={count // 1000}"),
        "state of most": newest(state="completed"),
        "state of few": newest(state="aborted"),
        "two states": newest(states=["error", "aborted"]),
        "state of all projects": newest(state="error", project=""),
        "started in one hour": newest(start_time_from=hour),
        "started long ago": newest(start_time_to=old),
        "updated in one hour": newest(last_update_time_from=hour),
        "ended long ago": newest(end_time_to=old),
        "result of most": newest(results="accuracy > 0.01"),
        "result of 1 in 200": newest(results="accuracy > 0.995"),
        "result of few": newest(results=f"accuracy > {1 - 10 / count}"),
        "text of a result": newest(results="stage = s3"),
        "four of these at once": newest(
            name="name-7", labels="owner=user3", state="completed", results="accuracy > 0.9"
        ),
        "groups of the last week": groups(project=PROJECT, start_time_from=week),
        "groups of all times": groups(project=PROJECT),
        "groups of all projects": groups(start_time_from=week),
        "ten pages of 20 by token": pages,
        "a page of 20, the 500th": lambda: db.paginated_list_runs(project=PROJECT, page=middle),
    }


def measured(count: int, names: int, folder: Path, over_http: bool) -> dict[str, float]:
    """Milliseconds of each question, the median."""
    path = folder / f"runs-{count}-{names}.db"
    is_new = not path.exists()
    db = get_run_db(str(path))
    if is_new:
        fill(db, count, names)
    if over_http:
        close_all()
        with Service(path) as service:
            return asked(get_run_db(service.url), count, names)
    return asked(db, count, names)


def asked(db: RunDB, count: int, names: int) -> dict[str, float]:
    found = {}
    for name, ask in questions(db, count, names).items():
        tell(f"{count:,} runs: {name}")
        ask()
        times = []
        for _ in range(TURNS):
            start = time.perf_counter()
            ask()
            times.append(time.perf_counter() - start)
        found[name] = statistics.median(times) * 1000
    close_all()
    return found


def fill(db: RunDB, count: int, names: int) -> None:
    batch = []
    for number, run in enumerate(runs(count, names), 1):
        batch.append(run)
        if len(batch) == AT_ONCE or number == count:
            db.store_runs(batch)
            tell(f"{number:,} of {count:,} runs stored")
            batch = []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=[10_000, 100_000], metavar="runs")
    parser.add_argument("--names", type=int, default=50, help="different names of runs (50)")
    parser.add_argument("--http", action="store_true", help="ask an API server over the database")
    parser.add_argument("--folder", type=Path, help="keep the databases here, and use those that are there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as parent:
        folder = arguments.folder or Path(parent)
        folder.mkdir(parents=True, exist_ok=True)
        figures = [measured(count, arguments.names, folder, arguments.http) for count in arguments.counts]
    tell("")
    heads = [f"{count:,}" for count in arguments.counts]
    print(f"{'ms for the newest 20 that match':40}", *(f"{head:>12}" for head in heads), "   ratio  target")
    for name in figures[0]:
        values = [figure[name] for figure in figures]
        target = TARGETS_MS.get(name.split()[0], 15) + OVER_HTTP_MS * arguments.http
        verdict = f"{target} {'met' if values[-1] <= target else 'MISSED'}"
        print(
            f"{name:40}", *(f"{value:12.2f}" for value in values), f"{values[-1] / values[0]:8.1f}  {verdict}"
        )


if __name__ == "__main__":
    main()
