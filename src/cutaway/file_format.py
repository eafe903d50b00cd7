"""The file format: named arrays in safetensors format, read without trusting the file.

Pickles, such as PyTorch's `.pt` files, can run code when loaded. safetensors files contain only data, and PyTorch
users' tools can open them (https://huggingface.co/docs/safetensors):

    8 bytes       n, the length of the header, a little-endian integer
    n bytes       the header, JSON: {"fc.weight": {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]}, ...}
                  and under "__metadata__" strings by name, for use by the writer of the file
    the rest      the data, array after array, without gaps, little-endian, in C order

Every byte of a file may be malicious. So each length is checked against the size of the file before memory is
allocated, and the resulting arrays are never larger than the data in the file. Parsing the header takes a small
multiple of its length, which is limited to 100 MB, as in other implementations.
"""

from __future__ import annotations

import json
import math
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BytesIO, TextIOBase
from reprlib import Repr
from typing import IO, Any, NamedTuple

import numpy as np

from .ops.contract import Array

MAX_HEADER = 100_000_000  # bytes
METADATA = "__metadata__"

DTYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "I64": "int64", "I32": "int32", "I16": "int16",
    "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip
_CODES = {name: code for code, name in DTYPES.items()}

# Brackets, and texts, in which brackets mean nothing. A text without an end goes to the end of all, or each of the
# quotes in it would be tried as the beginning of one.
_TOKEN = re.compile(r'(?s)"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]')

_quote = Repr()  # messages quote text from the file, which may be long
_quote.maxstring = 80

_PICKLE = (
    "a pickle, as torch.save and pickle.dump write them. Loading a pickle can run any code, so cutaway does "
    "not read them. If you trust it, convert it once where PyTorch is installed:\n"
    "    from safetensors.torch import save_file\n"
    "    state = torch.load('weights.pt')  # a state dict: names and tensors\n"
    "    save_file({name: x.clone() for name, x in state.items()}, 'weights.safetensors')"
)


class LoadError(RuntimeError):
    """A file is truncated, corrupt, malicious, or of another format: nothing was loaded from it."""


# --- writing ------------------------------------------------------------------------------------------


