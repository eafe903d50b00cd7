"""Saving and loading: what comes back, and what stays whole."""

from __future__ import annotations

import io
import math
import os
import subprocess
import sys
from collections import OrderedDict, defaultdict, namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies
from hypothesis.extra import numpy as arrays

import cutaway
from cutaway import file_format, nn, safetensors
from cutaway.serialization import MAX_DEPTH, load, save
from tests.bad_files import entry, raw


def through_a_file(obj: Any, **options: Any) -> Any:
    file = io.BytesIO()
    save(obj, file)
    file.seek(0)
    return load(file, **options)


def same(a: Any, b: Any) -> bool:
    """Whether two trees are of the same classes and values, to the last bit."""
    if type(a) is not type(b):
        return False
    if isinstance(a, cutaway.Tensor):
        x, y = a.detach().numpy(), b.detach().numpy()
        header = (a.dtype, a.shape, a.requires_grad) == (b.dtype, b.shape, b.requires_grad)
        return header and x.tobytes() == y.tobytes()
    if isinstance(a, dict):
        return list(map(repr, a)) == list(map(repr, b)) and all(same(x, y) for x, y in zip(a.values(), b.values()))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return repr(a) == repr(b)
    return bool(a == b)


# --- what comes back ----------------------------------------------------------------------------------

DTYPES = ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"]
SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


@strategies.composite
def tensors(draw: Any) -> cutaway.Tensor:
    array = draw(arrays.arrays(draw(strategies.sampled_from(DTYPES)), draw(SHAPES)))
    if array.ndim and draw(strategies.booleans()):
        array = array[::2].T
    tensor = cutaway.from_numpy(array)
    if array.dtype.kind == "f":
        tensor.requires_grad = draw(strategies.booleans())
        return nn.Parameter(tensor.detach(), tensor.requires_grad) if draw(strategies.booleans()) else tensor
    return tensor


KEYS = strategies.one_of(strategies.text(), strategies.integers(), strategies.booleans(), strategies.none())
LEAVES = strategies.one_of(
    tensors(), KEYS, strategies.floats(), strategies.binary(),
    strategies.sampled_from([cutaway.float16, cutaway.bool, cutaway.device("cpu"), cutaway.device("cuda:1")]),
    strategies.lists(strategies.integers(0, 9)).map(cutaway.Size),
    strategies.sets(KEYS), strategies.frozensets(KEYS),
)  # fmt: skip
TREES = strategies.recursive(
    LEAVES,
    lambda inner: strategies.one_of(
        strategies.lists(inner, max_size=4),
        strategies.lists(inner, max_size=4).map(tuple),
        strategies.dictionaries(KEYS, inner, max_size=4),
        strategies.dictionaries(KEYS, inner, max_size=4).map(OrderedDict),
    ),
    max_leaves=12,
)


@given(TREES)
def test_what_is_saved_comes_back(tree: Any) -> None:
    assert same(through_a_file(tree), tree)


@given(TREES)
def test_every_file_is_a_safetensors_file(tree: Any) -> None:
    file = io.BytesIO()
    save(tree, file)
    safetensors.load(file.getvalue())
    assert int.from_bytes(file.getvalue()[:8], "little") % 8 == 0


def test_optimizer_state_comes_back_and_training_goes_on() -> None:
    cutaway.manual_seed(0)
    x = cutaway.randn(8, 3)

    def step(net: Any, optimizer: Any) -> float:
        optimizer.zero_grad()
        loss = (net(x) ** 2).mean()
        loss.backward()
        optimizer.step()
        return float(loss.item())

    net = nn.Linear(3, 2)
    optimizer = cutaway.optim.Adam(net.parameters(), lr=0.1)
    step(net, optimizer)
    saved = through_a_file({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 1})
    twin = nn.Linear(3, 2)
    other = cutaway.optim.Adam(twin.parameters(), lr=0.5)
    twin.load_state_dict(saved["net"])
    other.load_state_dict(saved["optimizer"])
    assert [step(net, optimizer) for _ in range(3)] == [step(twin, other) for _ in range(3)]


def test_numbers_of_numpy_come_back_as_pythons() -> None:
    assert same(through_a_file([np.float64(0.5), np.int32(3), np.bool_(True)]), [0.5, 3, True])


def test_one_tensor_object_stays_one() -> None:
    x = cutaway.ones(2)
    first, second = through_a_file([x, x])
    assert first is second


def test_a_result_is_saved_as_a_leaf() -> None:
    y = cutaway.ones(2, requires_grad=True) * 2
    twin = through_a_file(y)
    assert twin.is_leaf and twin.requires_grad and twin.tolist() == [2, 2]


# --- shared memory ------------------------------------------------------------------------------------


def test_tied_weights_stay_tied() -> None:
    net = nn.ModuleDict({"embedding": nn.Embedding(5, 4), "head": nn.Linear(4, 5, bias=False)})
    net["head"].weight = net["embedding"].weight
    state = through_a_file(net.state_dict())
    assert list(state) == ["embedding.weight", "head.weight"]
    state["embedding.weight"][0] = 7
    assert state["head.weight"][0].tolist() == [7, 7, 7, 7]


