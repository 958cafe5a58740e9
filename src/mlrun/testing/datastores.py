"""What every data store promises, as tests to inherit."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from mlrun.datastore.base import DataStore
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, MLRunNotFoundError

Place = Callable[[str, bytes], None]


class ReadContract:
    """
    What a store promises that is only read; it also needs a ``place``, which puts a file where it reads.
    """

    knows_times = True  # when a file was changed

    @pytest.fixture
    def store(self) -> DataStore:
        raise NotImplementedError("a fixture 'store' gives the store to test")

    @pytest.fixture
    def root(self) -> str:
        """A key under which nothing is kept, without a slash at its end."""
        raise NotImplementedError("a fixture 'root' gives an empty folder of the store")

    @pytest.fixture
    def place(self) -> Place:
        """Makes a file of a key and bytes."""
        raise NotImplementedError("a fixture 'place' makes a file that the store reads")

    @pytest.mark.parametrize("data", [b"", b"abc", bytes(range(256)) * 1000])
    def test_a_file_is_read(
        self, store: DataStore, root: str, place: Place, tmp_path: Path, data: bytes
    ) -> None:
        place(f"{root}/a.bin", data)

        store.download(f"{root}/a.bin", str(tmp_path / "new" / "a.bin"))

        assert store.get(f"{root}/a.bin") == (tmp_path / "new" / "a.bin").read_bytes() == data

    def test_a_file_is_opened(self, store: DataStore, root: str, place: Place) -> None:
        place(f"{root}/a.txt", "grün\r\n2\n".encode())

        with store.open(f"{root}/a.txt") as file, store.open(f"{root}/a.txt", "r") as text:
            file.seek(7)
            read = file.read(), text.readlines()

        assert read == (b"2\n", ["grün\n", "2\n"])

    @pytest.mark.parametrize("verb", ["stat", "open", "get"])
    def test_a_file_that_is_not_there_is_not_read(self, store: DataStore, root: str, verb: str) -> None:
        with pytest.raises(MLRunNotFoundError):
            getattr(store, verb)(f"{root}/nowhere")

    def test_a_name_may_hold_spaces_and_letters_of_any_alphabet(
        self, store: DataStore, root: str, place: Place
    ) -> None:
        place(f"{root}/ein Blatt/データ.csv", b"1")

        assert store.get(f"{root}/ein Blatt/データ.csv") == b"1"
        assert store.exists(f"{root}/ein Blatt/データ.csv")

    @pytest.mark.parametrize(
        ("size", "offset", "part"),
        [
            (None, 0, b"0123456789"),
            (None, 4, b"456789"),
            (3, 0, b"012"),
            (3, 4, b"456"),
            (100, 8, b"89"),
            (0, 0, b""),
            (5, 10, b""),
            (None, 50, b""),
        ],
    )
    def test_a_part_is_read_by_size_and_offset(
        self, store: DataStore, root: str, place: Place, size: int | None, offset: int, part: bytes
    ) -> None:
        place(f"{root}/digits", b"0123456789")

        assert store.get(f"{root}/digits", size=size, offset=offset) == part

    @pytest.mark.parametrize(("size", "offset"), [(-1, 0), (None, -1)])
    def test_a_part_before_the_start_is_refused(
        self, store: DataStore, root: str, place: Place, size: int | None, offset: int
    ) -> None:
        place(f"{root}/digits", b"0123456789")

        with pytest.raises(MLRunInvalidArgumentError, match="0 or more"):
            store.get(f"{root}/digits", size=size, offset=offset)

    def test_a_missing_file_is_named(self, store: DataStore, root: str, place: Place) -> None:
        with pytest.raises(MLRunNotFoundError, match=r"nowhere\.txt"):
            store.get(f"{root}/nowhere.txt")

    def test_stat_knows_size_and_time(self, store: DataStore, root: str, place: Place) -> None:
        place(f"{root}/a.csv", b"12345")

        stats = store.stat(f"{root}/a.csv")

        assert stats.size == 5
        if not self.knows_times:
            assert stats.modified is None
            return
        assert stats.modified is not None
        assert stats.modified.tzinfo is not None
        assert abs(datetime.datetime.now(datetime.timezone.utc) - stats.modified) < datetime.timedelta(
            minutes=10
        )

    def test_a_download_of_nothing_leaves_nothing(
        self, store: DataStore, root: str, place: Place, tmp_path: Path
    ) -> None:
        folder = tmp_path / "downloads"
        folder.mkdir()

        with pytest.raises(MLRunNotFoundError, match=r"nowhere\.bin"):
            store.download(f"{root}/nowhere.bin", str(folder / "a.bin"))

        assert list(folder.iterdir()) == []

    @pytest.mark.parametrize("mode", ["x", "r+", "", "rw"])
    def test_another_mode_is_refused(self, store: DataStore, root: str, place: Place, mode: str) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="not opened with"):
            store.open(f"{root}/a.txt", mode)

    def test_a_local_path_holds_the_bytes(self, store: DataStore, root: str, place: Place) -> None:
        place(f"{root}/a.txt", b"1")

        path = store.local_path(f"{root}/a.txt")

        assert path is None or Path(path).read_bytes() == b"1"


class DataStoreContract(ReadContract):
    """
    Inherit, and give a ``store`` and a ``root``::

        class TestMyStore(DataStoreContract):
            @pytest.fixture
            def store(self): return MyStore("my://host")

            @pytest.fixture
            def root(self): return "an/empty/folder"
    """

    @pytest.fixture
    def place(self, store: DataStore) -> Place:
        return store.put

    @pytest.mark.parametrize("data", [b"", b"abc", bytes(range(256)) * 1000])
    def test_what_was_put_is_got(self, store: DataStore, root: str, data: bytes) -> None:
        store.put(f"{root}/a.bin", data)

        assert store.get(f"{root}/a.bin") == data

    def test_text_is_put_as_utf8(self, store: DataStore, root: str) -> None:
        store.put(f"{root}/a.txt", "gräßlich")

        assert store.get(f"{root}/a.txt") == "gräßlich".encode()

    def test_other_values_are_refused(self, store: DataStore, root: str) -> None:
        with pytest.raises(MLRunInvalidArgumentTypeError, match="bytes or str, not dict"):
            store.put(f"{root}/a.txt", {"a": 1})  # type: ignore[arg-type]

    def test_folders_are_created(self, store: DataStore, root: str) -> None:
        store.put(f"{root}/b/c/d/e.txt", "1")

        assert store.get(f"{root}/b/c/d/e.txt") == b"1"

    def test_a_second_put_replaces(self, store: DataStore, root: str) -> None:
        store.put(f"{root}/a.txt", "a long first text")

        store.put(f"{root}/a.txt", "short")

        assert store.get(f"{root}/a.txt") == b"short"

    def test_append_adds_at_the_end(self, store: DataStore, root: str) -> None:
        store.put(f"{root}/a.log", "one,", append=True)

        store.put(f"{root}/a.log", "two", append=True)

        assert store.get(f"{root}/a.log") == b"one,two"

    @pytest.mark.parametrize("verb", ["stat", "open", "listdir", "ls"])
    def test_a_missing_file_is_not_found_by_any_verb(self, store: DataStore, root: str, verb: str) -> None:
        with pytest.raises(MLRunNotFoundError):
            getattr(store, verb)(f"{root}/nowhere")

    def test_exists_says_whether_a_file_or_folder_is_there(self, store: DataStore, root: str) -> None:
        store.put(f"{root}/b/a.txt", "1")

        found = [store.exists(f"{root}/{name}") for name in ("b/a.txt", "b", "c", "b/c.txt")]

        assert found == [True, True, False, False]

    def test_listdir_gives_every_file_below(self, store: DataStore, root: str) -> None:
        for name in ("b.txt", "a.txt", "sub/c.txt", "sub/deep/d.txt"):
            store.put(f"{root}/{name}", "1")

        assert store.listdir(root) == ["a.txt", "b.txt", "sub/c.txt", "sub/deep/d.txt"]

    def test_ls_gives_one_level(self, store: DataStore, root: str) -> None:
        for name in ("b.txt", "a.txt", "sub/c.txt", "sub/deep/d.txt"):
            store.put(f"{root}/{name}", "1")

        assert store.ls(root) == ["a.txt", "b.txt", "sub/"]

    def test_rm_deletes_a_file(self, store: DataStore, root: str) -> None:
        store.put(f"{root}/a.txt", "1")

        store.rm(f"{root}/a.txt")

        assert not store.exists(f"{root}/a.txt")

    def test_rm_of_nothing_is_nothing(self, store: DataStore, root: str) -> None:
        store.rm(f"{root}/nowhere.txt")

        assert not store.exists(f"{root}/nowhere.txt")

    def test_rm_of_a_folder_has_to_be_meant(self, store: DataStore, root: str) -> None:
        store.put(f"{root}/sub/a.txt", "1")

        with pytest.raises(MLRunInvalidArgumentError, match="recursive"):
            store.rm(f"{root}/sub")

        assert store.exists(f"{root}/sub/a.txt")

    def test_rm_recursive_deletes_a_folder_and_no_more(self, store: DataStore, root: str) -> None:
        for name in ("sub/a.txt", "sub/deep/b.txt", "subway.txt"):
            store.put(f"{root}/{name}", "1")

        store.rm(f"{root}/sub", recursive=True)

        assert store.listdir(root) == ["subway.txt"]

    def test_upload_and_download_are_copies(self, store: DataStore, root: str, tmp_path: Path) -> None:
        source, target = tmp_path / "source.bin", tmp_path / "new" / "target.bin"
        source.write_bytes(b"\0\1\2" * 100_000)

        store.upload(f"{root}/up/a.bin", str(source))
        store.download(f"{root}/up/a.bin", str(target))

        assert target.read_bytes() == source.read_bytes()

    def test_an_upload_of_nothing_names_the_file(self, store: DataStore, root: str, tmp_path: Path) -> None:
        with pytest.raises(MLRunNotFoundError, match=r"missing\.bin"):
            store.upload(f"{root}/a.bin", str(tmp_path / "missing.bin"))

        assert not store.exists(f"{root}/a.bin")

    @pytest.mark.parametrize(("mode", "data"), [("b", b"1\r\n2\n"), ("t", "grün\n2\n")])
    def test_an_open_file_writes_and_reads(
        self, store: DataStore, root: str, mode: str, data: bytes | str
    ) -> None:
        with store.open(f"{root}/new/a.txt", f"w{mode}") as file:
            file.write(data)

        with store.open(f"{root}/new/a.txt", f"r{mode}") as file:
            assert file.read() == data

    def test_an_open_file_is_seen_only_when_it_is_closed(self, store: DataStore, root: str) -> None:
        store.put(f"{root}/a.txt", "old")

        with store.open(f"{root}/a.txt", "w") as file:
            file.write("new")
            file.flush()
            during = store.get(f"{root}/a.txt"), store.listdir(root), store.ls(root)

        assert during == (b"old", ["a.txt"], ["a.txt"])
        assert store.get(f"{root}/a.txt") == b"new"

    @pytest.mark.parametrize("mode", ["w", "wb"])
    def test_an_open_file_whose_block_fails_is_not_written(
        self, store: DataStore, root: str, mode: str
    ) -> None:
        store.put(f"{root}/a.txt", "old")

        with pytest.raises(ZeroDivisionError), store.open(f"{root}/a.txt", mode) as file:
            file.write("new" if mode == "w" else b"new")
            raise ZeroDivisionError

        assert store.get(f"{root}/a.txt") == b"old"
        assert store.listdir(root) == ["a.txt"]

    def test_an_open_file_appends(self, store: DataStore, root: str) -> None:
        store.put(f"{root}/a.txt", "one,")

        with store.open(f"{root}/a.txt", "a") as file:
            file.write("two")

        assert store.get(f"{root}/a.txt") == b"one,two"

    def test_names_may_hold_spaces_and_letters_of_any_alphabet(self, store: DataStore, root: str) -> None:
        store.put(f"{root}/ein Blatt/データ.csv", "1")

        assert store.listdir(root) == ["ein Blatt/データ.csv"]