def write(file: IO[bytes], arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write named arrays and metadata."""
    header: dict[str, Any] = {METADATA: dict(metadata)} if metadata else {}
    # The widest first, so that every array is aligned to its item size, as readers in other languages prefer
    order = sorted(arrays, key=lambda name: -arrays[name].itemsize)
    begin = 0
    places = {}
    for name in order:
        places[name] = [begin, begin + arrays[name].nbytes]
        begin += arrays[name].nbytes
    for name, array in arrays.items():
        code = _CODES[array.dtype.name]
        header[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": places[name]}
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_HEADER:
        raise ValueError(
            f"what is saved besides the tensors takes {len(text)} bytes, and {MAX_HEADER} is the maximum: convert "
            "long lists of numbers to tensors"
        )
    file.write(len(text).to_bytes(8, "little") + text)
    for name in order:
        file.write(_bytes_of(np.ascontiguousarray(arrays[name], _little_endian(arrays[name].dtype))))


def _little_endian(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype.newbyteorder("<")


def _bytes_of(array: Array) -> memoryview:
    """The memory of a contiguous array."""
    return array.reshape(-1).view(np.uint8).data


@contextmanager
def writing(f: Any) -> Iterator[IO[bytes]]:
    """A file to write to, from a path or a file object.

    A path is replaced atomically at the end; until then, and if writing fails, the previous file is unchanged.
    """
    if not isinstance(f, str | os.PathLike):
        _check_binary(f, "write", "wb")
        yield f
        return
    path = os.path.realpath(f)
    if os.path.exists(path) and not os.path.isfile(path):  # a device or a pipe cannot be replaced by a file
        with open(path, "wb") as file:
            yield file
        return
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist. os.makedirs({folder!r}) makes it.")
    draft = os.path.join(folder, f".{name[:60]}.{secrets.token_hex(4)}.tmp")
    try:
        with open(draft, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # on the disk before the name points to it
        if os.path.exists(path):
            shutil.copymode(path, draft)
        os.replace(draft, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.remove(draft)
        raise


def _check_binary(f: Any, method: str, mode: str) -> None:
    if isinstance(f, TextIOBase):
        raise TypeError(f"this file was opened in text mode: open(path, {mode!r})")
    if not hasattr(f, method):
        order = "torch.save(state, path)" if method == "write" else "model.load_state_dict(torch.load(path))"
        raise TypeError(f"a file must be a path or an object with {method}(), not {type(f).__name__}: {order}")


# --- reading ------------------------------------------------------------------------------------------


@contextmanager
def reading(f: Any) -> Iterator[tuple[IO[bytes], int]]:
    """A file to read from, and the number of bytes left in it, from a path or a file object.

    A LoadError raised inside gets the name of the file.
    """
    try:
        if isinstance(f, str | os.PathLike):
            with open(f, "rb") as file:
                yield file, _left(file)
        else:
            _check_binary(f, "read", "rb")
            source = f if _is_seekable(f) else BytesIO(f.read())
            yield source, _left(source)
    except LoadError as error:
        name = os.fspath(f) if isinstance(f, str | os.PathLike) else "the file"
        raise LoadError(f"{name} cannot be loaded: {error}") from None


def _is_seekable(f: Any) -> bool:
    """Whether a file object is seekable and can read into existing memory."""
    try:
        _left(f)
    except (AttributeError, OSError, ValueError):
        return False
    return hasattr(f, "readinto")


def _left(file: IO[bytes]) -> int:
    here = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(here)
    return end - here


class Place(NamedTuple):
    """The position of an array in the file, after the header, with its dtype and shape."""

    begin: int
    end: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def read(file: IO[bytes], size: int) -> tuple[dict[str, Array], dict[str, str]]:
    """The arrays, in the order of the header, and the metadata.

    Args:
        file: where to read.
        size: the number of bytes to read.
    """
    header, length = _header(file, size)
    metadata = header.pop(METADATA, {})
    if not (isinstance(metadata, dict) and all(isinstance(text, str) for text in metadata.values())):
        raise LoadError(f"{METADATA} is not an object of strings")
    places = {name: _place(name, entry) for name, entry in header.items()}
    in_file = sorted(places, key=lambda name: places[name][:2])
    end = 0
    for name in in_file:
        if places[name].begin != end:
            raise LoadError(
                f"{_quote.repr(name)} begins at byte {places[name].begin}, but the data before it ends at {end}"
            )
        end = places[name].end
    if end != length:
        raise LoadError(f"the header describes {end} bytes of data, but {length} are present: is it truncated?")
    arrays = {name: _array(file, name, places[name]) for name in in_file}
    return {name: arrays[name] for name in places}, metadata


def _header(file: IO[bytes], size: int) -> tuple[dict[str, Any], int]:
    """The header, and the number of bytes after it."""
    if size == 0:
        raise LoadError("it is empty, or was read to its end: f.seek(0) returns to the start of a file object")
    head = file.read(min(size, 9))
    n = int.from_bytes(head[:8], "little")
    if n > min(size - 8, MAX_HEADER) or head[8:] != b"{":
        raise LoadError(f"it is {_other_kind(head + file.read(120)) or _no_header(n, size)}")
    try:
        header = parse((b"{" + file.read(n - 1)).decode(), 3)
    except ValueError as error:
        raise LoadError(f"its header is damaged: {error}") from None
    assert isinstance(header, dict)  # what begins with {
    return header, size - 8 - n


def parse(text: str, depth: int) -> Any:
    """Parse JSON; ValueError if it is invalid, contains duplicate names, or is nested too deeply.

    The depth is measured first: the parser recurses on each level, and where the stack is small, as in a browser,
    deeply nested brackets would crash the program.
    """
    level = 0
    for token in _TOKEN.finditer(text):
        level += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if level > depth:
            raise ValueError(f"it is nested more than {depth} deep")
    return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_not_json)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A dict of pairs; rejects duplicate names, which readers would resolve differently."""
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("duplicate name")
    return table


def _not_json(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _no_header(n: int, size: int) -> str:
    return (
        f"not a safetensors file, as save() writes, or it is truncated: its first 8 bytes announce a header of {n} "
        f"bytes, and {max(size - 8, 0)} bytes follow"
    )


def _other_kind(head: bytes) -> str | None:
    """The format of another kind of file, recognized by its first bytes."""
    if head.startswith(b"PK\x03\x04"):
        if b"data.pkl" in head:
            return _PICKLE
        return "a zip archive; if np.savez wrote it, read it with np.load and torch.from_numpy"
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        return _PICKLE
    if head.startswith(b"\x93NUMPY"):
        return "an array written by np.save: torch.from_numpy(np.load(path)) reads it"
    return None


def _place(name: str, entry: Any) -> Place:
    """One validated entry of the header."""
    match entry:
        case {"dtype": str(code), "shape": [*shape], "data_offsets": [begin, end], **rest} if not rest:
            pass
        case _:
            raise LoadError(f"the entry of {_quote.repr(name)} is not of the form dtype, shape, data_offsets")
    if code not in DTYPES:
        raise LoadError(
            f"{_quote.repr(name)} has the dtype {_quote.repr(code)}, but cutaway reads {', '.join(DTYPES)}: convert "
            "it in PyTorch, for example with .float(), and save it again"
        )
    if len(shape) > 64 or not all(type(number) is int and 0 <= number < 2**63 for number in [*shape, begin, end]):
        raise LoadError(f"the shape or the offsets of {_quote.repr(name)} are not integers of a plausible size")
    dtype = np.dtype(DTYPES[code])
    if math.prod(shape) * dtype.itemsize != end - begin:
        raise LoadError(
            f"{_quote.repr(name)} has the shape {_quote.repr(shape)} of {code}, which does not take {end - begin} bytes"
        )
    return Place(begin, end, tuple(shape), dtype)


def _array(file: IO[bytes], name: str, place: Place) -> Array:
    """Read an array, at the current position of the file."""
    try:
        array = np.empty(place.shape, _little_endian(place.dtype))
    except ValueError as error:  # (0, 2**80) is empty, but too large for NumPy
        raise LoadError(f"{_quote.repr(name)} has the shape {_quote.repr(list(place.shape))}: {error}") from None
    memory = _bytes_of(array)
    while memory:
        count = file.readinto(memory)  # type: ignore[attr-defined]
        if not count:
            raise LoadError("it shrank while being read")
        memory = memory[count:]
    if place.dtype.kind == "b" and array.size and array.view(np.uint8).max() > 1:
        raise LoadError(f"{_quote.repr(name)} is BOOL, but contains bytes other than 0 and 1")
    return array.astype(place.dtype, copy=False)


__all__ = ["DTYPES", "METADATA", "LoadError", "parse", "read", "reading", "write", "writing"]
