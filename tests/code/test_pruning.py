"""What nothing needs goes, a bundle from its top; what somebody relies on stays."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.code import bundles, pruning
from mlrun.code.bundle import NODE, Bundle, children_of
from mlrun.code.objects import Objects, Stats, StoredObjects
from mlrun.code.scan import scan
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError

DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.timezone.utc)
MONTH_AGO = NOW - 30 * DAY


class Dated(StoredObjects):
    """A place whose objects were written when a test says so; what it is given is new."""

    def __init__(self, url: str, secrets: Any = None) -> None:
        super().__init__(url, secrets)
        self.times: dict[str, datetime.datetime] = {}
        self.dropped: list[str] = []

    def age(self, days: float, names: Iterable[str] | None = None) -> None:
        self.times.update(dict.fromkeys(names or self.names(), NOW - days * DAY))

    def keep(self, name: str, data: bytes) -> None:
        self.times.pop(name, None)
        super().keep(name, data)

    def stats(self, names: Sequence[str]) -> dict[str, Stats]:
        found = super().stats(names)
        return {
            name: stats._replace(written=self.times.get(name, stats.written)) for name, stats in found.items()
        }

    def drop(self, name: str) -> None:
        self.dropped.append(name)
        super().drop(name)


@pytest.fixture(params=["folder", "memory", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Dated:
    if request.param == "folder":
        return Dated(str(tmp_path / "place"))
    if request.param == "memory":
        return Dated(f"memory://pruned/{tmp_path.name}")
    bucket = request.getfixturevalue("s3_bucket")
    return Dated(f"{bucket}{tmp_path}", request.getfixturevalue("s3_secrets"))


@pytest.fixture
def local(tmp_path: Path) -> Dated:
    return Dated(str(tmp_path / "place"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for at in range(40):
        (folder / f"mod_{at}.py").write_text(f"x = {at}\n")
    return folder


def ship(place: Objects, folder: Path) -> Bundle:
    bundle = scan(str(folder))
    bundles.ship(bundle, place, str(folder))
    return bundle


def prune(place: StoredObjects, *roots: str) -> set[str]:
    found = pruning.unneeded(place, roots, MONTH_AGO)
    pruning.delete(place, found)
    return {one.name for one in found}


def is_whole(place: StoredObjects, bundle: Bundle) -> bool:
    return not place.absent(bundle.names)


def test_an_old_bundle_goes_and_a_new_one_stays_with_what_they_share(place: Dated, folder: Path) -> None:
    old = ship(place, folder)
    place.age(31)
    (folder / "mod_0.py").write_text("x = -1\n")
    new = scan(str(folder))
    place.put(new.get([name for name in new.names if name not in old.names]))  # as if the others were younger

    gone = prune(place)

    assert gone == set(old.names) - set(new.names)
    assert is_whole(place, new)
    assert set(place.names()) == set(new.names)


def test_a_bundle_that_is_named_stays(place: Dated, folder: Path) -> None:
    bundle = ship(place, folder)
    place.age(400)

    assert prune(place, bundle.digest) == set()
    assert is_whole(place, bundle)


def test_nothing_is_younger_than_what_it_needs_at_any_time(local: Dated, folder: Path) -> None:
    bundle = ship(local, folder)
    local.age(31)
    needs = {f"{NODE}/{digest}": children_of(body) for digest, body in bundle.nodes.items()}

    prune(local)

    at = {name: number for number, name in enumerate(local.dropped)}
    assert local.dropped[0] == bundle.root and set(at) == set(bundle.names)
    assert all(at[node] < at[child] for node, below in needs.items() for child in below)


def test_a_killed_pruning_leaves_bundles_that_are_whole_or_gone(local: Dated, folder: Path) -> None:
    bundle = ship(local, folder)
    local.age(31)
    found = pruning.unneeded(local, (), MONTH_AGO)

    pruning.delete(local, itertools.islice(found, 5))

    assert local.absent([bundle.root])
    ship(local, folder)
    assert is_whole(local, bundle)


def test_who_ships_what_is_old_sends_it_again(place: Dated, folder: Path) -> None:
    bundle = ship(place, folder)
    place.age(16)

    assert ship(place, folder).digest == bundle.digest

    assert place.times == {}  # all were written


@pytest.mark.parametrize("days", [1, 14])
def test_what_is_young_is_not_sent_again(local: Dated, folder: Path, days: float) -> None:
    ship(local, folder)
    local.age(days)

    ship(local, folder)

    assert len(local.times) == len(local.names())


def test_what_was_relied_on_survives_a_pruning_that_began_before(local: Dated, folder: Path) -> None:
    """The files are as old as can be relied on, by a bundle that is younger."""
    first = ship(local, folder)
    local.age(31, first.names)
    local.age(14, [first.root])  # shipped once more, when they were younger
    (folder / "mod_0.py").write_text("x = -1\n")
    found = pruning.unneeded(local, (), MONTH_AGO)

    second = ship(local, folder)
    pruning.delete(local, found)

    assert is_whole(local, first) and is_whole(local, second)


def test_what_was_written_since_it_was_found_stays(local: Dated, folder: Path) -> None:
    bundle = ship(local, folder)
    local.age(31)
    found = pruning.unneeded(local, (), MONTH_AGO)
    assert {one.name for one in found} == set(bundle.names)

    ship(local, folder)

    assert pruning.delete(local, found) == 0
    assert is_whole(local, bundle)


def test_nothing_was_shipped_yet(place: Dated) -> None:
    assert prune(place) == set()


def test_other_files_of_the_place_are_not_looked_at(tmp_path: Path, local: Dated) -> None:
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "README").write_text("mine")

    assert local.names() == []


def test_days_that_say_never_keep_everything(local: Dated, folder: Path) -> None:
    ship(local, folder)
    local.age(4_000)

    with mlconf.override(bundles__keep_days=0):
        assert local.missing(local.names()) == set()
        with pytest.raises(MLRunInvalidArgumentError, match="kept for ever"):
            pruning.age(None)


@pytest.mark.parametrize(("days", "said"), [(3.0, "30 days old .* can not go after 3"), (29.9, "after 29.9")])
def test_less_than_the_setting_is_refused(days: float, said: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=said):
        pruning.age(days)


# which bundles are needed


Store = Callable[..., str]


@pytest.fixture
def version(db: Any) -> Store:
    """Stores a function that loads the bundle of a digest, and gives its address."""

    def store(digest: str, name: str = "train", address: str = "bundle://") -> str:
        function = mlrun.new_function(name, "iris", kind="job", image="python:3.11")
        function.spec.build.source = f"{address}{'/' if '+' in address else ''}{digest}"
        return function.set_db_connection(db).save(versioned=True).removeprefix("db://")

    return store


OLD, NEW = "1" * 64, "2" * 64


@pytest.mark.parametrize("address", ["bundle://", "bundle+s3://bucket/a b", "bundle+file:///home/me/bundles"])
def test_a_function_with_a_tag_needs_its_bundle(db: Any, version: Store, address: str) -> None:
    version(OLD, address=address)
    version(NEW, address=address)

    assert pruning.needed(db, since=NOW + DAY) == {NEW}


@pytest.mark.parametrize(
    ("state", "since", "is_needed"),
    [
        ("running", NOW + DAY, True),
        ("pendingRetry", NOW + DAY, True),
        ("completed", NOW + DAY, False),
        ("error", NOW - DAY, True),
    ],
)
def test_a_run_that_is_live_or_may_be_resumed_needs_the_version_that_it_runs(
    db: Any, version: Store, state: str, since: datetime.datetime, is_needed: bool
) -> None:
    address = version(OLD)
    version(NEW)
    run = {
        "metadata": {"name": "train", "uid": "3f2a", "project": "iris", "iteration": 2},
        "spec": {"function": address},
        "status": {"state": state},
    }
    db.store_run(run, "3f2a", "iris", iter=2)

    assert pruning.needed(db, since) == ({OLD, NEW} if is_needed else {NEW})


def test_a_schedule_needs_the_version_that_it_starts(db: Any, version: Store) -> None:
    address = version(OLD)
    version(NEW)
    scheduled = {"task": {"metadata": {"name": "train"}, "spec": {"function": address}}}
    db.create_schedule(
        "iris",
        {"name": "nightly", "kind": "job", "cron_trigger": "0 3 * * *", "scheduled_object": scheduled},
    )

    assert pruning.needed(db, since=NOW + DAY) == {OLD, NEW}
