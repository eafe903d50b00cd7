"""`save` and `load`: tensors and plain Python data in one file, which cannot contain code.

The file is a safetensors file (see `file_format`). A state dict is stored under its own names, so PyTorch users can
open it with `safetensors.torch.load_file`, and `load` reads the files that they write. What safetensors cannot
represent — nesting, order, Python's numbers and strings, shared memory — is stored in the file's metadata, as JSON:

    {"version": 1,
     "tree": {"dict": [["model", {"OrderedDict": [["weight", {"tensor": 0}]]}], ["epoch", 3]]},
     "tensors": [{"in": "model.weight"}]}

In the tree, null, true, 3, 2.5, "text" and [lists] stand for themselves. Anything else is an object with one entry,
whose name is the type; the names are those of `_PLAIN`, `_SEQUENCES` and `_DICTS` below. None of them refers to a
user's class or function, so a file cannot cause one to be called.

"tensors" has one entry for each Tensor object: the array of the file that contains it and, unless it is the whole
array, its offset and strides in elements. Tensors that shared memory share it after loading. Only memory that is
referenced is saved: one row of a large tensor is saved as one row.
"""

from __future__ import annotations

import base64
import json
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from .dtypes import Size, check_device, device, from_numpy_dtype
from .dtypes import dtype as DType
from .file_format import DTYPES, METADATA, LoadError, parse, read, reading, write, writing
from .nn.parameter import Parameter
from .ops.contract import Array
from .shared_memory import layout, looked_at, memory_of, sharing, view_of
from .tensors import Tensor
from .tensors.base import wrap

__all__ = ["LoadError", "load", "save"]

VERSION = 1
MAX_DEPTH = 50  # of containers in containers
MAX_NESTING = 3 * MAX_DEPTH + 5  # of JSON: a dict is stored as an object with a list of pairs

# The types that the tree can hold in addition to JSON's: name in the tree, class, how to write and how to read it.
_DTYPES = {name: from_numpy_dtype(np.dtype(name)) for name in DTYPES.values()}
_PLAIN: dict[str, tuple[type[Any], Callable[[Any], str], Callable[[str], Any]]] = {
    "float": (float, str, float),  # inf and nan, which JSON cannot represent
    "bytes": (bytes, lambda data: base64.b64encode(data).decode(), lambda text: base64.b64decode(text, validate=True)),
    "dtype": (DType, lambda dtype: dtype.name, lambda name: _DTYPES[name]),
    "device": (device, str, device),
}
_SEQUENCES: dict[str, type[Any]] = {"tuple": tuple, "set": set, "frozenset": frozenset, "Size": Size}
_DICTS: dict[str, type[Any]] = {"dict": dict, "OrderedDict": OrderedDict}

Path = tuple[Any, ...]  # the keys that lead to a value in a tree
Found = dict[int, tuple[int, str, Tensor]]  # the tensors in a tree, by id: index, name, and the tensor itself


# --- saving -------------------------------------------------------------------------------------------


