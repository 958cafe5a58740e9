"""The facade: functions, tasks and contexts by the names that users know."""

from __future__ import annotations

from mlrun.code.load import function_to_module as function_to_module
from mlrun.datastore import download_object as download_object
from mlrun.datastore import get_dataitem as get_dataitem
from mlrun.datastore import get_object as get_object
from mlrun.execution.context import MLClientCtx as MLClientCtx
from mlrun.execution.run_object import RunObject as RunObject
from mlrun.execution.run_object import wait_for_runs_completion as wait_for_runs_completion
from mlrun.model.task import NewTask as NewTask
from mlrun.model.task import RunTemplate as RunTemplate
from mlrun.model.task import new_task as new_task
from mlrun.run.contexts import get_or_create_ctx as get_or_create_ctx
from mlrun.run.functions import code_to_function as code_to_function
from mlrun.run.functions import new_function as new_function
from mlrun.run.imports import import_function as import_function
from mlrun.run.imports import import_function_to_dict as import_function_to_dict
from mlrun.run.local import run_local as run_local
