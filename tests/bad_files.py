"""Files that a loader must refuse, made by hand, each with a part of what the error says."""

from __future__ import annotations

import io
import json
import os
import pickle
from typing import Any

import cutaway
from cutaway.serialization import save


def raw(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def own(tree: Any, tensors: Any = ({"in": "x"},), version: Any = 1, dtype: str = "F32") -> bytes:
    """A file of ours, as its tree and table may be made up."""
    text = json.dumps({"version": version, "tree": tree, "tensors": tensors})
    return raw({"__metadata__": {"cutaway": text}, "x": entry(dtype)}, bytes(8))


def view(offset: Any, shape: Any, strides: Any) -> bytes:
    return own({"tensor": 0}, [{"in": "x", "offset": offset, "shape": shape, "strides": strides}])


def saved(obj: Any) -> bytes:
    file = io.BytesIO()
    save(obj, file)
    return file.getvalue()


class Evil:
    def __reduce__(self) -> Any:
        return os.mkdir, ("/tmp/cutaway-was-here",)


HUGE = 2**62
BAD = {
    "empty": (b"", "it is empty"),
    "text": (b"hello, this is no file of tensors", "not a safetensors file"),
    "seven bytes": (b"1234567", "not a safetensors file"),
    "a pickle": (pickle.dumps(Evil()), "Loading a pickle can run any code"),
    "a zip of PyTorch's": (b"PK\x03\x04" + bytes(26) + b"archive/data.pkl" + bytes(100), "import save_file"),
    "another zip": (b"PK\x03\x04" + bytes(26) + b"arr_0.npy" + bytes(100), "np.load"),
    "an array of NumPy's": (b"\x93NUMPY\x01\x00v\x00{'descr': '<f4'}" + bytes(100), "np.load"),
    "a header longer than the file": ((10**9).to_bytes(8, "little") + b"{}", "announce"),
    "a header of 2**64": (b"\xff" * 8 + b"{}", "announce"),
    "cut short": (saved(cutaway.ones(100))[:-1], "is it truncated"),
    "too long": (saved(cutaway.ones(100)) + b"x", "400 bytes of data, but 401"),
    "a header that is a list": (raw(b"[]"), "not a safetensors file"),
    "a header that is not JSON": (raw(b"{x}"), "header is damaged"),
    "a header that is not UTF-8": (raw(b'{"\xff": 1}'), "header is damaged"),
    "NaN": (raw(b'{"x": NaN}'), "NaN is not JSON"),
    "a name twice": (raw(b'{"x": 1, "x": 2}'), "duplicate name"),
    "deep": (raw(b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"), "header is damaged"),
    "metadata of numbers": (raw({"__metadata__": {"a": 1}}), "not an object of strings"),
    "metadata as a list": (raw({"__metadata__": []}), "not an object of strings"),
    "an entry that is none": (raw({"x": 1}), "not of the form"),
    "an entry with more": (raw({"x": entry() | {"code": "import os"}}, bytes(8)), "not of the form"),
    "an unknown dtype": (raw({"x": entry("BF16", [4])}, bytes(8)), "cutaway reads F64, F32"),
    "a dtype that is none": (raw({"x": entry(3)}, bytes(8)), "not of the form"),
    "a negative shape": (raw({"x": entry(shape=[-1, -2])}, bytes(8)), "not integers"),
    "a fractional shape": (raw({"x": entry(shape=[2.0])}, bytes(8)), "not integers"),
    "a shape of True": (raw({"x": entry("I64", [True])}, bytes(8)), "not integers"),
    "a huge shape": (raw({"x": entry(shape=[HUGE, HUGE])}, bytes(8)), "does not take 8 bytes"),
    "a huge shape of nothing": (raw({"x": entry(shape=[0, HUGE, HUGE], offsets=[0, 0])}), "shape"),
    "a hundred dimensions": (raw({"x": entry(shape=[1] * 100, offsets=[0, 4])}, bytes(4)), "not integers"),
    "65 dimensions": (raw({"x": entry(shape=[1] * 64 + [2])}, bytes(8)), "not integers"),
    "offsets beyond the file": (raw({"x": entry(shape=[10**12], offsets=[0, 4 * 10**12])}), "is it truncated"),
    "offsets that begin late": (raw({"x": entry(offsets=[8, 16])}, bytes(16)), "begins at byte 8"),
    "offsets backwards": (raw({"x": entry(offsets=[8, 0])}, bytes(8)), "does not take -8 bytes"),
    "arrays that overlap": (raw({"x": entry(), "y": entry(offsets=[4, 12])}, bytes(12)), "'y' begins at byte 4"),
    "arrays at one place": (raw({"x": entry(), "y": entry()}, bytes(8)), "begins at byte 0"),
    "a gap": (raw({"x": entry(), "y": entry(offsets=[16, 24])}, bytes(24)), "begins at byte 16"),
    "a bool of 2": (raw({"x": entry("BOOL", [1], [0, 1])}, b"\x02"), "other than 0 and 1"),
    "a newer version": (own(1, version=2), "pip install --upgrade cutaway"),
    "no tree": (raw({"__metadata__": {"cutaway": "{}"}}), "corrupt"),
    "a tree that is not JSON": (raw({"__metadata__": {"cutaway": "{"}}), "corrupt"),
    "a deep tree": (raw({"__metadata__": {"cutaway": "[" * 100_000}}), "corrupt"),
    "a rather deep tree": (own(json.loads("[" * 300 + "]" * 300)), "nested more than"),
    "an unknown kind": (own({"function": ["os.system"]}), "corrupt"),
    "a table of two": (own({"tuple": [], "set": []}), "corrupt"),
    "a tuple of a text": (own({"tuple": "abc"}), "corrupt"),
    "a key twice": (own({"dict": [[1, 2], [1, 3]]}), "duplicate key"),
    "a key that cannot be one": (own({"dict": [[[1], 2]]}), "corrupt"),
    "a pair of three": (own({"dict": [[1, 2, 3]]}), "corrupt"),
    "bytes that are none": (own({"bytes": "*"}), "corrupt"),
    "a dtype of objects": (own({"dtype": "object"}), "corrupt"),
    "a device of its own": (own({"device": "/dev/sda"}), "corrupt"),
    "a tensor that is not there": (own({"tensor": 1}), "corrupt"),
    "a tensor counted from the end": (own({"tensor": -1}), "corrupt"),
    "a tensor called True": (own({"tensor": "0"}), "corrupt"),
    "an array that is not there": (own(1, [{"in": "y"}]), "corrupt"),
    "a gradient of integers": (own(1, [{"in": "x", "requires_grad": True}], dtype="I32"), "corrupt"),
    "a view that begins before": (view(-1, [1], [1]), "exceeds its memory"),
    "a view that begins behind": (view(2, [1], [1]), "exceeds its memory"),
    "a view that ends behind": (view(1, [2], [1]), "exceeds its memory"),
    "a view that runs backwards out": (view(0, [2], [-1]), "exceeds its memory"),
    "a view with huge steps": (view(0, [2], [HUGE]), "exceeds its memory"),
    "a view that wraps around": (view(0, [2**33, 2], [2**31, 0]), "exceeds its memory"),
    "a huge view": (view(0, [HUGE, HUGE], [0, 0]), "corrupt"),
    "a view of a negative shape": (view(0, [-1], [1]), "not given in integers"),
    "a view in fractions": (view(0.0, [1], [1]), "not given in integers"),
    "a view of too few steps": (view(0, [1, 1], [1]), "corrupt"),
}  # fmt: skip
