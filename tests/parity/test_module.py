"""Module, containers and the helpers over parameters, against PyTorch."""

from __future__ import annotations

from typing import Any

import pytest

from tests.parity.both import leaf, numbers, same

# -- Module ------------------------------------------------------------------------------------------------------------


def net(t: Any) -> Any:
    """A model with everything in it: shared layers, containers, buffers, absent parameters."""
    nn = t.nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(2, 3)
            self.b = self.a
            self.layers = nn.ModuleList([nn.Linear(2, 3) for _ in range(3)] + [nn.ReLU()])
            self.named = nn.ModuleDict({"x": nn.Dropout(0.3)})
            self.weights = nn.ParameterList([t.zeros(2), nn.Parameter(t.ones(2, 3)), 3])
            self.by_name = nn.ParameterDict({"k": t.zeros(2)})
            self.register_buffer("mean", t.zeros(3))
            self.register_buffer("temporary", t.ones(1), persistent=False)
            self.register_buffer("absent", None)
            self.register_parameter("nothing", None)
            self.mask = nn.Buffer(t.ones(2))
            self.w = nn.Parameter(t.ones(2))
            self.plain = t.ones(2)

        def forward(self, x: Any) -> Any:
            return self.a(x) + self.w.sum()

    return Net()


def test_module_tells_what_it_has() -> None:
    def program(t: Any) -> Any:
        n = net(t)
        return [
            repr(n),
            dict(n.state_dict()),
            dict(n.state_dict(prefix="net.")),
            [name for name, _ in n.named_parameters()],
            [name for name, _ in n.named_parameters(remove_duplicate=False)],
            [name for name, _ in n.named_parameters(prefix="p", recurse=False)],
            [name for name, _ in n.named_buffers()],
            [name for name, _ in n.named_modules()],
            [name for name, _ in n.named_modules(prefix="m", remove_duplicate=False)],
            [name for name, _ in n.named_children()],
            len(list(n.children())), len(list(n.modules())), len(list(n.parameters())),
            [type(m).__name__ for m in n.modules()],
            n.get_submodule("layers.1") is n.layers[1], n.get_parameter("a.weight") is n.a.weight,
            n.get_buffer("mean") is n.mean, n.get_submodule("") is n,
            n.training, n.eval().training, [m.training for m in n.modules()], n.train().named.x.training,
        ]  # fmt: skip

    same(program)


