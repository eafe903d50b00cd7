"""Module: what it notices, what it finds again, how it is saved, printed, watched, copied."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn


class Net(nn.Module):
    """A layer twice, a list, a buffer that is saved and one that is not, and a parameter that is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.again = self.first
        self.layers = nn.ModuleList([nn.Linear(3, 3), nn.Tanh()])
        self.scale = nn.Parameter(torch.ones(3))
        self.register_parameter("shift", None)
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("cache", torch.zeros(1), persistent=False)
        self.plain = torch.ones(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        for layer in self.layers:
            x = layer(x)
        return x * self.scale


# -- Parameter and Buffer ------------------------------------------------------------------------------------------


def test_a_parameter_shares_memory_and_is_a_leaf() -> None:
    values = torch.zeros(2)
    p = nn.Parameter(values)
    values.fill_(3.0)
    assert p.tolist() == [3, 3]
    assert p.requires_grad and p.is_leaf and isinstance(p, torch.Tensor)
    assert repr(p) == "Parameter containing:\ntensor([3., 3.], requires_grad=True)"
    assert repr(nn.Parameter(values, requires_grad=False)) == "Parameter containing:\ntensor([3., 3.])"
    assert type(p * 1) is torch.Tensor
    assert nn.Parameter().shape == (0,)


def test_a_parameter_of_a_computed_tensor_is_a_new_leaf() -> None:
    x = torch.ones(2, requires_grad=True)
    p = nn.Parameter(x * 2)
    (p * 3).sum().backward()
    assert p.grad is not None and p.grad.tolist() == [3, 3]
    assert x.grad is None


def test_parameters_cannot_be_made_of_lists_or_whole_numbers() -> None:
    with pytest.raises(TypeError, match=r"write nn\.Parameter\(torch\.tensor\(\.\.\.\)\)"):
        nn.Parameter([1.0])  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="floating point"):
        nn.Parameter(torch.tensor([1]))
    assert nn.Parameter(torch.tensor([1]), requires_grad=False).tolist() == [1]


