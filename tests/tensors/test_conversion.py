"""Python's numbers, NumPy's arrays, other dtypes, copies, attributes. tests/parity compares them with PyTorch."""

from __future__ import annotations

import copy
import inspect
import pickle
import pydoc
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway import Tensor

DTYPES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]


def test_one_number_as_pythons() -> None:
    x = cutaway.tensor([2.5])
    assert (x.item(), float(x), int(x), bool(x)) == (2.5, 2.5, 2, True)
    assert type(cutaway.tensor(True).item()) is bool
    assert type(cutaway.tensor(3).item()) is int
    assert cutaway.tensor([[1, 2]]).tolist() == [[1, 2]]
    assert list(range(cutaway.tensor(2))) == [0, 1]
    assert bool(cutaway.tensor(cutaway.nan)) is True


def test_format() -> None:
    x = cutaway.tensor(2.5, requires_grad=True)
    assert f"{x:.2f} {x.detach()} {cutaway.tensor(3):d} {cutaway.tensor([1, 2])}" == "2.50 2.5 3 tensor([1, 2])"
    assert "%.1f" % x == "2.5"  # noqa: UP031


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_and_back(dtype: str) -> None:
    x = cutaway.ones(2, dtype=getattr(cutaway, dtype))
    array = x.numpy()
    assert array.dtype == dtype
    assert np.shares_memory(array, np.asarray(x))
    assert cutaway.from_numpy(array).dtype == x.dtype
    assert np.array(x, dtype=np.float64).tolist() == [1, 1]
    assert not np.shares_memory(np.array(x), array)
    assert x.to(getattr(cutaway, dtype)) is x


def test_array_keeps_numpys_promise_about_copies() -> None:
    x = cutaway.ones(2)
    assert np.shares_memory(np.asarray(x, copy=False), x.numpy())
    assert not np.shares_memory(np.asarray(x, copy=True), x.numpy())
    with pytest.raises(ValueError, match="copy"):
        np.asarray(x, dtype=np.float64, copy=False)


def test_conversion_is_recorded() -> None:
    x = cutaway.ones(2, requires_grad=True)
    (x.double() * 2).sum().backward()
    assert x.grad.dtype == cutaway.float32
    assert x.grad.tolist() == [2, 2]
    assert not x.long().requires_grad


def test_each_dtype_has_a_method() -> None:
    x = cutaway.tensor([1.7, -1.7, 300.0])
    assert x.int().dtype is cutaway.int32 and x.int().tolist() == [1, -1, 300]
    whole = cutaway.tensor([70000, 300, -129])
    assert whole.short().dtype is cutaway.int16 and whole.short().tolist() == [4464, 300, -129]
    assert whole.byte().dtype is cutaway.uint8 and whole.byte().tolist() == [112, 44, 127]
    assert whole.char().dtype is cutaway.int8 and whole.char().tolist() == [112, 44, 127]
    assert not x.is_complex() and not x.dtype.is_complex
    assert (x.itemsize, whole.itemsize) == (4, 8)


def test_to_takes_its_arguments_in_any_order() -> None:
    x, other = cutaway.ones(2), cutaway.ones(1, dtype=cutaway.float64)
    f64 = cutaway.float64
    for y in (x.to(f64), x.to("cpu", f64), x.to(other), x.to(dtype=float), x.to(None, f64)):
        assert y.dtype == cutaway.float64
    assert x.type("torch.DoubleTensor").dtype == cutaway.float64
    assert x.to("cpu") is x.cpu() is x
    assert x.to(cutaway.device("cpu"), copy=True) is not x


COPIES: dict[str, Any] = {"deepcopy": copy.deepcopy, "pickle": lambda x: pickle.loads(pickle.dumps(x))}


@pytest.mark.parametrize("how", COPIES)
def test_copies(how: str) -> None:
    x = cutaway.arange(6.0).reshape(2, 3).t().requires_grad_()
    x.note = "mine"
    y = COPIES[how](x)
    assert y.tolist() == x.tolist()
    assert (y.requires_grad, y.is_leaf, y.note) == (True, True, "mine")
    with cutaway.no_grad():
        y.zero_()
    assert x.sum().item() == 15