MISTAKES = [
    "setattr(n, 'a', 3)", "setattr(n.a, 'weight', t.zeros(3, 2))", "setattr(n, 'mean', 3)", "n.foo", "del n.foo",
    "n.register_buffer('a', t.zeros(1))", "n.register_buffer('x.y', t.zeros(1))", "n.register_buffer('', t.zeros(1))",
    "n.register_buffer(3, t.zeros(1))", "n.register_buffer('z', 3)", "n.register_parameter('z', t.zeros(1))",
    "n.register_parameter('z', nn.Parameter(t.zeros(1)).exp())", "n.register_parameter('a', nn.Parameter(t.zeros(1)))",
    "n.register_parameter('', None)", "n.register_parameter(3, None)", "n.register_parameter('a.b', None)",
    "n.add_module('z', 3)", "n.add_module('mean', nn.ReLU())", "n.add_module('', nn.ReLU())",
    "n.add_module('a.b', nn.ReLU())", "n.add_module(3, nn.ReLU())", "n.add_module('z', nn.ReLU)", "n.train('x')",
    "nn.Module()(3)", "nn.ModuleList()(3)", "n.get_submodule('layers.7')", "n.get_parameter('a.foo')",
    "n.get_parameter('mean')", "n.get_buffer('a.weight')", "n.to(t.int64)", "n.load_state_dict(3)",
    "n.load_state_dict({})", "n.load_state_dict({**n.state_dict(), 'zzz': t.zeros(1)})",
    "n.load_state_dict({**n.state_dict(), 'mean': t.zeros(4)}, strict=False)",
    "n.load_state_dict({**n.state_dict(), 'mean': 5})", "repr(n.load_state_dict({}, strict=False))",
    "repr(n.load_state_dict({'zzz': 3}, strict=False))", "repr(n.load_state_dict(n.state_dict()))",
    "nn.Parameter(t.tensor([1, 2]))", "nn.Parameter(t.tensor([1, 2]), False)",
    "nn.Sequential(3)", "nn.Sequential(nn.ReLU)", "nn.Sequential(nn.ReLU())[5]", "nn.Sequential(nn.ReLU())['0']",
    "nn.Sequential(nn.ReLU()).append(3)", "nn.Sequential(nn.ReLU()).insert(9, nn.ReLU())",
    "nn.Sequential(nn.ReLU()).extend(3)", "nn.Sequential(nn.ReLU()) * 0",
    "nn.Sequential(nn.ReLU()) * 1.5", "nn.Sequential(nn.ReLU()) + 3", "nn.ModuleList([3])", "nn.ModuleList(3)",
    "nn.ModuleList([nn.ReLU()])[1]", "nn.ModuleList([nn.ReLU()]).append(3)", "nn.ModuleList([nn.ReLU()]).extend(3)",
    "nn.ModuleDict({3: nn.ReLU()})", "nn.ModuleDict({'keys': nn.ReLU()})", "nn.ModuleDict({'a': 3})",
    "nn.ModuleDict({'a': nn.ReLU()})['b']", "nn.ModuleDict(3)", "nn.ParameterList([t.zeros(1)])[1]",
    "nn.ParameterList(3)", "nn.ParameterList(t.zeros(2))", "nn.ParameterDict(3)", "nn.Linear(3, -4)",
    "nn.Linear(3.5, 4)", "nn.Embedding(3, 4, padding_idx=5)", "nn.Embedding(3, 4, padding_idx=-4)", "nn.Dropout(2)",
    "nn.Dropout(-0.1)", "nn.Hardtanh(1, 1)", "nn.Unflatten(1, 3)", "nn.Unflatten(1, (2.5,))",
    "nn.utils.vector_to_parameters(t.zeros(1), n.parameters())",
    "nn.utils.vector_to_parameters(3, n.parameters())",
    "nn.CrossEntropyLoss(reduction='avg')(t.zeros(2, 3), t.tensor([0, 1]))",
    "nn.CrossEntropyLoss(label_smoothing=1.5)(t.zeros(2, 3), t.tensor([0, 1]))",
    "nn.CrossEntropyLoss(t.ones(4))(t.zeros(2, 3), t.tensor([0, 1]))",
    "nn.CrossEntropyLoss(t.ones(3, dtype=t.float64))(t.zeros(2, 3), t.tensor([0, 1]))",
    "nn.CrossEntropyLoss()(t.zeros(2, 3, dtype=t.int64), t.tensor([0, 1]))",
    "nn.CrossEntropyLoss()(t.zeros(2, 3, 4), t.zeros(2, 5, dtype=t.int64))", "nn.Linear(3, 4)([1.0, 2.0, 3.0])",
    "nn.Linear(3, 4)(t.zeros(2, 3, dtype=t.float64))", "nn.Linear(3, 4)(t.zeros(2, 3, dtype=t.int64))",
    "nn.Embedding(3, 4)([1])", "nn.CrossEntropyLoss()(t.zeros(2, 3), [0, 1])",
    "nn.CrossEntropyLoss(ignore_index=1)(t.zeros(2, 3), t.zeros(2, 3))", "nn.Dropout()(3.0)", "nn.ReLU()(3.0)",
    "nn.NLLLoss()(t.zeros(()), t.tensor(0))", "nn.RNN(3, 5)(t.zeros(2, 2, 3, dtype=t.float64))",
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_raise_the_same_class(mistake: str) -> None:
    def program(t: Any) -> Any:
        n = net(t)
        before = dict(n.state_dict())
        if mistake.startswith("del "):
            delattr(n, mistake[6:])
        value = eval(mistake, {"n": n, "t": t, "nn": t.nn})
        assert list(before) == list(n.state_dict())
        return value if isinstance(value, str) else None

    same(program)


@pytest.mark.parametrize("value", ["nn.Parameter(t.zeros(1))", "nn.ReLU()", "nn.Buffer(t.zeros(1))", "t.zeros(1)", "3"])
def test_assignment_before_init(value: str) -> None:
    def program(t: Any) -> Any:
        class Early(t.nn.Module):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                self.x = eval(value, {"t": t, "nn": t.nn})

        early = Early()
        return list(early.parameters())

    same(program)


def test_assignment_moves_between_the_shelves() -> None:
    def program(t: Any) -> Any:
        m = t.nn.Module()
        seen = []
        for value in [t.zeros(1), t.nn.Parameter(t.ones(1)), None, t.nn.ReLU(), t.nn.Buffer(t.ones(2)), t.zeros(3)]:
            m.x = value
            seen.append([list(m._parameters), list(m._buffers), list(m._modules), "x" in vars(m), list(m.state_dict())])
        del m.x
        seen.append([hasattr(m, "x"), list(m.state_dict()), "training" in dir(m)])
        return seen

    same(program)


def test_sequential_as_a_list() -> None:
    def program(t: Any) -> Any:
        nn = t.nn
        s = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
        out = [repr(s[0:1]), repr(s[-1]), repr(s + nn.Sequential(nn.ReLU())), repr(s * 2), len(s)]
        s.append(nn.ReLU()).extend([nn.GELU(), nn.SiLU()]).insert(-1, nn.ELU()).insert(0, nn.Identity())
        out.append(repr(s))
        out.append(repr(s.pop(0)))
        del s[1:3]
        s[0] = nn.Linear(2, 5)
        s[-1] = nn.Mish()
        s += nn.Sequential(nn.SELU())
        out += [repr(s), [type(m).__name__ for m in s], list(s.state_dict()), repr(s.insert(len(s), nn.Tanh()))]
        del s[-1]
        from collections import OrderedDict

        named = nn.Sequential(OrderedDict([("first", nn.Linear(2, 3)), ("then", nn.ReLU())]))
        return [*out, repr(s), repr(named), repr(named[1:]), list(named.state_dict()), repr(named.first)]

    same(program)


def test_containers_as_collections() -> None:
    def program(t: Any) -> Any:
        nn = t.nn
        ms = nn.ModuleList(nn.Linear(i + 1, 2) for i in range(4))
        ms.append(nn.ReLU()).extend([nn.Tanh()])
        ms.insert(1, nn.GELU())
        ms += [nn.SiLU()]
        ms[2] = nn.ELU()
        del ms[0]
        out = [repr(ms), repr(ms[1:3]), repr(ms[-1]), repr(ms + [nn.ReLU()]), repr(ms.pop(1)), len(ms), repr(ms)]
        md = nn.ModuleDict({"a": nn.ReLU()})
        md["b"] = nn.Tanh()
        md.update({"c": nn.GELU()})
        md.update([["d", nn.SiLU()]])
        out += [repr(md), list(md), list(md.keys()), len(md), "a" in md, repr(md.pop("a")), [k for k, _ in md.items()]]
        out += [[repr(m) for m in md.values()], list(md.state_dict())]
        del md["b"]
        out.append(repr(md))
        md.clear()
        out.append(len(md))
        pl = nn.ParameterList([t.zeros(2)])
        pl.append(t.ones(3)).extend([t.zeros(1, 1)])
        pl += [nn.Parameter(t.ones(1))]
        pl[0] = t.ones(4)
        out += [repr(pl), len(pl), list(pl.state_dict()), pl[0], pl[-1], repr(pl[1:3]), [tuple(p.shape) for p in pl]]
        pd = nn.ParameterDict({"b": t.zeros(2), "a": t.ones(1)})
        pd["c"] = t.zeros(3)
        pd.update([("d", t.zeros(1))])
        out += [repr(pd), list(pd), len(pd), "a" in pd, pd["a"], list(pd.state_dict()), pd.get("q"), list(pd.keys())]
        out += [[k for k, _ in pd.items()], [tuple(v.shape) for v in pd.values()], pd.pop("a"), list(pd)]
        del pd["b"]
        out.append(repr(pd))
        pd.clear()
        return [*out, len(pd), repr(pd)]

    same(program)


def test_conversion_freezing_and_gradients() -> None:
    def program(t: Any) -> Any:
        n = net(t)
        weight = n.a.weight
        n(t.ones(1, 2)).sum().backward()
        out = [[str(p.dtype) for p in n.double().parameters()], n.a.weight is weight, weight.grad, n.mean]
        n.float()
        out += [weight, weight.grad, n.to(t.float64) is n, str(n.w.dtype), str(n.to("cpu").w.dtype)]
        n.to(t.zeros(1, dtype=t.float32))
        n.type(t.float64)
        n.requires_grad_(False)
        out += [[p.requires_grad for p in n.parameters()]]
        n.requires_grad_()
        n.zero_grad(set_to_none=False)
        out.append(n.w.grad)
        n.zero_grad()
        return [*out, n.w.grad, str(n.half().w.dtype)]

    same(program)


def test_loading_copies_in_place() -> None:
    def program(t: Any) -> Any:
        a, b = net(t), net(t)
        weight = b.a.weight
        state = a.state_dict()
        out = [repr(b.load_state_dict(state)), weight, weight is b.a.weight, weight.is_leaf]
        state["a.weight"].fill_(7.0)  # shares memory with a
        out += [a.a.weight, weight]
        partial = {"a.bias": t.ones(3), "zzz": t.ones(1)}
        out += [repr(b.load_state_dict(partial, strict=False)), b.a.bias]
        keep = a.state_dict(keep_vars=True)
        out += [keep["a.weight"] is a.a.weight]
        b.load_state_dict(state, assign=True)
        return [*out, b.a.weight, type(b.a.weight).__name__, b.a.weight.requires_grad]

    same(program)


def test_hooks() -> None:
    def program(t: Any) -> Any:
        seen: list[Any] = []
        layer = t.nn.Linear(2, 2)
        x = t.ones(1, 2)
        plain = layer(x).detach()
        h1 = layer.register_forward_pre_hook(lambda m, args: seen.append(("pre", len(args))))
        h2 = layer.register_forward_hook(lambda m, args, out: seen.append(("post", tuple(out.shape))))
        h3 = layer.register_forward_hook(lambda m, args, out: out * 2, prepend=True)
        h4 = layer.register_forward_pre_hook(lambda m, args: (args[0] + 1,), prepend=True)
        out = layer(x)
        h5 = layer.register_forward_hook(lambda m, args, kwargs, out: seen.append(sorted(kwargs)), with_kwargs=True)
        h6 = layer.register_forward_pre_hook(lambda m, args, kwargs: (args, kwargs), with_kwargs=True)
        again = layer(input=x) if t.__name__ == "torch" else layer(x=x)
        for handle in (h1, h2, h3, h4, h5, h6):
            handle.remove()
            handle.remove()
        with layer.register_forward_hook(lambda m, args, out: out * 0):
            zero = layer(x)
        return [plain, out, seen[:2], len(seen), again is not None, zero, layer(x)]

    def kwargs_free(t: Any) -> Any:
        return program(t)

    same(kwargs_free)


def test_backward_hooks() -> None:
    def program(t: Any) -> Any:
        seen: list[Any] = []

        class Two(t.nn.Module):  # type: ignore[misc, name-defined]
            def forward(self, x: Any, y: Any, z: Any) -> Any:
                return x * y, x + y * 2

        def look(m: Any, grad_input: Any, grad_output: Any) -> None:
            seen.append([type(m).__name__, list(grad_input), list(grad_output)])

        def double(m: Any, grad_input: Any, grad_output: Any) -> Any:
            return tuple(None if g is None else g * 2 for g in grad_input)

        x, y = leaf(t, numbers(2, 3)), leaf(t, numbers(3, seed=1))
        two, layer, first = Two(), t.nn.Linear(3, 4), t.nn.Linear(2, 3)
        handles = [two.register_full_backward_hook(look), layer.register_full_backward_hook(look)]
        handles += [first.register_full_backward_hook(look), two.register_full_backward_hook(double)]
        handles += [layer.register_full_backward_pre_hook(lambda m, g: (g[0] * 3,))]
        a, b = two(x + first(t.ones(2)), y, 5)
        layer(a + b).sum().backward()
        out = [seen, x.grad, y.grad, [p.grad for m in (layer, first) for p in m.parameters()]]
        for handle in handles:
            handle.remove()
        layer(x).sum().backward()
        with t.no_grad():
            layer.register_full_backward_hook(look)
            out.append(layer(x))
        return [*out, len(seen), x.grad]

    same(program)


def test_apply_visits_children_first() -> None:
    def program(t: Any) -> Any:
        nn = t.nn
        seen: list[str] = []
        model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU(), nn.Linear(2, 2)))

        def visit(m: Any) -> None:
            seen.append(type(m).__name__)
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                nn.init.zeros_(m.bias)

        returned = model.apply(visit)
        return [seen, returned is model, dict(model.state_dict())]

    same(program)


