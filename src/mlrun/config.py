"""
The values of the settings: ``mlconf.artifact_path``; what may be set stands in :mod:`mlrun.settings`.

Later wins: defaults, the YAML file that ``MLRUN_CONFIG_FILE`` names, the env file (``~/.mlrun.env``),
environment variables, assignments. Nothing is read before the first value is asked for.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mlrun.env_file import read_env_file as read_env_file
from mlrun.env_file import read_text
from mlrun.env_file import write_env_file as write_env_file
from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.settings import BOOLS, SETTINGS, Setting, check, parse, table, text_of


class Value(NamedTuple):
    """A setting as it stands now; the value of a secret is stars."""

    setting: Setting
    value: Any
    source: str  # default | file | env | set


_SECTIONS = frozenset(name[:at] for name in SETTINGS for at, sign in enumerate(name) if sign == ".")
# Beginnings of variables that speak to this package but are not settings.
_NOT_SETTINGS = (
    "MLRUN_CONFIG_FILE",
    "MLRUN_DEFAULT_ENV_FILE",
    "MLRUN_ENV_FILE",
    "MLRUN_EXEC_",
    "MLRUN_IGNORE_ENV_FILE",
    "MLRUN_K8S_SECRET__",
    "MLRUN_META_TMPFILE",
    "MLRUN_PVC_MOUNT",
    "MLRUN_TEST_",
)


class Section:
    """The settings that share the beginning of their names, as attributes."""

    def __init__(self, root: Config, prefix: str) -> None:
        object.__setattr__(self, "_root", root)
        object.__setattr__(self, "_prefix", prefix)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copy, pickle and IPython ask for these
            raise AttributeError(name)
        return self._root.get(self._prefix + name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._root.set(self._prefix + name, value)

    def __dir__(self) -> list[str]:
        inner = {name.removeprefix(self._prefix) for name in SETTINGS if name.startswith(self._prefix)}
        return sorted({*object.__dir__(self), *(name.partition(".")[0] for name in inner)})

    def to_dict(self) -> dict[str, Any]:
        """The values by name, nested; secrets are stars."""
        nested: dict[str, Any] = {}
        for setting, value, _ in self._root.settings():
            if setting.name.startswith(self._prefix):
                *folders, leaf = setting.name.removeprefix(self._prefix).split(".")
                place = nested
                for folder in folders:
                    place = place.setdefault(folder, {})
                place[leaf] = value
        return nested

    def dump_yaml(self) -> str:
        """The values as YAML that ``MLRUN_CONFIG_FILE`` may name; secrets are stars."""
        import yaml

        return yaml.safe_dump(self.to_dict(), sort_keys=False)

    def __repr__(self) -> str:
        return f"<settings {self._prefix}* {self.to_dict()}>"


class Config(Section):
    """
    Every setting by its dotted name: ``mlconf.httpdb.port``; assigning checks name and type.

    One instance, :data:`mlconf`, serves the process; threads share it, and see each other's assignments.
    """

    _values: dict[str, tuple[Any, str]] | None  # value and source; None until first asked for
    _lock: threading.Lock

    def __init__(self) -> None:
        super().__init__(self, "")
        lock = threading.Lock()
        object.__setattr__(self, "_lock", lock)
        os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)
        self.reload()

    def reload(self, assigned: Mapping[str, Any] | None = None) -> None:
        """
        Read files and environment again, when the next value is asked for.

        Args:
            assigned: Assignments that hold on, by name; the others are forgotten.
        """
        object.__setattr__(self, "_values", None)
        for name, value in (assigned or {}).items():
            self.set(name, value)

    def assigned(self) -> dict[str, Any]:
        """The values that were assigned in this process, by name."""
        return {name: value for name, (value, source) in (self._values or {}).items() if source == "set"}

    def get(self, name: str) -> Any:
        """
        The value of the setting *name*, or the section of that name.

        Raises:
            AttributeError: No such setting; the message has the nearest right one.
            MLRunInvalidArgumentError: A file or a variable holds a value that a setting can not take.
        """
        if name in _SECTIONS:
            return Section(self, name + ".")
        return self._known(name)[name][0]

    def set(self, name: str, value: Any) -> None:
        """
        Raises:
            AttributeError: No such setting; the message has the nearest right one.
            MLRunInvalidArgumentError: *value* is not of its type.
        """
        if name in _SECTIONS:
            inner = ", ".join(known for known in SETTINGS if known.startswith(name + "."))
            raise AttributeError(f"{name!r} is not one setting but several: {inner}")
        values = self._known(name)
        values[name] = (check(SETTINGS[name], value, name), "set")

    @property
    def current_project(self) -> str:
        """Of what names no project: the active one, else the default one."""
        return self.get("active_project") or str(self.get("default_project"))

    def settings(self) -> Iterator[Value]:
        """Each setting with its current value and where that came from; secrets are stars."""
        values = self._load()
        for name, setting in SETTINGS.items():
            value, source = values[name]
            yield Value(setting, _shown(setting, value), source)

    def secrets(self) -> Iterator[str]:
        """What is secret among the values: a token, a password, also as a part of an address."""
        values = self._load()
        yield from (str(values[name][0]) for name in _SECRET if values[name][0])
        for name in _ADDRESSES:
            if "@" in (address := str(values[name][0])):
                from mlrun.urls import passwords_in

                yield from passwords_in(address)

    def as_env(self) -> dict[str, str]:
        """What was assigned in this process, as variables for a child process that shall have it too."""
        return {SETTINGS[name].env: text_of(value) for name, value in self.assigned().items()}

    @contextlib.contextmanager
    def override(self, **settings: Any) -> Iterator[None]:
        """Other values inside the block: ``override(log_level="DEBUG", artifacts__calculate_hash=False)``."""
        before = dict(self._load())
        try:
            for name, value in settings.items():
                self.set(name.replace("__", "."), value)
            yield
        finally:
            object.__setattr__(self, "_values", before)

    def _known(self, name: str) -> dict[str, tuple[Any, str]]:
        if name not in SETTINGS:
            near = nearest(name, [*SETTINGS, *_SECTIONS])
            raise AttributeError(f"{name!r} is not a setting.{near or ' See mlconf.settings().'}")
        return self._load()

    def _load(self) -> dict[str, tuple[Any, str]]:
        if (values := self._values) is not None:
            return values
        unknown: list[str] = []
        with self._lock:
            if (values := self._values) is None:
                values, unknown = _read_sources()
                object.__setattr__(self, "_values", values)
        for warning in unknown:
            from mlrun.log import logger  # which asks for its level here

            logger.warning(warning)
        return values


_SECRET = [setting.name for setting in SETTINGS.values() if setting.secret]
_ADDRESSES = ["dbpath", "cluster.dbpath", "httpdb.dsn"]


def _shown(setting: Setting, value: Any) -> Any:
    """*value* for people: no secret, and no password in an address."""
    if setting.secret and value:
        return "***"
    if isinstance(value, str) and "@" in value:
        from mlrun.urls import without_secrets

        return without_secrets(value)
    return value


def _read_sources() -> tuple[dict[str, tuple[Any, str]], list[str]]:
    """Every value with its source, and a warning for each variable that is nearly a setting."""
    values = {s.name: (check(s, s.default, s.name), "default") for s in SETTINGS.values()}
    wrong: list[str] = []
    for name, value, where in _from_yaml():
        _take(values, wrong, name, value, "file", where)
    path, variables = _env_file()
    for variable, text in variables.items():
        if name := _setting_name(variable):
            _take(values, wrong, name, parse(SETTINGS[name], text), "file", f"{variable} in {path}")
        else:  # the rest of the file (credentials of a store, say) is for the libraries that look there
            os.environ.setdefault(variable, text)
    # MLRUN_httpdb__port is heard too; where both are there, the capital one wins
    for variable in sorted((v for v in os.environ if v[:6].upper() == "MLRUN_"), key=str.isupper):
        if name := _setting_name(variable):
            _take(values, wrong, name, parse(SETTINGS[name], os.environ[variable]), "env", variable)
    if wrong:
        raise MLRunInvalidArgumentError("; ".join(wrong))
    return values, _misspelled([*variables, *os.environ])


def _take(
    values: dict[str, tuple[Any, str]], wrong: list[str], name: str, value: Any, source: str, where: str
) -> None:
    try:
        values[name] = (check(SETTINGS[name], value, where), source)
    except MLRunInvalidArgumentError as error:
        wrong.append(str(error))


def _from_yaml() -> Iterator[tuple[str, Any, str]]:
    """Name, value and place of each setting in the file that MLRUN_CONFIG_FILE names."""
    if not (path := os.environ.get("MLRUN_CONFIG_FILE", "")):
        return
    import yaml  # 15 ms, and most processes name no file

    try:
        data = yaml.safe_load(read_text(path, "MLRUN_CONFIG_FILE")) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)  # the error's text has the line itself: a secret, perhaps
        place = f" line {mark.line + 1}" if mark else ""
        raise MLRunInvalidArgumentError(f"{path}{place}: {getattr(error, 'problem', 'not YAML')}") from None
    if not isinstance(data, dict):
        raise MLRunInvalidArgumentError(f"{path} holds a {type(data).__name__}; settings are a mapping")
    for name, value in _flat(data):
        if name not in SETTINGS:
            raise MLRunInvalidArgumentError(f"{path}: {name!r} is not a setting.{nearest(name, SETTINGS)}")
        yield name, value, f"{name} in {path}"


def _flat(data: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and f"{prefix}{key}" not in SETTINGS:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _env_file() -> tuple[str, dict[str, str]]:
    """The env file that holds now, and its variables; a default one need not exist."""
    if BOOLS.get(os.environ.get("MLRUN_IGNORE_ENV_FILE", "").lower()):
        return "", {}
    if named := os.environ.get("MLRUN_ENV_FILE"):
        return named, read_env_file(named)
    path = default_env_file()
    return path, read_env_file(path) if os.path.isfile(path) else {}


def default_env_file() -> str:
    """``MLRUN_DEFAULT_ENV_FILE``, else ``~/.mlrun.env``."""
    return os.path.expanduser(os.environ.get("MLRUN_DEFAULT_ENV_FILE") or "~/.mlrun.env")


def _setting_name(variable: str) -> str:
    """The setting that an environment variable holds; empty for none."""
    name = variable[6:].lower().replace("__", ".")
    return name if variable[:6].upper() == "MLRUN_" and name in SETTINGS else ""


def _misspelled(variables: list[str]) -> list[str]:
    """A sentence for each variable that is no setting but nearly one."""
    strange = {v for v in variables if v[:6].upper() == "MLRUN_" and not _setting_name(v)}
    near = {v: _near_variable(v) for v in sorted(strange) if not v.upper().startswith(_NOT_SETTINGS)}
    return [f"{v} is not a setting. Did you mean {right}?" for v, right in near.items() if right]


def _near_variable(variable: str) -> str:
    """The variable of a setting that *variable* is a misspelling of; empty for none."""
    words = variable[6:].upper().split("__")
    for setting in SETTINGS.values():
        others = setting.env[6:].split("__")
        if "".join(words).replace("_", "") == "".join(others).replace("_", ""):
            return setting.env
        # word by word: a long common beginning would make any two names alike
        if len(words) == len(others) and all(map(_is_slip, words, others)):
            return setting.env
    return ""


def _is_slip(word: str, right: str) -> bool:
    """Whether at most one letter is wrong, missing, too many or in the wrong place."""
    import difflib

    blocks = difflib.SequenceMatcher(None, word, right).get_matching_blocks()
    return len(word) + len(right) - 2 * sum(block.size for block in blocks) <= 2


mlconf = Config()
config = mlconf


def set_env_from_file(env_file: str, return_dict: bool = False) -> dict[str, str] | None:
    """
    Put the variables of *env_file* into this process's environment; settings among them hold at once.

    Args:
        env_file: Path of ``NAME=value`` lines.
        return_dict: Give the variables back, too.

    Raises:
        MLRunNotFoundError: No such file.
        MLRunInvalidArgumentError: A line is not of that form, or a setting can not take its value;
            nothing has changed.
    """
    variables = read_env_file(env_file)
    named = {name: variable for variable in variables if (name := _setting_name(variable))}
    for name, variable in named.items():
        check(SETTINGS[name], parse(SETTINGS[name], variables[variable]), f"{variable} in {env_file}")
    os.environ.update(variables)
    mlconf.reload({name: value for name, value in mlconf.assigned().items() if name not in named})
    return variables if return_dict else None


def set_environment(
    api_path: str | None = None,
    artifact_path: str = "",
    access_key: str | None = None,
    username: str | None = None,
    env_file: str | None = None,
    mock_functions: str | None = None,
    project: str = "",
) -> tuple[str, str]:
    """
    Choose database, artifact path and project for this process.

    Args:
        api_path: What ``dbpath`` takes; the database is opened when it is first needed.
        artifact_path: A folder (made absolute) or URL.
        access_key, username: For a V3IO data layer.
        env_file: Read first, see :func:`set_env_from_file`.
        mock_functions: Taken for compatibility; there is nothing that would have to be mocked.
        project: Becomes the active project.

    Returns:
        The active project, and the artifact path.
    """
    if env_file:
        set_env_from_file(env_file)
    for variable, value in {"V3IO_ACCESS_KEY": access_key, "V3IO_USERNAME": username}.items():
        if value:
            os.environ[variable] = value
    if api_path:
        mlconf.dbpath = api_path
    if artifact_path:
        stays = "://" in artifact_path or artifact_path.startswith("{{")
        mlconf.artifact_path = artifact_path if stays else os.path.abspath(os.path.expanduser(artifact_path))
    if project:
        mlconf.active_project = project
    return mlconf.current_project, mlconf.artifact_path


if __name__ == "__main__":
    print(table())
