"""What is asked of every loader, whatever bytes it is given: an answer or the one error, and nothing else happens.

`tests/fuzz/__main__.py` hunts for bytes that break this; tests/fuzz/test_corpus.py runs it on those that were kept.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import Any

import numpy as np

import cutaway
from cutaway import nn, safetensors
from cutaway.nn.uninitialized import Uninitialized
from cutaway.serialization import LoadError

# A byte of JSON can become an object of Python's: `{},` is 3 bytes in a file, and 72 in memory. Read, checked and built
# that is several times as much; the arrays for their part are never larger than the file.
PER_BYTE, FOR_ALL = 400, 300_000

# What only code does. `import` is told of modules that are not there yet, and all that loading needs is.
FORBIDDEN = ("compile", "exec", "import", "open", "os.", "subprocess.", "socket.", "ctypes.", "marshal.", "pickle.",
             "shutil.", "tempfile.", "glob.", "code.", "cpython.run_", "builtins.input", "urllib.")  # fmt: skip
_watching = False
GENERATOR = cutaway.Generator()


class Broken(Exception):  # noqa: N818
    """A loader did what no loader may do."""


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event.startswith(FORBIDDEN):
        raise Broken(f"a file made the loader do this: {event}{arguments!r:.200}")


sys.addaudithook(_audit)  # for good: Python has no way to take one away


@contextmanager
def nothing_but_data(size: int) -> Iterator[None]:
    """Broken, if meanwhile code is run, a file is opened, or more memory is taken than a file of this size needs."""
    global _watching
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    _watching = True
    try:
        yield
    finally:
        _watching = False
    used = tracemalloc.get_traced_memory()[1] - before
    if used > PER_BYTE * size + FOR_ALL:
        raise Broken(f"{used} bytes of memory for a file of {size}")


def arrays_of(x: Any) -> Iterator[np.ndarray[Any, Any]]:
    """The arrays of all tensors in a tree."""
    if isinstance(x, cutaway.Tensor):
        yield x._array
    elif isinstance(x, Mapping):
        for item in x.values():
            yield from arrays_of(item)
    elif isinstance(x, list | tuple):
        for item in x:
            yield from arrays_of(item)


def tables(x: Any) -> Iterator[Mapping[Any, Any]]:
    """Every dict in a tree: any of them may be handed to load_state_dict."""
    if isinstance(x, Mapping):
        yield x
    for item in x.values() if isinstance(x, Mapping) else x if isinstance(x, list | tuple) else ():
        yield from tables(item)


def snapshot(x: Any) -> Any:
    """A state dict as plain values that can be compared."""
    if isinstance(x, Uninitialized):
        return "waits for its shape"
    if isinstance(x, cutaway.Tensor):
        return x.shape, x.dtype, x._array.tobytes()
    if isinstance(x, Mapping):
        return {key: snapshot(value) for key, value in x.items()}
    return [snapshot(value) for value in x] if isinstance(x, list | tuple) else repr(x)


def parts() -> tuple[nn.Module, nn.Module, cutaway.optim.Optimizer, Any]:
    """A net, one that waits for its shapes, and what trains the first."""
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    optimizer = cutaway.optim.Adam(net.parameters(), lr=0.1)
    return net, nn.LazyLinear(2), optimizer, cutaway.optim.lr_scheduler.StepLR(optimizer, 2)


def hand_over(state: Mapping[Any, Any], holder: Any, *errors: type[Exception], **how: bool) -> None:
    """The state is taken, or refused with one of these errors, and then nothing has changed."""
    before = snapshot(holder.state_dict())
    try:
        holder.load_state_dict(state, **how)
    except errors:
        if snapshot(holder.state_dict()) != before:
            raise Broken(f"{type(holder).__name__}.load_state_dict was refused half-way") from None


def check(data: bytes) -> None:
    """Broken, or any error but a LoadError, if these bytes make a loader misbehave."""
    trees: list[Any] = []
    with nothing_but_data(len(data)):
        for load in (lambda: cutaway.load(BytesIO(data)), lambda: safetensors.load(data)):
            with suppress(LoadError):
                trees.append(load())
    for tree in trees:
        for array in arrays_of(tree):
            owner = array
            while isinstance(owner.base, np.ndarray):
                owner = owner.base
            if owner.nbytes > len(data):
                raise Broken(f"an array of {owner.nbytes} bytes from a file of {len(data)}")
            if array.dtype == np.uint8:
                with suppress(RuntimeError, TypeError):
                    GENERATOR.set_state(cutaway.from_numpy(array))
        for state in tables(tree):
            net, lazy, optimizer, scheduler = parts()
            shapes = {name: (x.shape, x.dtype) for name, x in net.state_dict().items()}
            with nothing_but_data(len(data)):
                for module in (net, lazy):
                    for strict in (True, False):
                        hand_over(state, module, RuntimeError, strict=strict)
                hand_over(state, optimizer, KeyError, TypeError, ValueError)
                hand_over(state, scheduler)
            if {name: (x.shape, x.dtype) for name, x in net.state_dict().items()} != shapes:
                raise Broken("a net has other shapes than it was built with")