def test_copies() -> None:
    def program(t: Any) -> Any:
        import copy

        n = net(t)
        n(t.ones(1, 2)).sum().backward()
        twin = copy.deepcopy(n)
        with t.no_grad():
            n.a.weight.fill_(0.0)
        return [dict(twin.state_dict()), twin.a is twin.b, type(twin.w).__name__, twin.w.grad, repr(twin)]

    same(program)


# -- utils -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm_type", [2.0, 1.0, "inf", 3.0])
@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_clip_grad_norm(norm_type: Any, max_norm: float) -> None:
    def program(t: Any) -> Any:
        ps = [t.nn.Parameter(t.zeros(3, 2)), t.nn.Parameter(t.zeros(4)), t.nn.Parameter(t.zeros(1))]
        ps[0].grad, ps[1].grad = t.from_numpy(numbers(3, 2)), t.from_numpy(numbers(4, seed=1))
        return [t.nn.utils.clip_grad_norm_(ps, max_norm, norm_type), [p.grad for p in ps]]

    same(program)


def test_clipping_corner_cases() -> None:
    def program(t: Any) -> Any:
        p = t.nn.Parameter(t.zeros(2))
        out = [t.nn.utils.clip_grad_norm_([p], 1.0)]
        p.grad = t.tensor([3.0, float("nan")])
        out.append(t.nn.utils.clip_grad_norm_(p, 1.0))
        p.grad = t.tensor([3.0, -4.0])
        t.nn.utils.clip_grad_value_(p, 3.5)
        return [*out, p.grad]

    same(program)
    same(
        lambda t: [
            p := t.nn.Parameter(t.zeros(1)),
            setattr(p, "grad", t.tensor([float("inf")])),
            t.nn.utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True),
        ]
    )


def test_parameters_as_one_vector() -> None:
    def program(t: Any) -> Any:
        model = t.nn.Sequential(t.nn.Linear(2, 3), t.nn.Linear(3, 1))
        vector = t.nn.utils.parameters_to_vector(model.parameters())
        t.nn.utils.vector_to_parameters(vector.detach() * 2, model.parameters())
        return [vector, dict(model.state_dict())]

    same(program)
