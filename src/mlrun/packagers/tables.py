"""Data frames and series of pandas, polars and pyarrow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlrun import frames
from mlrun.frames import formats
from mlrun.packagers.base import DefaultPackager
from mlrun.packagers.pickles import check_trusted, digest

if TYPE_CHECKING:
    from mlrun.artifacts import Artifact
    from mlrun.datastore import DataItem


class FramePackager(DefaultPackager):
    """A table: a dataset, or a file of any format that pandas writes."""

    PRIORITY = 5
    PACK_SUBCLASSES = True
    PACKABLE_OBJECT_TYPE = "pandas.DataFrame"
    DEFAULT_PACKING_ARTIFACT_TYPE = "dataset"
    DEFAULT_UNPACKING_ARTIFACT_TYPE = "file"

    def pack_dataset(
        self,
        obj: Any,
        key: str,
        file_format: str = "",
        preview: int | None = None,
        stats: bool | None = None,
        label_column: Any = None,
    ) -> tuple[Artifact, dict[str, Any]]:
        from mlrun.artifacts import DatasetArtifact

        format = frames.check_format(file_format or frames.default_format(obj))
        how = {"file_format": format, **self._index(obj, format)}
        artifact = DatasetArtifact(
            key, obj, format=format, preview=preview, stats=stats, label_column=label_column
        )
        return artifact, how

    def unpack_dataset(self, data_item: DataItem, **how: Any) -> Any:
        return self.unpack_file(data_item, **how)

    def pack_file(self, obj: Any, key: str, file_format: str = "parquet") -> tuple[Artifact, dict[str, Any]]:
        from mlrun.artifacts import Artifact

        format = formats.check_file_format(file_format)
        path = self.temporary_path(f"{key}.{format}")
        how = formats.write_file(obj, path, format)
        if format == "h5":  # whose columns of objects are pickles
            how["sha256"] = digest(Path(path).read_bytes())
        return Artifact(key, src_path=path, format=format), how

    def unpack_file(self, data_item: DataItem, **how: Any) -> Any:
        format = how.get("file_format") or formats.file_format_of(data_item.url.partition("?")[0])
        if not how.get("index") and (not format or format in frames.FORMATS):
            return data_item.as_df(format=format or "")  # which knows folders, and stores that keep tables
        if format == "h5":
            check_trusted(data_item, data_item.get(), how)
        return formats.read_file(data_item.local(), {**how, "file_format": format})

    def _index(self, frame: Any, format: str) -> dict[str, Any]:
        """A dataset of text keeps the index as columns."""
        if format == "parquet" or not frames.keeps_index(frame):
            return {}
        return {"index": list(frame.index.names)}


class PolarsFramePackager(FramePackager):
    PACKABLE_OBJECT_TYPE = "polars.DataFrame"

    def unpack_file(self, data_item: DataItem, **how: Any) -> Any:
        format = how.get("file_format") or ""
        if not format or format in ("csv", "parquet"):
            return data_item.as_df(df_module=frames.table.library("polars"), format=format)
        return frames.table.library("polars").from_pandas(super().unpack_file(data_item, **how))

    def _index(self, frame: Any, format: str) -> dict[str, Any]:
        return {}


class ArrowTablePackager(PolarsFramePackager):
    PACKABLE_OBJECT_TYPE = "pyarrow.Table"

    def unpack_file(self, data_item: DataItem, **how: Any) -> Any:
        frame = FramePackager.unpack_file(self, data_item, **how)
        return frames.table.library("pyarrow").Table.from_pandas(frame)


class SeriesPackager(DefaultPackager):
    """A column with its index and name: a file, or a dataset of one column."""

    PRIORITY = 5
    PACK_SUBCLASSES = True
    PACKABLE_OBJECT_TYPE = "pandas.Series"
    DEFAULT_PACKING_ARTIFACT_TYPE = "file"
    DEFAULT_UNPACKING_ARTIFACT_TYPE = "file"

    def pack_file(self, obj: Any, key: str, file_format: str = "parquet") -> tuple[Artifact, dict[str, Any]]:
        artifact, how = _TABLES.pack_file(_as_frame(obj), key, file_format)
        return artifact, {**how, "name": obj.name}

    def unpack_file(self, data_item: DataItem, **how: Any) -> Any:
        has_name, name = "name" in how, how.pop("name", None)
        frame = _TABLES.unpack_file(data_item, **how)
        series = frame.iloc[:, 0] if frame.shape[1] == 1 else frame.squeeze()
        return series.rename(name) if has_name else series

    def pack_dataset(self, obj: Any, key: str, file_format: str = "") -> tuple[Artifact, dict[str, Any]]:
        artifact, how = _TABLES.pack_dataset(_as_frame(obj), key, file_format)
        return artifact, {**how, "name": obj.name}

    unpack_dataset = unpack_file


class PolarsSeriesPackager(DefaultPackager):
    PRIORITY = 5
    PACK_SUBCLASSES = True
    PACKABLE_OBJECT_TYPE = "polars.Series"
    DEFAULT_PACKING_ARTIFACT_TYPE = "file"
    DEFAULT_UNPACKING_ARTIFACT_TYPE = "file"

    def pack_file(self, obj: Any, key: str, file_format: str = "parquet") -> tuple[Artifact, dict[str, Any]]:
        return _POLARS_TABLES.pack_file(obj.to_frame(), key, file_format)

    def unpack_file(self, data_item: DataItem, **how: Any) -> Any:
        return _POLARS_TABLES.unpack_file(data_item, **how).to_series()


def _as_frame(series: Any) -> Any:
    """A column needs a text as its name; the series' own is in the instructions."""
    return series.to_frame(str(series.name) if series.name is not None else "value")


_TABLES, _POLARS_TABLES = FramePackager(), PolarsFramePackager()
