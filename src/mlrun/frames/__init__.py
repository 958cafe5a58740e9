"""Data frames to files and rows, and back; the only room that imports pandas, pyarrow and polars."""

from __future__ import annotations

from mlrun.frames.conditions import check_columns as check_columns
from mlrun.frames.reader import read as read
from mlrun.frames.stream import Stream as Stream
from mlrun.frames.stream import as_stream as as_stream
from mlrun.frames.stream import file_stream as file_stream
from mlrun.frames.summary import preview as preview
from mlrun.frames.summary import schema as schema
from mlrun.frames.summary import stats as stats
from mlrun.frames.table import FORMATS as FORMATS
from mlrun.frames.table import check_format as check_format
from mlrun.frames.table import default_format as default_format
from mlrun.frames.table import format_of as format_of
from mlrun.frames.table import is_frame as is_frame
from mlrun.frames.table import keeps_index as keeps_index
from mlrun.frames.table import to_frame as to_frame
from mlrun.frames.table import to_json as to_json
from mlrun.frames.table import to_pandas as to_pandas
from mlrun.frames.writer import Written as Written
from mlrun.frames.writer import to_bytes as to_bytes
from mlrun.frames.writer import write as write
from mlrun.frames.writer import write_dataset as write_dataset
