"""The part of a function object that changes it: code, environment, labels; its methods chain."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlrun.code import load, notebook, signature
from mlrun.config import mlconf
from mlrun.env_file import read_env_file
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.model.function import FunctionMetadata, FunctionSpec
from mlrun.runtimes.sources import refuse_both

if TYPE_CHECKING:
    from typing_extensions import Self


class Editing:
    """A base of :class:`mlrun.runtimes.base.BaseRuntime`; it has no life of its own."""

    metadata: FunctionMetadata
    spec: FunctionSpec

    def with_code(self, from_file: str = "", body: str | None = None, with_doc: bool = True) -> Self:
        """
        Embed code: the function carries it wherever it runs.

        Args:
            from_file: A Python file or notebook, at a path or any data URL.
            body: The code itself.
            with_doc: Describe its functions in ``spec.entry_points``.

        Raises:
            MLRunInvalidArgumentError: Both are given, or neither; or it is not Python; or the function loads
                its code from a source.
        """
        if bool(from_file) == (body is not None):
            raise MLRunInvalidArgumentError("with_code() needs either from_file= or body=, and not both")
        refuse_both("embedded", self.spec.build.source if self.spec.build.load_source_on_run else "")
        tags = str(mlconf.ignored_notebook_tags)
        code = (
            load.read_code(from_file, ignored_tags=tags) if body is None else notebook.Notebook(source=body)
        )
        source = code.source
        points = signature.entry_points(source, from_file or "body") if with_doc else {}
        code.set_on(self.spec)
        self.spec.build.functionSourceCode = load.embed(source)
        if from_file:
            self.spec.build.origin_filename = str(from_file)
        if with_doc:
            self.spec.entry_points = {name: point.to_dict() for name, point in points.items()}
        return self

    def doc(self) -> None:
        """Print what the function is, and what its handlers take."""
        spec = self.spec
        print(f"function: {self.metadata.name}\n{spec.description}".rstrip())
        if spec.default_handler:
            print(f"default handler: {spec.default_handler}")
        if spec.entry_points:
            print("entry points:")
        for name, point in spec.entry_points.items():
            print(f"  {name}: {point.get('doc', '')}".rstrip())
            if parameters := point.get("parameters"):
                print("    inputs:")
            for parameter in parameters or ():
                print(f"      {_describe(parameter)}")
            for output in point.get("outputs") or ():
                print(f"    output: {_describe(output)}")

    def set_env(self, name: str, value: Any = None, value_from: Any = None) -> Self:
        """Set an environment variable for the time of each run; it replaces one of that name."""
        entry = (
            {"name": name, "value": str(value)}
            if value_from is None
            else {"name": name, "valueFrom": value_from}
        )
        if value is None and value_from is None:
            raise MLRunInvalidArgumentError(f"set_env({name!r}) needs a value, or value_from=")
        self.spec.env = [item for item in self.spec.env if _name(item) != name] + [entry]
        return self

    def set_envs(self, env_vars: dict[str, Any] | None = None, file_path: str | None = None) -> Self:
        """
        Set several environment variables, from a dictionary or a file of ``KEY=value`` lines.

        Raises:
            MLRunInvalidArgumentError: Both are given, or neither.
        """
        if (env_vars is None) == (file_path is None):
            raise MLRunInvalidArgumentError(
                "set_envs() needs either a dictionary or file_path=, and not both"
            )
        pairs = read_env_file(file_path) if file_path is not None else env_vars or {}
        for name, value in pairs.items():
            self.set_env(name, value)
        return self

    def get_env(self, name: str, default: Any = None) -> Any:
        """The value (or where it comes from) of a variable that :meth:`set_env` has set."""
        for item in self.spec.env:
            if _name(item) == name:
                return item.get("value", item.get("valueFrom"))
        return default

    def is_env_exists(self, name: str) -> bool:
        return any(_name(item) == name for item in self.spec.env)

    def set_label(self, key: str, value: Any) -> Self:
        self.metadata.labels[key] = str(value)
        return self

    def set_categories(self, categories: list[str]) -> Self:
        self.metadata.categories = list(categories)
        return self

    def with_annotations(self, annotations: dict[str, Any]) -> Self:
        self.metadata.annotations.update(annotations)
        return self

    def apply(self, modifier: Callable[[Any], Any]) -> Self:
        """
        Let *modifier* change the function (``fn.apply(mount_x())``), and give the function back.

        Raises:
            MLRunInvalidArgumentTypeError: *modifier* can not be called.
        """
        if not callable(modifier):
            raise MLRunInvalidArgumentTypeError(f"apply() needs a callable, not {modifier!r}")
        modifier(self)
        return self


def _name(item: Any) -> str:
    return str(item.get("name", "") if isinstance(item, dict) else item.name)


def _describe(parameter: dict[str, Any]) -> str:
    kind = f"({parameter['type']})" if parameter.get("type") else ""
    default = "required" if parameter.get("required") else ""
    if parameter.get("default") is not None:
        default = f"default {parameter['default']!r}"
    said = "; ".join(filter(None, [str(parameter.get("doc", "")).rstrip("."), default]))
    return " ".join(filter(None, [parameter.get("name", ""), kind, said]))