@pytest.mark.parametrize("how", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_copies_of_parameters(how: Callable[[Any], Any]) -> None:
    p = nn.Parameter(torch.ones(2))
    twin = how(p)
    assert type(twin) is nn.Parameter and twin.requires_grad and twin is not p
    p.data.fill_(5.0)
    assert twin.tolist() == [1, 1]
    assert type(how(nn.Buffer(torch.ones(2)))) is nn.Buffer


# -- noticing ------------------------------------------------------------------------------------------------------


def test_everything_is_found_once_and_in_order() -> None:
    net = Net()
    assert [name for name, _ in net.named_parameters()] == [
        "scale", "first.weight", "first.bias", "layers.0.weight", "layers.0.bias",
    ]  # fmt: skip
    assert [name for name, _ in net.named_parameters(recurse=False)] == ["scale"]
    assert [name for name, _ in net.named_parameters("net", remove_duplicate=False)][-4:] == [
        "net.again.weight", "net.again.bias", "net.layers.0.weight", "net.layers.0.bias",
    ]  # fmt: skip
    assert [name for name, _ in net.named_buffers()] == ["mean", "cache"]
    assert len(list(net.buffers())) == 2
    assert [name for name, _ in net.named_modules()] == ["", "first", "layers", "layers.0", "layers.1"]
    assert [name for name, _ in net.named_children()] == ["first", "layers"]
    assert next(net.children()) is net.first and next(net.modules()) is net
    assert sum(p.numel() for p in net.parameters()) == 3 + 9 + 12
    assert {"scale", "mean", "first", "training", "forward"} <= set(dir(net))


def test_assignment_moves_between_the_shelves() -> None:
    m = nn.Module()
    values: list[Any] = [torch.zeros(1), nn.Parameter(torch.ones(1)), None, nn.Parameter(torch.ones(1))]
    for value in values:
        m.x = value
        assert m.x is value
    assert "x" not in vars(m) and list(m.state_dict()) == ["x"]
    del m.x
    m.x = nn.ReLU()
    m.x = nn.Parameter(torch.ones(1))
    assert not list(m.children()) and len(list(m.parameters())) == 1
    del m.x
    assert not hasattr(m, "x")
    m.b = nn.Buffer(torch.ones(1), persistent=False)
    m.b = torch.zeros(2)  # a buffer takes any Tensor
    assert m.get_buffer("b").shape == (2,) and not m.state_dict()
    m.note = 3
    del m.note, m.b
    assert not hasattr(m, "note")
    m.b = nn.Buffer(torch.ones(1))
    assert list(m.state_dict()) == ["b"]  # that the last b was not to be saved is forgotten
    with pytest.raises(AttributeError, match="nothing"):
        del m.nothing


def test_a_place_may_be_kept_empty() -> None:
    m = nn.Module()
    m.register_module("child", None)
    m.register_buffer("b", None)
    m.register_parameter("p", None)
    assert m.child is m.b is m.p is None
    m.double().train().apply(lambda module: None).zero_grad()
    assert [*m.children(), *m.parameters(), *m.buffers(), *m.state_dict()] == [] and len(list(m.modules())) == 1
    assert repr(m) == "Module(\n  (child): None\n)"


def test_a_replaced_parameter_keeps_its_place() -> None:
    layer = nn.Linear(2, 2)
    layer.weight = nn.Parameter(torch.zeros(2, 2))
    assert list(layer.state_dict()) == ["weight", "bias"]


MISTAKES: list[tuple[Callable[[Net], Any], type[Exception], str]] = [
    (
        lambda n: setattr(n, "scale", torch.ones(3)),
        TypeError,
        r"Net\.scale is a parameter, not a tensor of shape \(3,\)",
    ),
    (lambda n: setattr(n, "first", 3), TypeError, r"Net\.first is a child module, not the number 3"),
    (lambda n: setattr(n, "mean", 3), TypeError, "assign a Tensor, or None"),
    (lambda n: n.nothing, AttributeError, "'Net' object has no attribute 'nothing'"),
    (lambda n: n.register_buffer("first", torch.ones(1)), KeyError, "already has an attribute 'first'"),
    (lambda n: n.register_buffer("a.b", torch.ones(1)), KeyError, "separates the levels"),
    (lambda n: n.register_buffer("", torch.ones(1)), KeyError, "cannot be empty"),
    (lambda n: n.register_buffer(3, torch.ones(1)), TypeError, "a string, not int"),
    (lambda n: n.register_buffer("b", 3), TypeError, "must be a Tensor or None"),
    (lambda n: n.register_parameter("p", torch.ones(1)), TypeError, r"wrap the values, nn\.Parameter\(values\)"),
    (lambda n: n.add_module("m", nn.ReLU), TypeError, r"create an instance of it, ReLU\(\.\.\.\)"),
    (lambda n: n.get_submodule("layers.7"), AttributeError, r"'7' \(asked for 'layers\.7'\); it has: 0, 1"),
    (lambda n: n.get_parameter("first.gain"), AttributeError, "it has: weight, bias"),
    (lambda n: n.get_buffer("scale"), AttributeError, "it has: mean, cache"),
    (lambda n: n.train("x"), ValueError, r"did you mean net\(x\)\?"),
    (lambda n: n.to(torch.int64), TypeError, r"convert the data instead, x\.to\(torch\.int64\)"),
    (lambda n: n.to("cuda"), AssertionError, "CPU only"),
    (lambda n: n.cuda(), AssertionError, "no CUDA: it runs on the CPU"),
    (lambda n: nn.Module()(1), NotImplementedError, r"has no forward\(\): define `def forward\(self, x\): \.\.\.`"),
    (lambda n: n.load_state_dict([]), TypeError, "a dict of names and Tensors"),
]


@pytest.mark.parametrize("mistake, error, text", MISTAKES)
def test_mistakes_are_explained(mistake: Callable[[Net], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        mistake(Net())


@pytest.mark.parametrize("value", [nn.Parameter(torch.ones(1)), nn.ReLU(), nn.Buffer(torch.ones(1))])
def test_assigning_before_init_is_explained(value: Any) -> None:
    class Early(nn.Module):
        def __init__(self) -> None:
            self.part = value

    with pytest.raises(AttributeError) as error:
        Early()
    assert "before Early is a module" in str(error.value)
    assert "        super().__init__()\n        self.part = ..." in str(error.value)


def test_using_before_init_is_explained() -> None:
    class Early(nn.Module):
        def __init__(self) -> None:
            self.size = 3  # an ordinary attribute: nothing is wrong yet

    early = Early()
    for use in (lambda: early(1), lambda: list(early.parameters()), lambda: repr(early), lambda: early.x):
        with pytest.raises(AttributeError, match=r"Early\.__init__ did not call super\(\)\.__init__\(\)"):
            use()
    for kind, register in (("buffer", early.register_buffer), ("module", early.add_module)):
        with pytest.raises(AttributeError, match=f"cannot register a {kind} before Early is a module: call super"):
            register("part", None)


def test_a_computed_parameter_is_refused() -> None:
    net = nn.Module()
    w = nn.Parameter(torch.ones(1))
    computed = w.exp()
    computed.__class__ = nn.Parameter
    with pytest.raises(ValueError, match=r"compute it in forward\(\)"):
        net.register_parameter("p", computed)  # type: ignore[arg-type]


# -- modes, conversion, gradients ----------------------------------------------------------------------------------


def test_train_and_eval_reach_everything() -> None:
    net = Net()
    assert net.eval() is net and not any(m.training for m in net.modules())
    assert net.train() is net and all(m.training for m in net.modules())


def test_conversion_keeps_the_parameter_objects() -> None:
    net = Net()
    net.count = nn.Buffer(torch.tensor(3))
    scale = net.scale
    net(torch.ones(1, 2)).sum().backward()
    grad = scale.grad
    assert net.double() is net and net.scale is scale and scale.grad is grad
    assert scale.dtype == torch.float64 and grad is not None and grad.dtype == torch.float64
    assert net.mean.dtype == torch.float64 and net.count.dtype == torch.int64
    net(torch.ones(1, 2, dtype=torch.float64)).sum().backward()
    assert net.to("cpu", torch.float32).scale.dtype == torch.float32
    assert net.to(torch.zeros(1, dtype=torch.float64)).mean.dtype == torch.float64
    assert net.to(None, torch.float16).mean.dtype == net.half().mean.dtype == torch.float16
    assert net.float().type(torch.float64).count.dtype == torch.float64
    assert net.cpu() is net


def test_freezing_and_forgetting_gradients() -> None:
    net = Net()
    net(torch.ones(1, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert net.scale.grad is not None and net.scale.grad.tolist() == [0, 0, 0]
    net.zero_grad()
    assert net.scale.grad is None
    net.requires_grad_(False)
    assert not net(torch.ones(1, 2)).requires_grad
    assert net.requires_grad_() is net and net(torch.ones(1, 2)).requires_grad


def test_apply_visits_children_first() -> None:
    seen: list[nn.Module] = []
    net = nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.ReLU()))
    assert net.apply(seen.append) is net
    assert [type(m).__name__ for m in seen] == ["Linear", "ReLU", "Sequential", "Sequential"]


# -- saving and loading --------------------------------------------------------------------------------------------


def test_state_dict_has_pytorchs_keys_and_shares_memory() -> None:
    net = Net()
    state = net.state_dict()
    assert list(state) == [
        "scale", "mean", "first.weight", "first.bias", "again.weight", "again.bias",
        "layers.0.weight", "layers.0.bias",
    ]  # fmt: skip
    state["scale"].fill_(7.0)
    assert net.scale.tolist() == [7, 7, 7] and not state["scale"].requires_grad
    assert net.state_dict(keep_vars=True)["scale"] is net.scale
    into = {"x": 1}
    assert net.first.state_dict(destination=into, prefix="p.") is into
    assert list(into) == ["x", "p.weight", "p.bias"]


def test_loading_copies_values() -> None:
    a, b = Net(), Net()
    weight = b.first.weight
    assert repr(b.load_state_dict(a.state_dict())) == "<All keys matched successfully>"
    assert b.first.weight is weight and weight.tolist() == a.first.weight.tolist()
    a.first.weight.data.fill_(0.0)
    assert weight.tolist() != a.first.weight.tolist()
    x = torch.ones(1, 2)
    b.load_state_dict(a.state_dict(), assign=True)
    assert a(x).tolist() == b(x).tolist() and isinstance(b.scale, nn.Parameter)


def test_assigned_values_are_trained_as_the_old_ones_were() -> None:
    net, values = nn.Linear(2, 1), {"weight": nn.Parameter(torch.ones(1, 2), False), "bias": torch.zeros(1)}
    net.bias.requires_grad_(False)
    net.load_state_dict(values, assign=True)
    assert net.weight is values["weight"] and net.weight.requires_grad
    assert net.bias.data_ptr() == values["bias"].data_ptr() and not net.bias.requires_grad


def test_old_files_count_no_batches() -> None:
    net = nn.Sequential(nn.BatchNorm1d(1))
    net(torch.tensor([[1.0], [2.0]]))
    values = {name: value for name, value in net.state_dict().items() if not name.endswith("tracked")}
    assert repr(net.load_state_dict(values)) == "<All keys matched successfully>"
    assert net[0].num_batches_tracked == 1


def test_loading_converts_the_dtype() -> None:
    net = nn.Linear(2, 1)
    net.load_state_dict(nn.Linear(2, 1).double().state_dict())
    assert net.weight.dtype == torch.float32


def test_every_mismatch_is_listed_and_nothing_is_loaded() -> None:
    net = Net()
    before = {name: value.tolist() for name, value in net.state_dict().items()}
    state = {name: value + 1 for name, value in net.state_dict().items()}
    del state["scale"]
    state.update({"first.weight": torch.zeros(5, 2), "mean": 3, "other": torch.zeros(1)})
    with pytest.raises(RuntimeError) as error:
        net.load_state_dict(state)
    text = str(error.value)
    assert "Error(s) in loading state_dict for Net, nothing was loaded" in text
    assert "Missing (in the model, not in the file): scale" in text
    assert "Unexpected (in the file, not in the model): other" in text
    assert "size mismatch for first.weight: the file has (5, 2), the model (3, 2)" in text
    assert "mean: expected a Tensor, but the file holds int" in text
    assert {name: value.tolist() for name, value in net.state_dict().items()} == before


def test_names_that_are_not_strings_are_listed_too() -> None:
    with pytest.raises(RuntimeError, match=r"not in the model\): 3, None"):
        nn.Linear(2, 3).load_state_dict({3: 1, None: 2})  # type: ignore[dict-item]


def test_loading_what_matches() -> None:
    net = Net()
    result = net.load_state_dict({"scale": torch.zeros(3), "other": torch.zeros(1)}, strict=False)
    assert net.scale.tolist() == [0, 0, 0]
    assert result.unexpected_keys == ["other"] and "mean" in result.missing_keys
    assert repr(result).startswith("_IncompatibleKeys(missing_keys=['mean', ")


@pytest.mark.parametrize("how", [copy.deepcopy, lambda net: pickle.load(io.BytesIO(pickle.dumps(net)))])
def test_copies(how: Callable[[Any], Any]) -> None:
    net = Net().eval()
    twin = how(net)
    assert repr(twin) == repr(net) and twin.first is twin.again and not twin.training
    assert twin.first.weight is not net.first.weight
    x = torch.ones(1, 2)
    assert twin(x).tolist() == net(x).tolist()
    net.scale.data.fill_(0.0)
    assert twin(x).tolist() != net(x).tolist()


# -- printing ------------------------------------------------------------------------------------------------------


def test_printing() -> None:
    class Noted(nn.Module):
        def extra_repr(self) -> str:
            return "one\ntwo"

    noted = Noted()
    assert repr(noted) == "Noted(\n  one\n  two\n)"
    noted.child = nn.ReLU()
    assert repr(noted) == "Noted(\n  one\n  two\n  (child): ReLU()\n)"
    assert repr(nn.Module()) == "Module()"
    assert repr(Net()) == (
        "Net(\n"
        "  (first): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (again): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (layers): ModuleList(\n"
        "    (0): Linear(in_features=3, out_features=3, bias=True)\n"
        "    (1): Tanh()\n"
        "  )\n"
        ")"
    )


# -- watching ------------------------------------------------------------------------------------------------------


def test_a_node_knows_which_call_of_which_module_made_it() -> None:
    net = Net()
    x = torch.ones(2)
    scaled = net(x).grad_fn
    assert scaled.call[0]() is net and scaled.call[1:] == (Net, None)
    tanh = scaled.next_functions[0][0]
    module, kind, outer = tanh.call
    assert module() is net.layers[1] and kind is nn.Tanh and outer is scaled.call
    assert net(x).grad_fn.call is not scaled.call
    assert (net.scale * 2).grad_fn.call is None


def test_an_error_in_forward_leaves_no_call_behind() -> None:
    net = Net()
    with pytest.raises(RuntimeError):
        net(torch.ones(5))
    assert (net.scale * 2).grad_fn.call is None



def test_forward_hooks_see_and_change() -> None:
    layer = nn.Linear(2, 2)
    x = torch.ones(1, 2)
    plain = layer(x)
    order: list[str] = []
    layer.register_forward_hook(lambda m, args, out: order.append("second"))
    layer.register_forward_hook(lambda m, args, out: order.append("first"), prepend=True)
    changing = layer.register_forward_hook(lambda m, args, out: out * 2)
    np.testing.assert_allclose(layer(x).numpy(force=True), 2 * plain.numpy(force=True))
    assert order == ["first", "second"]
    changing.remove()
    changing.remove()
    assert layer(x).tolist() == plain.tolist()
    with layer.register_forward_pre_hook(lambda m, args: args[0] * 0):
        assert layer(x).tolist() == [layer.bias.tolist()]
    calls: list[Any] = []
    with layer.register_forward_pre_hook(lambda m, args: calls.append(args)):  # gives None: nothing is changed
        with layer.register_forward_pre_hook(lambda m, args, kwargs: calls.append(kwargs), with_kwargs=True):
            assert layer(x).equal(plain)
    assert calls == [(x,), {}]
    seen: list[Any] = []
    layer.register_forward_pre_hook(lambda m, args, kwargs: ((x,), {}), with_kwargs=True)
    layer.register_forward_hook(lambda m, args, kwargs, out: seen.append((len(args), kwargs)), with_kwargs=True)
    layer(x=x)
    assert seen == [(1, {})]


def test_backward_hooks_see_and_change() -> None:
    layer = nn.Linear(2, 3)
    x = torch.ones(4, 2, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad is not None
    plain = x.grad.numpy().copy()
    seen: list[Any] = []
    layer.register_full_backward_hook(lambda m, gin, gout: seen.append((gin[0].shape, gout[0].shape)))
    layer.register_full_backward_hook(lambda m, gin, gout: (gin[0] * 10,))
    layer.register_full_backward_pre_hook(lambda m, gout: (gout[0] * 2,))
    x.grad = None
    layer(x).sum().backward()
    assert seen == [((4, 2), (4, 3))]
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), 20 * plain, rtol=1e-6)


def test_a_backward_hook_sees_several_tensors_together() -> None:
    class Two(nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor, n: int) -> tuple[torch.Tensor, torch.Tensor]:
            return x * y, x + n

    two = Two()
    seen: list[Any] = []
    two.register_full_backward_hook(lambda m, gin, gout: seen.append([None if g is None else g.tolist() for g in gin]))
    x, y = torch.tensor([2.0], requires_grad=True), torch.tensor([5.0], requires_grad=True)
    a, b = two(x, y, 3)
    (a + b * 2).sum().backward()
    assert seen == [[[7.0], [2.0], None]]
    two.register_full_backward_hook(lambda m, gin, gout: gin[:1])
    a, b = two(x, y, 3)
    with pytest.raises(RuntimeError, match="given 3 gradients, and returned 1"):
        (a + b).sum().backward()


def test_a_backward_hook_on_a_first_layer_sees_no_input_gradient() -> None:
    layer = nn.Linear(2, 1)
    seen: list[Any] = []
    layer.register_full_backward_hook(lambda m, gin, gout: seen.append((gin, gout[0].tolist())))
    layer(torch.ones(1, 2)).sum().backward()
    assert seen == [((None,), [[1.0]])]
    with torch.no_grad():
        assert not layer(torch.ones(1, 2)).requires_grad