def test_tied_weights_are_written_once() -> None:
    w = cutaway.zeros(100, 100)
    file = io.BytesIO()
    save({"a": w, "b": w.detach()}, file)
    assert len(file.getvalue()) < 1.1 * w.nbytes


@pytest.mark.parametrize(
    "views",
    [
        lambda x: [x, x[1], x[:, 1], x.t()],  # one of them is the whole
        lambda x: [x[:2], x[1:]],  # the whole is none of them
        lambda x: [x[::2], x[0]],
        lambda x: [x[0], x, x[0].detach()],
    ],
)
def test_views_stay_views(views: Callable[[Any], list[Any]]) -> None:
    saved = views(cutaway.arange(12.0).reshape(3, 4))
    loaded = through_a_file(saved)
    assert same(loaded, saved)
    for tensor in saved, loaded:
        tensor[0].fill_(100)
    assert same(loaded, saved)


def test_a_view_is_saved_without_the_rest_of_its_memory() -> None:
    x = cutaway.zeros(1000, 1000)
    for view in x[0], x[:, 0], x[:10, :10].t(), cutaway.zeros(1, dtype=cutaway.uint8).expand(10**9), [x[:, 0], x[:, 1]]:
        file = io.BytesIO()
        save(view, file)
        assert len(file.getvalue()) < 10_000


def test_parts_that_do_not_overlap_keep_their_names() -> None:
    x = cutaway.arange(12.0).reshape(3, 4)
    state = {"q": x[:, :2], "k": x[:, 2:]}
    file = io.BytesIO()
    save(state, file)
    assert same(safetensors.load(file.getvalue()), state)


def test_memory_seen_with_two_dtypes_is_saved_twice() -> None:
    array = np.arange(4, dtype=np.int32)
    state = [cutaway.from_numpy(array), cutaway.from_numpy(array.view(np.int16)[1::2])]
    assert same(through_a_file(state), state)


def test_columns_of_a_structured_array_are_saved() -> None:
    record = np.array([(1, 2.0), (3, 4.0), (5, 6.0)], dtype=[("n", "i1"), ("x", "f8")])
    column = cutaway.from_numpy(record["x"])
    assert same(through_a_file([column, column[1:], column[:1].expand(3)]), [column, column[1:], column[:1].expand(3)])


def test_names_that_would_clash_are_kept_apart() -> None:
    one = cutaway.ones
    tree = {"a": {"b": one(0)}, "a.b": one(1), 1: one(2), "1": one(3), "__metadata__": one(4), "\ud800": one(5)}
    assert same(through_a_file(tree), tree)


@given(strategies.data())
def test_writing_to_one_is_seen_through_the_same_others(data: Any) -> None:
    def step() -> slice:
        return slice(data.draw(strategies.integers(0, 4)), None, data.draw(strategies.integers(1, 3)))

    x = cutaway.arange(30.0).reshape(5, 6)
    views = [x[step(), step()] for _ in range(data.draw(strategies.integers(1, 5)))]
    loaded = through_a_file(views)
    assert same(loaded, views)
    for tensors in views, loaded:
        for i, tensor in enumerate(tensors):
            tensor.mul_(-1).add_(i)
    assert same(loaded, views)


def test_a_thousand_columns_are_judged_in_time() -> None:
    x = cutaway.zeros(3, 1000)
    state = {str(i): x[:, i] for i in range(1000)} | {"last": x[:, 999:]}
    file = io.BytesIO()
    save(state, file)
    assert len(safetensors.load(file.getvalue())) == 1000


# --- what cannot be saved -----------------------------------------------------------------------------

Point = namedtuple("Point", "x y")


class Settings:
    def __init__(self) -> None:
        self.lr = 0.1


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (nn.Linear(2, 2), "Save obj['config'][0].state_dict()"),
        (np.ones(2), "Save torch.from_numpy(obj['config'][0])"),
        (Point(1, 2), "Save tuple(obj['config'][0])"),
        (defaultdict(list), "Save dict(obj['config'][0])"),
        (Settings(), "Save vars(obj['config'][0])"),
        (print, "Leave it out"),
        (1j, "Leave it out"),
    ],
)
def test_what_is_more_than_data_is_refused(value: Any, advice: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(TypeError) as caught:
        save({"config": [value]}, path)
    assert advice in str(caught.value)
    assert f"obj['config'][0] of class {type(value).__qualname__}" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_list_that_contains_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="does one contain itself"):
        save(endless, io.BytesIO())


def test_the_deepest_tree_that_is_saved_is_loaded() -> None:
    tree: Any = 1
    for _ in range(MAX_DEPTH):
        tree = {"a": tree}
    assert same(through_a_file(tree), tree)


def test_more_than_a_header_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_format, "MAX_HEADER", 1000)
    with pytest.raises(ValueError, match="convert long lists of numbers to tensors"):
        save(list(range(1000)), io.BytesIO())


# --- where it is written ------------------------------------------------------------------------------


