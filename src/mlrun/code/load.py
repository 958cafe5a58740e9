"""Code made callable: the one way from a file, a text or a function to a module and its handlers."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import importlib.machinery
import importlib.util
import inspect
import linecache
import os
import shlex
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mlrun.backports import signature
from mlrun.code.imports import forget as forget_imported
from mlrun.code.imports import generation, import_from, search_path
from mlrun.code.notebook import Notebook, read_notebook
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, nearest
from mlrun.urls import scheme, without_secrets

_PRIVATE = "mlrun_code_"  # how the names of modules begin that nobody can import
_loaded: dict[str, tuple[int, types.ModuleType]] = {}  # digest of source and place -> generation, module


def read_code(
    url: str, name: str = "", ignored_tags: str | Iterable[str] = (), secrets: Mapping[str, Any] | None = None
) -> Notebook:
    """
    The source at *url*, a path or an address, of a Python file or a notebook.

    Args:
        name: Of the section, of a notebook that has several.
        ignored_tags: Cells of a notebook that are left out, beside those that always are.
        secrets: Credentials for an address.

    Raises:
        MLRunNotFoundError: There is nothing.
        MLRunInvalidArgumentError: It is no text, or no notebook.
    """
    notebook = url.partition("?")[0].endswith(".ipynb")
    if not scheme(url):
        return read_notebook(url, name, ignored_tags) if notebook else Notebook(source=_read(url))
    from mlrun.datastore import get_dataitem

    data = get_dataitem(url, secrets=secrets).get()
    if not notebook:
        return Notebook(source=_decode(data, without_secrets(url)))
    return read_notebook(data, name, ignored_tags)


def load_module(path: str, workdir: str = "", pythonpath: str = "", name: str = "") -> types.ModuleType:
    """
    The module in a Python file or notebook, as ``import`` would give it; a relative path begins in *workdir*.

    A file that has not changed is executed once in a process. The module's name is that of its
    file, where no other module answers to that name: what it defines is then pickled, and found
    again, as with any import. Else the name is private, and cloudpickle stores what the module
    defines by value. Main guards do not run. The file's folder, *workdir* and the folders of
    *pythonpath* (separated as in the environment variable) are on the Python path while it loads;
    see :func:`code_folders` for the time when its functions run.

    Args:
        name: Of the section, of a notebook that has several.

    Raises:
        MLRunNotFoundError: No such file.
        MLRunInvalidArgumentError: It is not Python; the message names file and line.
    """
    path = os.path.abspath(os.path.join(workdir, os.path.expanduser(path)))
    folders = code_folders(path, workdir, pythonpath)
    if path.endswith(".ipynb"):
        return load_source(read_notebook(path, name).source, os.path.basename(path), *folders)
    return _execute(_read(path), path, path, folders)


def load_source(source: str, name: str = "code", *folders: str) -> types.ModuleType:
    """
    A module of the text *source*; else as :func:`load_module`, under a private name.

    Args:
        name: What tracebacks show, beside the lines: usually the file where the text came from.
        folders: To import from while it loads.
    """
    filename = f"<{name} {_digest(source)[:8]}>"
    lines = source.splitlines(keepends=True)
    linecache.cache[filename] = (len(source), None, lines, filename)  # no time: it is never read from disk
    return _execute(source, filename, "", folders)


def function_to_module(
    code: Any = "", workdir: str | None = None, secrets: Mapping[str, Any] | None = None, silent: bool = False
) -> types.ModuleType | None:
    """
    The module with the code of a file, an address or a function.

    Args:
        code: The path or address of a Python file or notebook, or a function object, whose
            embedded code or command is taken.
        workdir: Where relative paths begin, and imports are looked for.
        secrets: Credentials for an address.
        silent: ``None`` for a function without code, not an error.

    Raises:
        MLRunNotFoundError: No such file, or a function without code.
        MLRunInvalidArgumentError: It is not Python; the message names file and line.
    """
    spec = getattr(code, "spec", None)
    workdir = workdir or getattr(spec, "workdir", "") or ""
    pythonpath = getattr(spec, "pythonpath", "") or ""
    if spec is not None and (source := embedded_source(spec)):
        name = spec.build.origin_filename or spec.filename or code.metadata.name
        return load_source(source, os.path.basename(name), *code_folders("", workdir, pythonpath))
    path = _program(spec.command) if spec is not None else str(code)
    if path and scheme(path):
        source = read_code(path, secrets=secrets).source
        return load_source(source, os.path.basename(path), *code_folders("", workdir, pythonpath))
    if path:
        return load_module(path, workdir, pythonpath)
    if silent:
        return None
    if spec is None:
        raise MLRunInvalidArgumentError("function_to_module() needs the path of a code file, or a function")
    raise MLRunNotFoundError(
        f"function {code.metadata.name!r} has no code: neither embedded, nor a file as its command"
    )


def forget(folder: str) -> None:
    """Forget the modules that were loaded from *folder*, which is about to go."""
    start = os.path.abspath(folder) + os.sep
    for digest, (_, module) in [*_loaded.items()]:
        if str(module.__file__).startswith(start):
            del _loaded[digest]
            if sys.modules.get(module.__name__) is module:
                del sys.modules[module.__name__]
    forget_imported(folder)


def private_modules() -> list[types.ModuleType]:
    """The modules of this process that no other one can import, as their code came as a text."""
    return [module for _, module in _loaded.values() if module.__name__.startswith(_PRIVATE)]


def code_folders(path: str = "", workdir: str = "", pythonpath: str = "") -> tuple[str, ...]:
    """Where code imports from, for :func:`mlrun.code.imports.search_path` around its running."""
    own = os.path.dirname(os.path.abspath(os.path.join(workdir, path))) if path else ""
    relative = (os.path.join(workdir, folder) for folder in pythonpath.split(os.pathsep) if folder)
    return tuple(dict.fromkeys(folder for folder in (own, workdir or os.getcwd(), *relative) if folder))


def find_handler(
    module: types.ModuleType | Mapping[str, Any] | None,
    handler: str,
    folders: Iterable[str] = (),
    init_args: Mapping[str, Any] | None = None,
) -> Callable[..., Any]:
    """
    The callable that *handler* names.

    ``func`` is looked up in *module*; ``package.module.func`` there as well, and else imported
    from *folders*; ``Class::method`` is the method of a new instance. A name with a leading
    underscore is given to who asks for it: a door to the network has to refuse it.

    Args:
        module: A module or its namespace; ``None`` where only dotted handlers make sense.
        init_args: For the class of a method.

    Raises:
        MLRunNotFoundError: No such handler; the message lists those that there are.
        MLRunInvalidArgumentError: The name stands for something that can not be called.
    """
    namespace = module if isinstance(module, Mapping) else vars(module) if module else {}
    path, _, method = handler.partition("::")
    found = _lookup(namespace, path, tuple(folders))
    if method:
        return bind_method(found, method, init_args)
    if not callable(found):
        raise MLRunInvalidArgumentError(f"handler {handler!r} is a {type(found).__name__}, not a function")
    return found  # type: ignore[no-any-return]


def bind_method(cls: Any, method: str, init_args: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    """
    *method* of a new ``cls(**init_args)``.

    Raises:
        MLRunNotFoundError: The class has no such method.
        MLRunInvalidArgumentError: It is no class, or takes other arguments.
    """
    if not inspect.isclass(cls):
        raise MLRunInvalidArgumentError(
            f"{getattr(cls, '__name__', cls)!r} is not a class: Class::method needs one"
        )
    if not callable(getattr(cls, method, None)):
        known = [name for name, value in inspect.getmembers(cls, callable) if not name.startswith("_")]
        raise MLRunNotFoundError(
            f"class {cls.__name__} has no method {method!r}: {', '.join(known)}.{nearest(method, known)}"
        )
    arguments = dict(init_args or {})
    try:
        signature(cls).bind(**arguments)
    except TypeError as error:
        raise MLRunInvalidArgumentError(
            f"{cls.__name__}{signature(cls)}, by the parameter '_init_args': {error}"
        ) from error
    except ValueError:  # a built-in class may not tell its signature; then the call itself does
        pass
    return getattr(cls(**arguments), method)  # type: ignore[no-any-return]


def embed(source: str) -> str:
    """*source* as a function carries it, in ``spec.build.functionSourceCode``."""
    return base64.b64encode(source.encode()).decode()


def embedded_source(spec: Any) -> str:
    """
    The source that a function with this *spec* carries; empty for none.

    Raises:
        MLRunInvalidArgumentError: It is not the base64 of UTF-8 text.
    """
    try:
        return base64.b64decode(spec.build.functionSourceCode or "", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise MLRunInvalidArgumentError(
            f"spec.build.functionSourceCode is not base64 of text: {error}"
        ) from error


def handlers_of(namespace: Mapping[str, Any]) -> list[str]:
    """The public functions and classes that a namespace defines itself."""
    own = namespace.get("__name__")
    return [
        name
        for name, value in namespace.items()
        if not name.startswith("_")
        and (inspect.isroutine(value) or inspect.isclass(value))
        and own in (None, getattr(value, "__module__", None))
    ]


def _lookup(namespace: Mapping[str, Any], path: str, folders: tuple[str, ...]) -> Any:
    first, *rest = path.split(".")
    found: Any
    if first in namespace:
        found = namespace[first]
    elif rest:
        *modules, last = first, *rest
        found, rest = import_from(".".join(modules), *folders), [last]
    else:
        raise _unknown(path, handlers_of(namespace))
    for name in rest:
        if not hasattr(found, name):
            raise _unknown(path, [f"{path.rpartition('.')[0]}.{known}" for known in handlers_of(vars(found))])
        found = getattr(found, name)
    return found


def _unknown(path: str, known: list[str]) -> MLRunNotFoundError:
    listed = (
        f"the code has {', '.join(known)}.{nearest(path, known)}" if known else "the code has no functions"
    )
    return MLRunNotFoundError(f"no handler {path!r}: {listed}")


def _program(command: str) -> str:
    """The file of a command line."""
    words = shlex.split(command) if command else []
    return words[0] if words else ""


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return _decode(file.read(), path)
    except FileNotFoundError:
        near = nearest(os.path.basename(path), _files_beside(path))
        raise MLRunNotFoundError(f"no file {path!r} (working folder {os.getcwd()}).{near}") from None
    except IsADirectoryError:
        raise MLRunInvalidArgumentError(
            f"{path!r} is a folder; name a Python file or notebook in it"
        ) from None


def _files_beside(path: str) -> list[str]:
    with contextlib.suppress(OSError):
        return os.listdir(os.path.dirname(path) or ".")
    return []


def _decode(data: bytes, where: str) -> str:
    """Python source in the encoding that it declares, as PEP 263 says."""
    try:
        return importlib.util.decode_source(data)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise MLRunInvalidArgumentError(f"{where} is not Python source: {error}") from error


def _digest(*parts: str) -> str:
    return hashlib.sha1("\0".join(parts).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def _execute(source: str, filename: str, path: str, folders: tuple[str, ...]) -> types.ModuleType:
    """The module of *source*, from *path* if there is one; executed unless this process has it already."""
    digest = _digest(source, filename, *folders)
    with search_path(*folders):
        known, module = _loaded.get(digest, (-1, None))
        if module is not None and known == generation():
            return module
        code = _compile(source, filename)
        name = _module_name(path, digest, {os.path.abspath(folder) for folder in folders})
        module = _new_module(name, path or filename)
        with _registered(module):
            exec(code, vars(module))
    if name.startswith(_PRIVATE):
        import cloudpickle

        cloudpickle.register_pickle_by_value(module)
    _loaded[digest] = generation(), module
    return module


def _new_module(name: str, file: str) -> types.ModuleType:
    """With a loader, as one that was imported; Python warns from 3.15 on where a traceback meets none."""
    loader = importlib.machinery.SourceFileLoader(name, file)
    module = types.ModuleType(name)
    module.__file__, module.__loader__ = file, loader
    module.__spec__ = importlib.machinery.ModuleSpec(name, loader, origin=file)
    return module


def _compile(source: str, filename: str) -> types.CodeType:
    try:
        return compile(source, filename, "exec", dont_inherit=True)
    except SyntaxError as error:
        text = f": {error.text.strip()!r}" if error.text else ""
        raise MLRunInvalidArgumentError(f"{filename}:{error.lineno}: {error.msg}{text}") from error
    except ValueError as error:  # a NUL
        raise MLRunInvalidArgumentError(f"{filename}: {error}") from error


@contextlib.contextmanager
def _registered(module: types.ModuleType) -> Iterator[None]:
    """In ``sys.modules``, as dataclasses and pickle need it; taken out again if its code fails."""
    sys.modules[module.__name__] = module
    try:
        yield
    except BaseException:
        sys.modules.pop(module.__name__, None)
        raise


def _module_name(path: str, digest: str, folders: Iterable[str]) -> str:
    """The stem of *path* where no other module has that name, else a private one."""
    stem, extension = os.path.splitext(os.path.basename(path))
    private = f"{_PRIVATE}{digest[:12]}"
    if extension != ".py" or not stem.isidentifier():
        return private
    if stem in sys.modules:
        ours = any(module is sys.modules[stem] for _, module in _loaded.values())
        return stem if ours and sys.modules[stem].__file__ == path else private
    if stem in sys.builtin_module_names:  # which is in no folder
        return private
    others = [place for place in sys.path if os.path.abspath(place) not in folders]
    return private if importlib.machinery.PathFinder.find_spec(stem, others) else stem
