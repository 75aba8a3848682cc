"""Reading pickles without executing code in them.

A pickle can call any function by name. This unpickler only accepts a short list of names, for plain
containers, numpy arrays and tensors, and implements each of them itself. Any other name in a file
becomes an `Inert`, an object that stores its arguments and does nothing. Tensors stay references
into the file until their values are read.
"""

from __future__ import annotations

import pickle
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any, ClassVar, NamedTuple

import numpy as np
import torch

from shaspec.models.pickle_bounds import BOUNDED, InPieces, check_keys

STORAGES: dict[str, torch.dtype] = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
MOST_NAMES = 5000
"""Different names that are not on the list."""
NUMBERS = re.compile(r"[biufc]\d+|[SU]\d+")  # numpy types of values, not of objects


class StoredTensor(NamedTuple):
    """A tensor as described in the file, not yet checked."""

    dtype: torch.dtype
    key: str
    """Name of its storage in the file."""
    numel: int
    """Number of elements of the storage."""
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


class Inert:
    """A name in a file that is not on the list: nothing was imported or executed."""

    __slots__ = ("args", "items", "name", "state")

    def __init__(self, name: str, args: tuple[Any, ...] = ()) -> None:
        self.name, self.args = name, args
        self.state: Any = None
        self.items: list[Any] = []

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __call__(self, *args: Any) -> Inert:
        return Inert(self.name, args)

    # Operations of a pickle on containers.
    def __setitem__(self, key: Any, value: Any) -> None:
        self.items.append((key, value))

    def append(self, value: Any) -> None:
        """As a list would."""
        self.items.append(value)

    def extend(self, values: Iterable[Any]) -> None:
        """As a list would."""
        self.items.extend(values)

    def add(self, value: Any) -> None:
        """As a set would."""
        self.items.append(value)


class PlainDict(dict[Any, Any]):
    """An ordered dictionary that takes no attributes from the file."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        del state


class _Array(np.ndarray[Any, Any]):
    """A numpy array whose values follow in the file."""

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, raw = state
        if isinstance(dtype, _NumpyType) and isinstance(raw, bytes):
            plain: Any = (1, tuple(map(int, shape)), dtype.numpy, bool(fortran), raw)
            super().__setstate__(plain)


class _NumpyType:
    """A numpy type of numbers or text."""

    __slots__ = ("name", "order")

    def __init__(self, name: str) -> None:
        self.name, self.order = name, "="

    def __setstate__(self, state: Any) -> None:
        if state[1] in ("<", ">"):
            self.order = state[1]

    @property
    def numpy(self) -> np.dtype[Any]:
        """The real type."""
        if not NUMBERS.fullmatch(self.name):
            raise pickle.UnpicklingError(f"an array of type {self.name!r}")
        return np.dtype(self.order + self.name)


class SafeUnpickler(pickle._Unpickler):
    """The pure Python unpickler (a file cannot inflate its memo) with a closed list of names."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(InPieces(file), encoding="latin1")
        self.inert: Counter[str] = Counter()
        """Names that became `Inert`, and how often the file used them."""
        self._made: dict[str, type[Inert]] = {}

    dispatch: ClassVar = {**pickle._Unpickler.dispatch, **BOUNDED}

    def find_class(self, module: str, name: str) -> Any:
        """The implementation of a listed name, otherwise a maker of `Inert` objects."""
        full = f"{module}.{name}"
        if module in ("torch", "torch.storage") and name in STORAGES:
            return STORAGES[name]
        if full in _CLASSES:
            return _CLASSES[full]
        if full in _MAKERS:
            return _Maker(_MAKERS[full])
        self.inert[full] += 1
        if full not in self._made:
            if len(self._made) == MOST_NAMES:
                raise pickle.UnpicklingError(f"more than {MOST_NAMES} names of classes")
            self._made[full] = _inert_class(full)
        return self._made[full]

    def persistent_load(self, pid: Any) -> Any:
        """A storage: (kind, type, key, location, number of elements, ...), or a class."""
        if pid[0] == "module":  # before PyTorch 1.6, with its source code, which we do not read
            return pid[1]
        kind, dtype, key, _, numel = pid[:5]
        if kind != "storage" or not isinstance(dtype, torch.dtype):
            raise pickle.UnpicklingError(f"an outside object of kind {kind!r}")
        return StoredTensor(dtype, str(key), int(numel), 0, (int(numel),), (1,))


class _Maker:
    """A callable that a pickle can call and not change."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make

    def __call__(self, *args: Any) -> Any:
        return self._make(*args)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a function is given a state")


def _inert_class(full: str) -> type[Inert]:
    """A class, because a pickle can also create objects with ``__new__``."""

    class Named(Inert):
        __slots__ = ()

        def __new__(cls, *args: Any, **kwargs: Any) -> Named:
            del kwargs
            made = object.__new__(cls)
            Inert.__init__(made, full, args)
            return made

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            del args, kwargs

    return Named


def _tensor(storage: Any, offset: int, size: Any, stride: Any, *rest: Any) -> StoredTensor:
    del rest
    if not isinstance(storage, StoredTensor):
        raise pickle.UnpicklingError("a tensor without a storage")
    return storage._replace(
        offset=int(offset), size=tuple(map(int, size)), stride=tuple(map(int, stride))
    )


def _scalar(dtype: Any, raw: Any) -> Any:
    if not isinstance(dtype, _NumpyType) or not isinstance(raw, bytes):
        raise pickle.UnpicklingError("an invalid number")
    return np.frombuffer(raw, dtype.numpy)[0]


def _latin(text: str, encoding: str = "latin1") -> bytes:
    del encoding  # pickles of protocol 2 write bytes as text in latin-1
    return text.encode("latin1")


def _array(*args: Any) -> _Array:
    del args  # type, shape and kind come again with the values
    return np.ndarray.__new__(_Array, (0,), "b")


def _numpy_type(name: Any, *rest: Any) -> _NumpyType:
    del rest
    return _NumpyType(str(name))


def _set(values: Iterable[Any] = ()) -> set[Any]:
    several = list(values)
    check_keys(several)
    return set(several)


def _same(value: Any, *rest: Any) -> Any:
    del rest
    return value


def _tuple(values: Iterable[Any] = ()) -> tuple[Any, ...]:
    return tuple(values)


_CLASSES: Mapping[str, type] = {"collections.OrderedDict": PlainDict}
_MAKERS: dict[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_parameter": _same,
    "torch.Size": _tuple,
    "_codecs.encode": _latin,
    "numpy.dtype": _numpy_type,
    "numpy.ndarray": _array,
}
for _module in ("numpy.core", "numpy._core"):
    _MAKERS[f"{_module}.multiarray._reconstruct"] = _array
    _MAKERS[f"{_module}.multiarray.scalar"] = _scalar
for _module in ("builtins", "__builtin__"):
    _MAKERS[f"{_module}.set"] = _MAKERS[f"{_module}.frozenset"] = _set