def test_a_deep_copy_takes_the_gradient_along_and_keeps_one_one() -> None:
    x = cutaway.ones(2, requires_grad=True)
    (x * 3).sum().backward()
    a, b = copy.deepcopy([x, x])
    assert a is b
    assert a.grad.tolist() == [3, 3]
    assert a.grad is not x.grad
    for one in (cutaway.zeros(2), cutaway.nn.Parameter(cutaway.zeros(2))):
        c, d = copy.deepcopy([one, one])
        assert c is d and c.equal(one) and c is not one


def test_data_and_detach_share_memory_and_not_the_graph() -> None:
    x = cutaway.ones(2, requires_grad=True)
    for y in (x.data, x.detach()):
        assert not y.requires_grad
        y[0] += 1
    assert x.tolist() == [3, 1]
    x.data = cutaway.zeros(3)
    (x * 2).sum().backward()
    assert x.grad.shape == (3,)


def test_attributes_of_the_users_own_are_apart_from_the_state() -> None:
    x: Any = cutaway.ones(2, requires_grad=True) * 2
    assert vars(x) == {}
    x.label = "hidden"
    assert vars(x) == {"label": "hidden"}


def test_a_gradient_can_be_put_anywhere() -> None:
    for x in (cutaway.ones(2), cutaway.ones(2, requires_grad=True) * 2, cutaway.ones(2, requires_grad=True)):
        x.grad = cutaway.tensor([1.0, 2.0])
        assert x.grad.tolist() == [1, 2]


def test_requires_grad_can_be_changed_on_leaves() -> None:
    x = cutaway.ones(2)
    assert x.requires_grad_() is x
    x.requires_grad = False
    assert not (x * 2).requires_grad
    x.requires_grad = True
    assert (x * 2).requires_grad


def test_hash_is_identity() -> None:
    x, y = cutaway.ones(2), cutaway.ones(2)
    assert {x: 1, y: 2}[y] == 2


# --- what an editor and a reader see -----------------------------------------------------------------------


def public_methods() -> list[str]:
    return [name for name in dir(Tensor) if not name.startswith("_") and callable(getattr(Tensor, name))]


@pytest.mark.parametrize("name", public_methods())
def test_every_method_says_what_it_does(name: str) -> None:
    text = inspect.getdoc(getattr(Tensor, name))
    assert text
    first = text.partition("\n")[0]
    assert first.endswith(".") or first.endswith(")"), first
    assert len(first) < 110


def help_of(thing: Any) -> str:
    """What help() prints, in one line: from Python 3.13 on a long signature has several, from 3.14 on no quotes."""
    text = " ".join(pydoc.plain(pydoc.render_doc(thing)).split())
    return text.replace("( ", "(").replace(" )", ")").replace("'", "")


def test_help_reads_well() -> None:
    text = help_of(Tensor.sum)
    for part in ("sum(self, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor",
                 "The sum of all elements, or along dimensions.", "Args:", "Raises:", ">>> x.sum(dim=0)"):  # fmt: skip
        assert part in text
    assert "sum(input, dim" in help_of(cutaway.sum)


def test_a_name_that_is_not_there() -> None:
    x = cutaway.ones(2)
    with pytest.raises(AttributeError, match=r"no attribute 'reshpae'; similar: torch.Tensor.reshape"):
        x.reshpae
    assert not hasattr(x, "xyzzy")
    assert not hasattr(x, "__cuda_array_interface__")
    with pytest.raises(AttributeError, match=r"cutaway has no torch.sotfmax; similar: torch.softmax"):
        cutaway.sotfmax  # type: ignore[attr-defined]
    x.mine = 3
    assert x.mine == 3


def test_numpy_sees_tensors_that_require_grad_where_nothing_is_recorded() -> None:
    w = cutaway.ones(2, requires_grad=True)
    with cutaway.no_grad():
        assert np.shares_memory(w.numpy(), w.detach().numpy())
        assert type(np.concatenate([w, w * 2])) is np.ndarray
        assert np.asarray(w[0]) == 1
    with cutaway.inference_mode():
        assert (w * 2).numpy().tolist() == [2, 2]
    for refused in (lambda: w.numpy(), lambda: np.asarray(w * 2), lambda: np.array(list(w))):
        with pytest.raises(RuntimeError, match="requires grad"):
            refused()