def save(
    obj: Any, f: Any, pickle_module: Any = None, pickle_protocol: int = 2, *, metadata: dict[str, str] | None = None
) -> None:
    """Save a state dict, or any nesting of tensors, Python numbers and strings, to one file.

    The file is replaced atomically: if saving fails, the previous file is unchanged.

    Args:
        obj: tensors, numbers, strings, bytes, None, dtypes, devices, and lists, tuples, sets and dicts of them.
        f: a path, or a file object opened for writing bytes.
        pickle_module: accepted for compatibility and ignored: nothing is pickled.
        pickle_protocol: ignored.
        metadata: strings to store in addition, for other programs that read the file.

    Raises:
        TypeError: obj contains an object of another class; the message says where.

    >>> import io
    >>> file = io.BytesIO()
    >>> cutaway.save({"weight": torch.ones(2), "epoch": 3}, file)
    >>> _ = file.seek(0)
    >>> cutaway.load(file)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    found: Found = {}
    tree = _plain(obj, (), found)
    arrays, entries, ties = _laid_out([(name, tensor) for _, name, tensor in found.values()])
    own = json.dumps({"version": VERSION, "tree": tree, "tensors": entries}, separators=(",", ":"), allow_nan=False)
    with writing(f) as file:
        write(file, arrays, {"format": "pt", **(metadata or {}), **ties, "cutaway": own})  # "pt": tools expect it


def _plain(x: Any, path: Path, found: Found) -> Any:
    """x as JSON-compatible data; tensors are collected and replaced by their indices."""
    if len(path) > MAX_DEPTH:
        raise ValueError(f"there are more than {MAX_DEPTH} nested containers: does one contain itself?")
    if isinstance(x, np.generic):
        x = x.item()
    kind = type(x)
    if x is None or kind in (bool, int, str) or (kind is float and math.isfinite(x)):
        return x
    if isinstance(x, Tensor):
        name = ".".join(map(str, path)) or "tensor"
        number, *_ = found.setdefault(id(x), (len(found), name, x))
        return {"tensor": number}
    name = kind.__name__
    if kind is list or kind is _SEQUENCES.get(name):
        items = [_plain(value, (*path, i), found) for i, value in enumerate(x)]
        return items if kind is list else {name: items}
    if kind is _DICTS.get(name):
        pairs = [[_plain(key, (*path, "key"), found), _plain(value, (*path, key), found)] for key, value in x.items()]
        return {name: pairs}
    if name in _PLAIN and kind is _PLAIN[name][0]:
        return {name: _PLAIN[name][1](x)}
    raise _cannot_save(x, path)


def _cannot_save(x: Any, path: Path) -> TypeError:
    """The error for an object that is not plain data."""
    where = "obj" + "".join(f"[{key!r}]" for key in path)
    if hasattr(x, "state_dict"):
        advice = f"Save {where}.state_dict(), and after loading pass it to load_state_dict()."
    elif isinstance(x, np.ndarray):
        advice = f"Save torch.from_numpy({where})."
    elif isinstance(x, dict | tuple | list | set):
        base = next(kind for kind in (dict, tuple, list, set) if isinstance(x, kind)).__name__
        advice = f"Save {base}({where}), which keeps its contents."
    elif hasattr(x, "__dict__") and not callable(x):
        advice = f"Save vars({where}), a dict of its attributes."
    else:
        advice = "Leave it out, or save a string or a number from which it can be recreated."
    return TypeError(
        f"save() was given {where} of class {type(x).__qualname__}. A file that is safe to load holds data only: "
        f"tensors, numbers, strings, bytes, None, and lists, tuples, sets and dicts of them. {advice}"
    )


# --- which memory the tensors refer to ----------------------------------------------------------------


def _laid_out(tensors: list[tuple[str, Tensor]]) -> tuple[dict[str, Array], list[dict[str, Any]], dict[str, str]]:
    """The arrays to write, by name; the position of each tensor in them; and the names of tied tensors.

    A tied name is written as `safetensors.torch.save_model` writes it: the name that was left out, and the name kept.
    """
    taken = {METADATA}
    names = [_untaken(name, taken) for name, _ in tensors]
    looks = [tensor._array for _, tensor in tensors]
    arrays: dict[str, Array] = {}
    entries: list[dict[str, Any]] = [{} for _ in tensors]
    ties: dict[str, str] = {}
    for numbers in sharing(looks):
        memory, whole = memory_of([looks[i] for i in numbers])
        name = names[numbers[whole]] if whole is not None else _untaken("memory", taken)
        arrays[name] = memory
        for i in numbers:
            entries[i] = {"in": name}
            if whole is None or layout(looks[i]) != layout(memory):
                entries[i] |= view_of(looks[i], memory)
            elif names[i] != name:
                ties[names[i]] = name
    for (_, tensor), entry in zip(tensors, entries):
        if tensor.requires_grad:
            entry["requires_grad"] = True
        if isinstance(tensor, Parameter):
            entry["Parameter"] = True
    return arrays, entries, ties


def _untaken(name: str, taken: set[str]) -> str:
    """An unused array name, without lone surrogates, which other readers reject."""
    name = name.encode("utf-8", "replace").decode()
    while name in taken:
        name += "_"
    taken.add(name)
    return name


# --- loading ------------------------------------------------------------------------------------------


def load(
    f: Any, map_location: Any = None, pickle_module: Any = None, *, weights_only: bool | None = None, mmap: Any = None
) -> Any:
    """Load an object saved by `save`, or the state dict in a safetensors file.

    Loading never runs code, whatever the arguments, and allocates no more memory than the file fills.

    Args:
        f: a path, or a file object opened for reading bytes.
        map_location: "cpu"; a function or a dict is accepted, as in PyTorch, and ignored.
        pickle_module: accepted for compatibility and ignored.
        weights_only: ignored: every file is read as if it were True.
        mmap: ignored.

    Raises:
        LoadError: the file is truncated, corrupt, malicious, or of another format, such as a PyTorch pickle.

    >>> net = nn.Linear(2, 3)
    >>> cutaway.save(net.state_dict(), "net.safetensors")  # doctest: +SKIP
    >>> net.load_state_dict(cutaway.load("net.safetensors"))  # doctest: +SKIP
    <All keys matched successfully>
    """
    if isinstance(map_location, str | device):
        check_device(map_location)
    with reading(f) as (file, size):
        arrays, metadata = read(file, size)
        if "cutaway" not in metadata:
            return _state_dict(arrays, metadata)
        try:
            own = parse(metadata["cutaway"], MAX_NESTING)
            if own["version"] > VERSION:
                raise LoadError("a newer version of cutaway wrote it: pip install --upgrade cutaway")
            tensors = [_tensor(arrays, **entry) for entry in own["tensors"]]
            return _built(own["tree"], tensors)
        except LoadError:
            raise
        except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise LoadError(f"its description of the tensors and their order is corrupt ({error!r})") from None


def _state_dict(arrays: dict[str, Array], metadata: dict[str, str]) -> dict[str, Tensor]:
    """The contents of a file written by another library: tensors by name, tied ones under each of their names."""
    tied = {name: arrays[kept] for name, kept in metadata.items() if kept in arrays and name not in (*arrays, "format")}
    return {name: wrap(array) for name, array in {**arrays, **tied}.items()}


def _tensor(arrays: dict[str, Array], **entry: Any) -> Tensor:
    """The tensor that an entry describes."""
    array = arrays[entry["in"]]
    if "strides" in entry:
        array = looked_at(array, entry["offset"], entry["shape"], entry["strides"])
    wanted = entry.get("requires_grad", False) is True
    if "Parameter" in entry:
        return Parameter(wrap(array), wanted)
    tensor = wrap(array)
    tensor.requires_grad = wanted
    return tensor


def _built(x: Any, tensors: list[Tensor]) -> Any:
    """The object that a tree describes."""
    if x is None or isinstance(x, bool | int | float | str):
        return x
    if isinstance(x, list):
        return [_built(item, tensors) for item in x]
    [(name, inside)] = x.items()
    if name == "tensor":
        return tensors[range(len(tensors)).index(inside)]
    if name in _PLAIN:
        return _PLAIN[name][2](inside)
    items = _built(inside, tensors)
    if type(items) is not list:
        raise ValueError(f"{name} without a list")
    if name in _SEQUENCES:
        return _SEQUENCES[name](items)
    table = _DICTS[name](items)
    if len(table) < len(items):
        raise ValueError("duplicate key")
    return table
