"""Tables: the dataset kind with its preview, schema and statistics, and the small table kind."""

from __future__ import annotations

import csv
import io
import os
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from mlrun import frames
from mlrun.artifacts.base import Artifact
from mlrun.artifacts.shortcut import Shortcut
from mlrun.artifacts.target import HASH, suffix_of
from mlrun.config import mlconf
from mlrun.datastore import get_dataitem, get_store
from mlrun.errors import MLRunInvalidArgumentTypeError

default_preview_rows_length = 20
max_csv = 10_000  # rows; a longer table is written as parquet, and its statistics are made on demand


class DatasetArtifact(Artifact):
    """
    A data frame in a file, with what can be shown of it without reading the file.

    Args:
        df: A pandas, polars or pyarrow table; or one in pieces, of which only a few are in memory at once: an
            iterator of such tables, a Dask frame, or what gives Arrow's stream, such as a Spark frame or a
            reader of record batches (it can be logged once). None where *src_path* or *target_path* names a
            file.
        preview: Rows that are kept in the record; 20 unless given.
        format: ``csv``, ``parquet`` (``pq``), ``json`` or ``feather``. Else the suffix of the target path, of
            the local path or of the key says it, else ``csv`` under 10 000 rows and ``parquet`` from there.
        stats: Describe each column and count its values in bins; which figures are exact, and how good the
            others are, says :func:`mlrun.frames.stats`. If None: for a table under 10 000 rows whose columns
            all fit into the preview.
        column_metadata: Anything to be said about a column, by its name.
        ignore_preview_limits: Keep every row and column in the record.
        label_column: The column that a model is to predict.

    Example::

        context.log_artifact(DatasetArtifact("iris", df=df, label_column="species"))
    """

    kind = "dataset"
    default_viewer = "table"

    _df: Any = None
    _with_stats: bool | None = None
    _rows = default_preview_rows_length
    _is_unlimited = False

    schema = Shortcut("spec")
    header = Shortcut("spec")
    length = Shortcut("spec")
    label_column = Shortcut("spec")
    column_metadata = Shortcut("spec")
    preview = Shortcut("status")
    stats = Shortcut("status")

    def __init__(
        self,
        key: str | None = None,
        df: Any = None,
        preview: int | None = None,
        format: str = "",
        stats: bool | None = None,
        target_path: str | None = None,
        extra_data: dict[str, Any] | None = None,
        column_metadata: dict[str, Any] | None = None,
        ignore_preview_limits: bool = False,
        label_column: Any = None,
        **kw: Any,
    ) -> None:
        super().__init__(
            key, format=frames.check_format(format) if format else "", target_path=target_path, **kw
        )
        if df is not None and not frames.is_frame(df):
            pieces = frames.as_stream(df)
            if pieces is None:
                raise MLRunInvalidArgumentTypeError(
                    f"dataset {key!r}: a {type(df).__name__} is not a data frame: pandas.DataFrame,"
                    " polars.DataFrame or pyarrow.Table, an iterator of them, or what gives Arrow's stream"
                )
            df = pieces
        self._df = df
        self._with_stats = stats
        self._rows = default_preview_rows_length if preview is None else preview
        self._is_unlimited = ignore_preview_limits
        self.set_fields(
            {"extra_data": extra_data, "column_metadata": column_metadata, "label_column": label_column}
        )

    @property
    def df(self) -> Any:
        """The data frame that was given, or what is stored."""
        is_here = self._df is not None and not isinstance(self._df, frames.Stream)
        return self._df if is_here else self.to_dataitem().as_df()

    @property
    def has_body(self) -> bool:
        return self._df is not None

    def choose_suffix(self, local_path: str) -> str:
        """The suffix of the file, once its format is clear."""
        paths = (self.spec.target_path, local_path, self.metadata.key)
        named = self.spec.format or next(filter(None, map(frames.format_of, paths)), "")
        if not named and self._df is None:
            return super().choose_suffix(local_path)
        self.spec.format = frames.check_format(named or frames.default_format(self._df))
        return "" if frames.format_of(self.metadata.key) == self.spec.format else f".{self.spec.format}"

    def before_log(self) -> None:
        df = self._df
        self.spec.format = self.spec.format or frames.format_of(self.spec.target_path)
        if df is None and (format := frames.format_of(self.spec.src_path)):
            if format == "parquet":
                self._describe_file(frames.file_stream(self.spec.src_path))
                return
            df = frames.read(self.spec.src_path)
        if isinstance(df, frames.Stream):
            self.describe(df.head)
            self.spec.length = None  # known once it is written
        elif df is not None:
            self.describe(df)

    def _describe_file(self, stream: Any) -> None:
        """A Parquet file says how long it is; only its statistics need all of it."""
        self.describe(stream.head, stream.length)
        if self._wants_stats(stream.length):
            self.status.stats = frames.stats(stream)

    def describe(self, df: Any, length: int | None = None) -> None:
        """
        Fill in preview, schema, header and length; the statistics follow when the file is written.

        Args:
            length: The number of rows, where *df* is only the first of them.

        Raises:
            MLRunInvalidArgumentError: The label is no column.
        """
        spec, status = self.spec, self.status
        rows = len(df) if self._is_unlimited else self._rows
        columns = sys.maxsize if self._is_unlimited else int(mlconf.artifacts.datasets.max_preview_columns)
        spec.header, status.preview = frames.preview(df, rows, columns)
        spec.length, spec.schema = len(df) if length is None else length, frames.schema(df)
        names = [field["name"] for field in spec.schema["fields"]]
        status.header_original_length = len(names)
        labels = [self.label_column] if isinstance(self.label_column, str) else self.label_column or []
        frames.check_columns(names, [str(name) for name in labels])
        if self._df is None and length is None and self._wants_stats(len(df)):
            status.stats = frames.stats(df)

    def _wants_stats(self, rows: int | None) -> bool:
        """*rows* is None where only the end of the table will tell."""
        if self._with_stats is not None:
            return self._with_stats
        return (
            rows is not None and rows < max_csv and len(self.spec.schema["fields"]) <= len(self.spec.header)
        )

    def upload(self, artifact_path: str | None = None) -> None:
        self._choose_target(artifact_path)
        if self._df is None:
            self._upload_file(self.spec.src_path, self.spec.target_path)
            return
        target = self.spec.target_path
        store, key = get_store(target, self._secrets)
        if (local := store.local_path(key)) and HASH not in target:
            self._write(local)
            return
        with tempfile.TemporaryDirectory(prefix="mlrun-") as folder:
            self._write(path := os.path.join(folder, "data" + suffix_of(target)))
            get_dataitem(self._named(target), secrets=self._secrets).upload(path)

    def _write(self, path: str) -> None:
        written = frames.write_dataset(
            self._df,
            path,
            self.spec.format,
            with_hash=self._needs_hash,
            with_stats=self._wants_stats(self.spec.length),
        )
        self._measured(written.size, written.hash)
        self.status.stats, self.spec.length = written.stats or {}, written.rows


