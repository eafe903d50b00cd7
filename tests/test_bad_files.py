"""What a bad file can do: nothing but raise the one error, in the memory that it takes itself."""

from __future__ import annotations

import io
import os
import pickle
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies

import cutaway
from cutaway.serialization import LoadError, load, save
from tests.bad_files import BAD, own, saved


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_a_clear_error_and_no_memory(name: str) -> None:
    data, message = BAD[name]
    tracemalloc.start()
    try:
        with pytest.raises(LoadError, match=message) as caught:
            load(io.BytesIO(data))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert str(caught.value).startswith("the file cannot be loaded: ")
    assert len(str(caught.value)) < 800
    assert peak < 200_000 + 10 * len(data)
    assert not os.path.exists("/tmp/cutaway-was-here")


def test_the_error_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(LoadError, match=r"weights\.pt cannot be loaded"):
        load(path)


def test_loading_takes_the_memory_of_the_file_once(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    save({str(i): cutaway.ones(100_000) for i in range(10)} | {"mask": cutaway.ones(10**6).bool()}, path)
    tracemalloc.start()
    try:
        load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < path.stat().st_size + 300_000


VALID = saved({"a": cutaway.arange(3.0), "b": [cutaway.ones(2).bool(), (1, 2.5, b"x")], "c": cutaway.eye(2)[1]})


@given(strategies.data())
def test_a_file_with_changed_bytes_loads_or_gets_the_one_error(data: Any) -> None:
    file = bytearray(VALID)
    for _ in range(data.draw(strategies.integers(1, 4))):
        at = data.draw(strategies.integers(0, len(file)))
        file[at : at + data.draw(strategies.integers(0, 9))] = data.draw(strategies.binary(max_size=4))
    with suppress(LoadError):
        load(io.BytesIO(bytes(file)))


NAMES = ["tensor", "dict", "OrderedDict", "tuple", "set", "Size", "bytes", "dtype", "device", "float", "function"]
JSON = strategies.recursive(
    strategies.one_of(strategies.none(), strategies.booleans(), strategies.integers(), strategies.text(max_size=3)),
    lambda inner: strategies.one_of(
        strategies.lists(inner, max_size=3),
        strategies.dictionaries(strategies.sampled_from(NAMES), inner, min_size=1, max_size=1),
    ),
    max_leaves=8,
)
NUMBERS = strategies.one_of(strategies.integers(-3, 3), strategies.integers(), JSON)
VIEW = {"offset": NUMBERS, "shape": strategies.lists(NUMBERS), "strides": strategies.lists(NUMBERS), "Parameter": JSON}


@given(JSON, strategies.lists(strategies.fixed_dictionaries({"in": strategies.just("x")}, optional=VIEW), max_size=2))
def test_a_made_up_tree_is_built_or_gets_the_one_error(tree: Any, tensors: Any) -> None:
    with suppress(LoadError):
        load(io.BytesIO(own(tree, tensors)))


def test_a_file_that_shrinks_while_it_is_read() -> None:
    class Shrinking(io.BytesIO):
        def readinto(self, memory: Any) -> int:
            return 0

    with pytest.raises(LoadError, match="shrank"):
        load(Shrinking(VALID))


def test_every_truncation_is_noticed() -> None:
    for length in range(len(VALID)):
        with pytest.raises(LoadError):
            load(io.BytesIO(VALID[:length]))