def test_paths_and_file_objects(tmp_path: Path) -> None:
    for path in tmp_path / "a.pt", str(tmp_path / "b.pt"):
        save({"n": 1}, path)
        assert load(path) == {"n": 1}
        with open(path, "rb") as file:
            assert load(file) == {"n": 1}
        with open(path, "rb", buffering=0) as raw:
            assert load(raw) == {"n": 1}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.pt", "b.pt"]


def test_a_stream_that_cannot_be_measured() -> None:
    class Stream:
        def __init__(self, data: bytes) -> None:
            self.data = data

        def read(self) -> bytes:
            return self.data

    file = io.BytesIO()
    save(cutaway.ones(3), file)
    assert load(Stream(file.getvalue())).tolist() == [1, 1, 1]


def test_files_that_are_not_for_bytes() -> None:
    with pytest.raises(TypeError, match="'wb'"):
        save(1, io.StringIO())
    with pytest.raises(TypeError, match="'rb'"):
        load(io.StringIO())
    with pytest.raises(TypeError, match="not int"):
        load(3)
    with pytest.raises(TypeError, match="not dict"):
        save("path", {})


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"Parent directory .* does not exist"):
        save(1, tmp_path / "runs" / "a.pt")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "a.pt")


@pytest.mark.skipif(os.name == "nt", reason="Windows has 260 letters for the whole path, unless it is told otherwise")
def test_the_name_of_a_new_file_may_be_long(tmp_path: Path) -> None:
    save(1, tmp_path / ("x" * 250))
    assert load(tmp_path / ("x" * 250)) == 1


@pytest.mark.skipif(os.name != "posix", reason="permissions and links as POSIX has them")
def test_links_and_permissions_stay(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    save(1, file)
    file.chmod(0o640)
    link.symlink_to(file)
    save(2, link)
    assert link.is_symlink() and load(file) == 2 and file.stat().st_mode & 0o777 == 0o640
    save(3, os.devnull)
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("failure", [OSError("disk full"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_file(
    failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(array: Any) -> None:
        raise failure

    path = tmp_path / "a.pt"
    save("old", path)
    monkeypatch.setattr(file_format, "_bytes_of", fail)
    with pytest.raises(type(failure)):
        save(cutaway.ones(1000), path)
    monkeypatch.undo()
    assert load(path) == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.pt"]


KILLED = """
import os, sys, cutaway
path, when = sys.argv[1:]
setattr(os, when, lambda *args: os._exit(9))
cutaway.save(cutaway.zeros(100_000), path)
"""


@pytest.mark.parametrize("when", ["fsync", "replace"])
def test_a_process_that_is_killed_leaves_the_old_file(when: str, tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    save("old", path)
    assert subprocess.run([sys.executable, "-c", KILLED, path, when]).returncode == 9
    assert load(path) == "old"


# --- map_location and the other arguments of PyTorch's --------------------------------------------------


def test_arguments_of_pytorch_are_taken() -> None:
    for where in None, "cpu", cutaway.device("cpu"), {"cuda:0": "cpu"}, lambda storage, place: storage:
        assert same(through_a_file([cutaway.ones(2)], map_location=where, weights_only=False), [cutaway.ones(2)])
    with pytest.raises(AssertionError, match="cutaway runs on the CPU only"):
        load(io.BytesIO(), map_location="cuda")


# --- the functions of safetensors -----------------------------------------------------------------------


def test_save_file_writes_tied_weights_under_each_name(tmp_path: Path) -> None:
    w = cutaway.arange(6.0).reshape(2, 3)
    state = {"a": w, "b": w, "c": w.t()}
    safetensors.save_file(state, tmp_path / "w.safetensors", {"note": "hello"})
    assert same(safetensors.load_file(tmp_path / "w.safetensors"), state)
    assert same(load(tmp_path / "w.safetensors"), state)


def test_save_file_takes_tensors_only() -> None:
    with pytest.raises(ValueError, match="Key `epoch` is invalid"):
        safetensors.save({"epoch": 3})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="Expected a dict"):
        safetensors.save([1])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"write str\(value\)"):
        safetensors.save({}, {"epoch": 3})  # type: ignore[dict-item]


def test_a_model_with_tied_weights_is_saved_and_loaded(tmp_path: Path) -> None:
    def model() -> nn.Module:
        net = nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 5))
        net[1].weight = net[0].weight
        return net

    net, twin = model(), model()
    safetensors.save_model(net, tmp_path / "net.safetensors", {"epoch": "3"})
    assert safetensors.load_model(twin, tmp_path / "net.safetensors") == ([], [])
    assert same(twin.state_dict(), net.state_dict())
    assert twin[1].weight is twin[0].weight  # type: ignore[index]


def test_a_file_of_another_library_is_a_dict_of_its_tensors() -> None:
    data = raw({"__metadata__": {"format": "pt", "tied": "x"}, "x": entry()}, np.float32([1, 2]).tobytes())
    state = load(io.BytesIO(data))
    assert same(state, {"x": cutaway.tensor([1.0, 2.0]), "tied": cutaway.tensor([1.0, 2.0])})
    state["x"][0] = math.pi
    assert same(state["tied"], state["x"])