class TableArtifact(Artifact):
    """
    A small table as a CSV file that the viewer shows as it is.

    Args:
        body: CSV text, or a list of rows.
        df: A data frame, instead of *body*.
        visible: Taken for compatibility; a table is always shown.
        inline: Keep it in the record instead of a file.
        header: Names of the columns, where *body* is a list of rows.

    Example::

        context.log_artifact(TableArtifact("confusion", body=[[50, 2], [1, 47]], header=["yes", "no"]))
    """

    kind = "table"
    suffix = ".csv"
    default_viewer = "table"

    _df: Any = None

    header = Shortcut("spec")
    schema = Shortcut("spec")

    def __init__(
        self,
        key: str | None = None,
        body: Any = None,
        df: Any = None,
        viewer: str | None = None,
        visible: bool = False,
        inline: bool = False,
        format: str | None = None,
        header: Sequence[Any] | None = None,
        schema: Any = None,
        **kw: Any,
    ) -> None:
        super().__init__(key, body, viewer=viewer, is_inline=inline, format=format, **kw)
        self._df = frames.to_pandas(df) if df is not None else None
        self.spec.header = list(
            header or (frames.preview(self._df, 0, sys.maxsize)[0] if df is not None else ())
        )
        self.set_fields({"schema": schema if df is None else schema or frames.schema(self._df)})

    @property
    def has_body(self) -> bool:
        return self._df is not None or self._body is not None

    def get_body(self) -> Any:
        if self._df is not None:
            return frames.to_bytes(self._df, "csv")
        if isinstance(self._body, (list, tuple)):
            return _csv([self.spec.header, *self._body] if self.spec.header else self._body)
        return super().get_body()


def _csv(rows: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
