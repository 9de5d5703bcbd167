"""Digest of a Python object by its content: its values, and the code of the user's classes and functions in it.

Objects with equal content have the same digest in every process of one Python version. File names, line numbers and
comments of code do not count. Code of installed libraries counts by its name only.
"""

import hashlib
import inspect
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

_DIGITS = 12
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_WRAPPERS = (property, staticmethod, classmethod, MethodType)
_WRAPPED = ("fget", "fset", "__self__", "__func__")


def content_digest(value: object) -> str:
    """The digest as 12 hexadecimal digits."""
    return _Content().of(value).hex()[:_DIGITS]


class _Content:
    """Digests the parts of one object. A reference back to a containing object counts by its depth."""

    def __init__(self) -> None:
        self._within: dict[int, int] = {}  # containing objects, by id, with their depths
        self._done: dict[int, tuple[object, bytes]] = {}  # the object is kept, so that its id is not reused

    def of(self, value: Any) -> bytes:
        if value is None or isinstance(value, bool | int | float | complex | str | bytes):
            return _hash(type(value).__name__, repr(value))
        if id(value) in self._within:
            return _hash("within", str(self._within[id(value)]))
        if id(value) not in self._done:
            self._within[id(value)] = len(self._within)
            self._done[id(value)] = value, self._of_object(value)
            del self._within[id(value)]
        return self._done[id(value)][1]

    def _of_object(self, value: Any) -> bytes:
        return self._of_values(value) or self._of_code(value) or _table(value) or self._instance(value)

    def _of_values(self, value: Any) -> bytes | None:
        kind = type(value).__qualname__
        match value:
            case PurePath() | bytearray():
                return _hash(kind, str(value))
            case list() | tuple():
                return _hash(kind, *map(self.of, value))
            case set() | frozenset():
                return _hash(kind, *sorted(_Content().of(each) for each in value))
            case Mapping():
                return _hash(kind, *self._pairs(value.items()))
        return None

    def _of_code(self, value: Any) -> bytes | None:
        match value:
            case ModuleType() | BuiltinFunctionType():
                return _hash(str(type(value)), str(value.__name__))
            case CodeType():
                return self._code(value)
            case FunctionType():
                return self._function(value)
            case type():
                return self._class(value)
        if not isinstance(value, _WRAPPERS):
            return None
        return _hash(str(type(value)), *(self.of(getattr(value, name, None)) for name in _WRAPPED))

    def _pairs(self, items: Iterable[tuple[Any, Any]]) -> list[bytes]:
        """Digests of the items, in an order that is the same in every process."""
        keyed = sorted(((_Content().of(key), value) for key, value in items), key=lambda item: item[0])
        return [_hash("item", key, self.of(value)) for key, value in keyed]

    def _code(self, code: CodeType) -> bytes:
        names = (*code.co_names, "|", *code.co_varnames, "|", *code.co_freevars)
        return _hash("code", code.co_code, *names, *map(self.of, code.co_consts))

    def _function(self, function: FunctionType) -> bytes:
        """Digest of the code and of the values that it reads from outside, which are pickled with it."""
        if _is_library(function):
            return _hash("function", function.__module__ or "", function.__qualname__)
        known = function.__globals__
        outside = [(name, known[name]) for name in sorted(_names(function.__code__)) if name in known]
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
        captured = [(name, _held(cell)) for name, cell in cells]
        defaults = (function.__defaults__, function.__kwdefaults__)
        return _hash("function", self.of(function.__code__), self.of(defaults), *self._pairs([*outside, *captured]))

    def _class(self, cls: type) -> bytes:
        if cls.__module__ == "builtins" or _is_library(cls):
            return _hash("class", cls.__module__, cls.__qualname__)
        own = {name: each for name, each in vars(cls).items() if not _is_pythons(name, each)}
        return _hash("class", cls.__qualname__, *map(self.of, cls.__bases__), *self._pairs(own.items()))

    def _instance(self, value: Any) -> bytes:
        """Digest of the state that pickle stores; of the class alone if pickle cannot store the object."""
        own = self.of(type(value))
        try:
            reduced = value.__reduce_ex__(4)
        except (TypeError, AttributeError):
            return _hash("instance", own)
        if isinstance(reduced, str):
            return _hash("instance", own, reduced)
        make, arguments, *rest = reduced
        parts = (each if index == 0 else list(each or ()) for index, each in enumerate(rest[:3]))
        return _hash("instance", own, self.of(make), self.of(arguments), *map(self.of, parts))


def _names(code: CodeType) -> set[str]:
    """The names that the code and its inner functions read."""
    inner = [_names(each) for each in code.co_consts if isinstance(each, CodeType)]
    return set(code.co_names).union(*inner)


def _held(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # the cell is empty
        return None


def _hash(*parts: str | bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.digest()


def _table(value: Any) -> bytes | None:
    """Digest of a NumPy array or a pandas table. Neither library is imported for it."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic):
        array = numpy.ascontiguousarray(value)
        if not array.dtype.hasobject:
            return _hash("array", str(array.dtype), str(value.shape), array.tobytes())
        return _hash("array", str(value.shape), *(_Content().of(each) for each in array.ravel().tolist()))
    if pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series | pandas.Index):
        frame = isinstance(value, pandas.DataFrame)
        names = map(str, value.columns if frame else [value.name])
        kinds = value.dtypes if frame else [value.dtype]
        try:
            rows = pandas.util.hash_pandas_object(value).to_numpy().tobytes()
        except TypeError:  # its cells are objects that pandas cannot hash
            rows = _Content().of(value.to_numpy().tolist())
        return _hash("table", type(value).__name__, *names, *map(str, kinds), rows)
    return None


def _is_pythons(name: str, value: object) -> bool:
    """Whether Python itself adds the attribute to a class: for pickling, abstract classes, slots or help."""
    if inspect.ismemberdescriptor(value) or inspect.isgetsetdescriptor(value) or name == "_abc_impl":
        return True
    return name.startswith("__") and name.endswith("__") and not isinstance(value, (FunctionType, *_WRAPPERS))


def _is_library(value: type | FunctionType) -> bool:
    """Whether an installed library or Python itself defines the class or function."""
    module = sys.modules.get(value.__module__ or "")
    file = getattr(module, "__file__", None)
    if value.__module__ == "__main__" or module is None:
        return False
    return file is None or str(file).startswith(_LIBRARIES)
