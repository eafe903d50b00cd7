"""Files that go from PyTorch to cutaway and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

import cutaway
from cutaway.serialization import LoadError
from tests.parity.both import compare

DTYPES = ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"]


def model(t: Any) -> Any:
    t.manual_seed(0)
    return t.nn.Sequential(t.nn.Embedding(5, 4), t.nn.Flatten(), t.nn.Linear(12, 3), t.nn.PReLU())


def tied(t: Any) -> Any:
    t.manual_seed(0)
    net = t.nn.Sequential(t.nn.Embedding(5, 4), t.nn.Linear(4, 5))
    net[1].weight = net[0].weight
    return net


def every_dtype(t: Any) -> dict[str, Any]:
    state = {name: t.tensor([[0, 1, 2]]).to(getattr(t, name)) for name in DTYPES}
    return state | {"0-d": t.tensor(2.5), "empty": t.zeros(0, 3), "columns": t.arange(6.0).reshape(2, 3).t()[1:]}


def test_what_cutaway_saves_pytorch_loads(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    cutaway.save(model(cutaway).state_dict(), path)
    net = model(torch)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
    net.load_state_dict(safetensors.torch.load_file(path))
    compare(model(cutaway).state_dict(), net.state_dict(), 0, 0)


def test_what_pytorch_saves_cutaway_loads(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    safetensors.torch.save_file(model(torch).state_dict(), path)
    net = model(cutaway)
    with cutaway.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
    net.load_state_dict(cutaway.load(path))
    compare(net.state_dict(), model(torch).state_dict(), 0, 0)


@pytest.mark.parametrize("name", ["save", "save_file"])
def test_every_dtype_goes_there_and_back(name: str, tmp_path: Path) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    {"save": cutaway.save, "save_file": cutaway.safetensors.save_file}[name](every_dtype(cutaway), there)
    found = safetensors.torch.load_file(there)
    assert set(found) == set(every_dtype(torch))
    safetensors.torch.save_file(found, back)
    for loaded in cutaway.load(back), cutaway.safetensors.load_file(back):
        expected = every_dtype(torch)
        compare({key: loaded[key] for key in expected}, expected, 0, 0)


@pytest.mark.parametrize(
    "save", [cutaway.safetensors.save_model, lambda net, path: cutaway.save(net.state_dict(), path)]
)
def test_tied_weights_of_cutaway_load_in_pytorch(save: Any, tmp_path: Path) -> None:
    save(tied(cutaway), tmp_path / "net")
    net = torch.nn.Sequential(torch.nn.Embedding(5, 4), torch.nn.Linear(4, 5))
    net[1].weight = net[0].weight
    assert safetensors.torch.load_model(net, tmp_path / "net") == (set(), [])
    compare(tied(cutaway).state_dict(), net.state_dict(), 0, 0)


def test_tied_weights_of_pytorch_load_in_cutaway(tmp_path: Path) -> None:
    safetensors.torch.save_model(tied(torch), str(tmp_path / "net"))
    state = cutaway.load(tmp_path / "net")
    expected = tied(torch).state_dict()
    compare({key: state[key] for key in expected}, expected, 0, 0)


def test_a_nested_file_shows_pytorch_its_tensors_by_path(tmp_path: Path) -> None:
    net = model(cutaway)
    optimizer = cutaway.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    net(cutaway.tensor([[1, 2, 3]])).sum().backward()
    optimizer.step()
    cutaway.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, tmp_path / "all")
    found = safetensors.torch.load_file(tmp_path / "all")
    assert set(found) == {f"net.{name}" for name in net.state_dict()} | {
        f"optimizer.state.{i}.momentum_buffer" for i in range(4)
    }


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_of_pytorchs_is_refused_with_the_way_to_convert_it(zipped: bool, tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    torch.save(tied(torch).state_dict(), path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(LoadError, match="can run any code") as caught:
        cutaway.load(path, weights_only=False)
    # The advice is code; it is run as it stands
    code = [line for line in str(caught.value).splitlines() if line.startswith("    ")]
    exec("\n".join(code).replace("    ", "").replace("weights", str(tmp_path / "net")), {"torch": torch})
    expected = tied(torch).state_dict()
    loaded = cutaway.load(tmp_path / "net.safetensors")
    compare({name: loaded[name] for name in expected}, dict(expected), 0, 0)


def test_a_dtype_that_cutaway_does_not_have_is_named(tmp_path: Path) -> None:
    safetensors.torch.save_file({"w": torch.ones(2, dtype=torch.bfloat16)}, tmp_path / "w")
    with pytest.raises(LoadError, match="'w' has the dtype 'BF16'"):
        cutaway.load(tmp_path / "w")


@pytest.mark.parametrize("value", [1, 2.5, "text", None, [1, (2, 3)], {"a": {1: 2}}, b"bytes", {1, 2}])
def test_plain_values_come_back_as_with_pytorch(value: Any, tmp_path: Path) -> None:
    results = []
    for t in torch, cutaway:
        t.save(value, tmp_path / t.__name__)
        results.append(t.load(tmp_path / t.__name__))
    assert results[0] == results[1] == value


def test_shared_memory_comes_back_as_with_pytorch(tmp_path: Path) -> None:
    def program(t: Any) -> Any:
        x = t.arange(12.0).reshape(3, 4)
        t.save([x[:2], x[1:], x[:, 1], x], tmp_path / t.__name__)
        a, b, c, d = t.load(tmp_path / t.__name__)
        a.add_(100)
        return [a, b, c, d]

    compare(program(cutaway), program(torch), 0, 0)


def test_parameters_come_back_as_with_pytorch(tmp_path: Path) -> None:
    def program(t: Any) -> Any:
        p = t.nn.Parameter(t.ones(2))
        y = p * 2
        frozen = t.nn.Parameter(t.ones(1), requires_grad=False)
        t.save({"p": p, "frozen": frozen, "y": y, "again": p}, tmp_path / "file")
        found = t.load(tmp_path / "file")
        assert found["p"] is found["again"] and isinstance(found["frozen"], t.nn.Parameter)
        return found | {"leaf": found["y"].is_leaf, "class": type(found["y"]).__name__}

    compare(program(cutaway), program(torch), 0, 0)


def test_bytes_of_both_libraries() -> None:
    state = {"w": torch.ones(2)}
    loaded = cutaway.safetensors.load(safetensors.torch.save(state))
    np.testing.assert_array_equal(loaded["w"].numpy(), [1, 1])
    assert safetensors.torch.load(cutaway.safetensors.save(loaded))["w"].tolist() == [1, 1]
