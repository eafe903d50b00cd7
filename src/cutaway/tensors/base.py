"""The tensor's state, and `apply`, which runs an op on tensors.

A tensor is an array and a reference into the graph: `_node` is None for a constant, a `Leaf` for a
leaf that requires grad, and a `Node` for the result of a recorded op. The public methods are in the
other files of this package, one family per file; each is a line or two on top of `apply`.
"""

from __future__ import annotations

import inspect
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from .. import errors, events
from ..dtypes import Printed, Size, device, from_numpy_dtype, get_default_dtype, result_type
from ..dtypes import cpu as the_cpu
from ..dtypes import dtype as DType
from ..grad_mode import enable_grad, switch
from ..graph import Leaf, Node, observers
from ..memory import clock, owner, stamp_write, user_line
from ..ops import cast, copy, sub
from ..ops.contract import Array, Steps

if TYPE_CHECKING:
    from .tensor import Tensor

Number: TypeAlias = bool | int | float
Operand: TypeAlias = "Tensor | Number | Array"
RETAIN = -1  # the key of the hook that retain_grad() registers on a node


Dims: TypeAlias = "int | tuple[int, ...] | list[int] | None"


class AccumulateGrad(Leaf):
    """The graph node of a leaf tensor: accumulates incoming gradients into the tensor's `.grad`."""

    __slots__ = ("since", "tensor")

    def __init__(self, tensor: TensorBase) -> None:
        super().__init__(tensor._array.shape)
        self.since = 0  # when the accumulation of the current gradient began
        # A weak reference: the tensor owns its leaf, and a reference cycle would delay the release of both.
        self.tensor = weakref.ref(tensor)

    @property
    def variable(self) -> TensorBase | None:
        """The leaf tensor; the name is PyTorch's."""
        return self.tensor()

    def expect(self, g: Any) -> None:
        """Raise if `receive(g)` would fail, before any leaf of this backward pass receives its gradient."""
        tensor = self.tensor()
        if tensor is None or tensor._node is None:  # it is gone, or frozen
            return
        places = [tensor] if tensor._grad is None else [tensor, tensor._grad]
        if any(place._array.shape != g.shape or place._array.dtype.kind != "f" for place in places):
            raise errors.cannot_accumulate(g.shape, *places)
        if tensor._grad is not None:
            for listener in events.accumulation:
                listener(self)

    def receive(self, g: Any) -> None:
        """Accumulate g into the tensor's `.grad`."""
        tensor = self.tensor()
        if tensor is None or tensor._node is None:
            return
        old, dtype = tensor._grad, tensor._array.dtype
        if old is None:
            self.since = next(clock)
        if isinstance(g, TensorBase):  # create_graph: record the accumulation, out of place
            with enable_grad():
                g = to_dtype(g, dtype)
                tensor._grad = apply(copy, g, order="C") if old is None else old + g
        elif old is None or not old._array.flags.writeable:
            tensor._grad = wrap(np.asarray(g if old is None else old._array + g, dtype, order="C"))
        else:
            old._array += g
            stamp_write(old._array)

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self):#x}>"


class View:
    """How a view derives from its base: the base tensor, and the shape ops applied to it."""

    __slots__ = ("base", "chain", "node")

    def __init__(self, base: TensorBase, node: Node | Leaf | None, chain: Any) -> None:
        self.base = base
        self.node = node  # the base's node when this view's node was last computed
        self.chain = chain  # a linked list, last step first; a view of a view shares the tail

    @property
    def steps(self) -> Steps:
        """The shape ops in order of application, each with its attributes."""
        steps, chain = [], self.chain
        while chain is not None:
            *step, chain = chain
            steps.append(tuple(step))
        return tuple(reversed(steps))


class TensorBase(metaclass=Printed):
    """The state of a tensor, and its properties."""

    # Attributes that users set are in `__dict__`. The state is not: vars(x) shows theirs alone, as in PyTorch, and
    # `memory.held` does not follow a Tensor into its graph.
    __slots__ = ("__dict__", "__weakref__", "_array", "_grad", "_node", "_view")

    _array: Array
    _node: Node | Leaf | None
    _grad: TensorBase | None
    _view: View | None

    result: ClassVar[type[Any]]  # the class of op results: Tensor, for Parameter inputs too

    def __init_subclass__(cls, *, is_result: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if is_result:
            TensorBase.result = cls
            for family in cls.__mro__:  # so that Python's messages say Tensor.sum and not Reduction.sum
                for method in filter(inspect.isfunction, vars(family).values()):
                    inspect.unwrap(method).__qualname__ = method.__qualname__ = f"Tensor.{method.__name__}"

    # --- data

    @property
    def shape(self) -> Size:
        """The size of each dimension.

        >>> cutaway.zeros(2, 3).shape
        torch.Size([2, 3])
        """
        return tuple.__new__(Size, self._array.shape)  # skips the checks of Size(...): this is a hot path

    @property
    def dtype(self) -> DType:
        """The data type of the elements, such as `cutaway.float32`."""
        return from_numpy_dtype(self._array.dtype)

    @property
    def device(self) -> device:
        """The device of the tensor: always the CPU."""
        return the_cpu

    @property
    def is_cuda(self) -> bool:
        """Always False: cutaway runs on the CPU."""
        return False

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    @property
    def itemsize(self) -> int:
        """The size of one element in bytes."""
        return self._array.itemsize

    @property
    def nbytes(self) -> int:
        """The size of all elements in bytes."""
        return self._array.nbytes

    # --- autograd

    @property
    def requires_grad(self) -> bool:
        """Whether gradients need to be computed for this tensor.

        Setting it to True makes a leaf accumulate its gradient in `.grad`.
        """
        return node_of(self) is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if not isinstance(wanted, bool):
            raise RuntimeError(f"requires_grad must be a bool, not {errors.describe(wanted)}")
        node = node_of(self)
        if isinstance(node, Node):
            raise errors.requires_grad_of_result(node.op)
        if wanted == (node is not None):
            return
        if wanted and self._array.dtype.kind != "f":
            raise errors.cannot_require_grad(self.dtype)
        self._node = AccumulateGrad(self) if wanted else None
        self._view = None if wanted else self._view

    @property
    def is_leaf(self) -> bool:
        """Whether it is a leaf of the graph: not the result of a recorded op."""
        return not isinstance(node_of(self), Node)

    @property
    def grad_fn(self) -> Node | None:
        """The node of the op that produced this tensor; None for a leaf.

        >>> (cutaway.ones(2, requires_grad=True) * 3).grad_fn.name()
        'MulBackward0'
        """
        node = node_of(self)
        return node if isinstance(node, Node) else None

    @property
    def grad(self) -> Tensor | None:
        """The gradient accumulated by backward passes; None before the first."""
        if self._grad is None and isinstance(self._node, Node) and RETAIN not in (self._node.hooks or ()):
            errors.warn(errors.keeps_no_gradient(self._node.op))
        return self._grad  # type: ignore[return-value]

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, TensorBase):
                raise TypeError(f"assigned grad must be a Tensor or None, not {type(value).__name__}")
            if value._array.shape != self._array.shape:
                raise RuntimeError(
                    f"assigned grad has shape {tuple(value.shape)}, but the tensor has shape {tuple(self.shape)}. "
                    "A gradient has one number for each element."
                )
            if value._array.dtype != self._array.dtype:
                raise RuntimeError(f"assigned grad has dtype {value.dtype}, but the tensor has {self.dtype}")
            if isinstance(self._node, AccumulateGrad):
                self._node.since = next(clock)
        self._grad = value

    @property
    def data(self) -> Tensor:
        """A detached tensor that shares memory with this one. Assigning replaces the underlying array."""
        for listener in events.data:
            listener(self)
        return wrap(self._array)

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, TensorBase):
            raise TypeError(f"x.data can be set to a Tensor, not to a {type(value).__name__}")
        if value._array.dtype.kind != "f" and self.requires_grad:
            raise RuntimeError(
                "data set to a tensor that requires gradients must be floating point or complex dtype, not "
                f"{value.dtype}: convert it first, with .float()"
            )
        self._array = value._array
        leaf = self._node
        if isinstance(leaf, AccumulateGrad) and leaf.shape != self._array.shape:
            # The graphs recorded so far lead to the old leaf, with gradients of the old shape.
            self._node = AccumulateGrad(self)
            self._node.hooks, self._node.since = leaf.hooks, leaf.since


def wrap(array: Array, node: Node | Leaf | None = None) -> Tensor:
    """A tensor around an array; they share memory."""
    tensor: Any = object.__new__(TensorBase.result)
    tensor._array = array
    tensor._node = node
    tensor._grad = None
    tensor._view = None
    return tensor  # type: ignore[no-any-return]


def base_of(x: TensorBase) -> TensorBase:
    """The base of a view; x itself, if it is not a view."""
    view = x._view
    if view is None:
        return x
    while view.base._view is not None:  # the base became a view itself, by an in-place shape op
        view.base = view.base._view.base
    return view.base


def node_of(x: TensorBase) -> Node | Leaf | None:
    """The node of x. If its base was written to in place since, the shape ops of the view are replayed first."""
    view, base = x._view, base_of(x)
    if view is None or base._node is view.node or not isinstance(base._node, Node):
        return x._node
    with enable_grad():
        replayed: Any = base
        for op, attrs in view.steps:
            replayed = apply(op, replayed, **attrs)
    x._node, view.node = replayed._node, base._node
    return x._node


def apply(op: Callable[..., Any], *inputs: Any, **attrs: Any) -> Tensor:
    """Run an op on tensors and constants, and record it if an input requires grad.

    Args:
        op: a function under the op contract.
        inputs: its array arguments: tensors, arrays, numbers.
        attrs: its keyword arguments.
    """
    arrays: list[Any] = []
    parents: list[Node | Leaf | None] = []
    for x in inputs:
        if isinstance(x, TensorBase):
            arrays.append(x._array)
            parents.append(x._node if x._view is None else node_of(x))
        else:
            arrays.append(x)
            parents.append(None)
    return run(op, attrs or NOTHING, arrays, parents, 2)


def run(
    op: Callable[..., Any], attrs: Mapping[str, Any], arrays: Sequence[Any], parents: Sequence[Any], skip: int = 3
) -> Tensor:
    """Run an op on arrays, whose nodes are `parents`: the single place where ops run.

    The user's line is searched from the frame `skip` levels up: from the caller of `apply`, or from that of the method
    that called `unary` or `binary`.
    """
    try:
        answer = op(*arrays, **attrs) if attrs else op(*arrays)
    except RuntimeWarning:  # warnings are set to raise; but log(0) is -inf here, not an error
        with np.errstate(all="ignore"):
            answer = op(*arrays, **attrs)
    except (ArithmeticError, IndexError, MemoryError, TypeError, ValueError) as error:  # as NumPy raises
        translated = errors.translated(op, arrays, attrs, error)
        raise translated from translated.__cause__
    value = answer[0]
    if type(value) is not np.ndarray:
        value = np.asarray(value)
    elif attrs and not value.flags.c_contiguous:
        value = contiguous_unless_view(value, arrays)
    if not switch.recording or not any(parents):
        return wrap(value)
    try:
        frame = sys._getframe(skip)
    except ValueError:  # the method was called by something other than Python code
        frame = sys._getframe()
    node = Node(op, attrs, arrays, parents, value.shape, answer[1:], user_line(frame))
    if observers:
        for observer in observers:
            observer.recorded(node, value)
    return wrap(value, node)


def contiguous_unless_view(value: Array, inputs: Sequence[Any]) -> Array:
    """The value of an op, copied if it is new memory in an order that NumPy chose: PyTorch's results are contiguous."""
    memory = owner(value)
    return value if any(owner(x) is memory for x in inputs if isinstance(x, np.ndarray)) else value.copy()


def apply_view(op: Callable[..., Any], x: TensorBase, **attrs: Any) -> Tensor:
    """`apply` for a shape op: if the result shares memory with x, it is recorded as a view."""
    out = apply(op, x, **attrs)
    if owner(out._array) is owner(x._array):
        base = base_of(x)
        out._view = View(base, base._node, (op, attrs, None if x._view is None else x._view.chain))
    return out


def named(x: Tensor, name: str) -> Tensor:
    """Set the name of x's node, where PyTorch's name does not follow from the op."""
    if isinstance(x._node, Node):
        x._node.named = name
    return x


def unary(op: Callable[..., Any], x: TensorBase) -> Tensor:
    """`apply` for an op of one tensor with floating-point results: integers are converted first."""
    x = as_float(x)
    return run(op, NOTHING, (x._array,), (x._node if x._view is None else node_of(x),))


# --- two operands, one dtype --------------------------------------------------------------------------


def binary(op: Callable[..., Any], x: Any, y: Any) -> Tensor:
    """`apply` for an op of two operands, after PyTorch's type promotion.

    Returns NotImplemented for operands of other classes, so that Python tries their reflected method.
    """
    # Fast paths for operands that need no promotion: a sum of two small tensors takes 2.2 µs instead of 2.8. At least
    # one operand is a tensor, the one whose method was called: so is the other of a number, or of the same class.
    if type(y) in NUMBERS and x._array.dtype.kind == "f":  # in NumPy too, a number takes the array's dtype
        return run(op, NOTHING, (x._array, y), (x._node if x._view is None else node_of(x), None))
    if type(x) in NUMBERS and y._array.dtype.kind == "f":
        return run(op, NOTHING, (x, y._array), (None, y._node if y._view is None else node_of(y)))
    both = type(x) is type(y) or (isinstance(x, TensorBase) and isinstance(y, TensorBase))
    if both and x._array.dtype is y._array.dtype:
        parents = (x._node if x._view is None else node_of(x), y._node if y._view is None else node_of(y))
        return run(op, NOTHING, (x._array, y._array), parents)
    if not (isinstance(x, OPERANDS) and isinstance(y, OPERANDS)):
        return NotImplemented  # type: ignore[no-any-return]
    if op is sub and (is_bool(x) or is_bool(y)):
        raise errors.bool_subtraction()  # of two bool tensors, NumPy raises itself
    return apply(op, *to_common_dtype(x, y))


NOTHING: Mapping[str, Any] = MappingProxyType({})  # the attributes of most ops
NUMBERS = (float, int)
OPERANDS = (TensorBase, int, float, np.ndarray, np.generic)  # valid operands of a tensor


def is_bool(x: Any) -> bool:
    """Whether x is a bool, or a tensor or array of bools."""
    if isinstance(x, TensorBase):
        return bool(x._array.dtype.kind == "b")
    return isinstance(x, bool | np.bool_) or (isinstance(x, np.ndarray) and bool(x.dtype.kind == "b"))


def is_operand(x: Any) -> bool:
    """Whether x is a valid operand of a tensor."""
    return isinstance(x, OPERANDS)


def as_operand(x: Any) -> Any:
    """Convert x for `apply`: a NumPy scalar becomes a number, and an array a constant tensor."""
    if isinstance(x, np.generic):
        return x.item()
    if isinstance(x, np.ndarray):
        from_numpy_dtype(x.dtype)  # raises for unsupported dtypes
        return wrap(x)
    if not isinstance(x, TensorBase | int | float):
        raise errors.not_an_operand(x)
    return x


def to_common_dtype(*operands: Any, fractions: bool = False) -> list[Any]:
    """The operands converted to one dtype, by PyTorch's type promotion.

    Args:
        operands: tensors, arrays, numbers.
        fractions: promote integers to the default floating-point dtype.
    """
    xs = [as_operand(x) for x in operands]
    target = result_type(*[x._array if isinstance(x, TensorBase) else x for x in xs])
    if fractions and target.kind != "f":
        target = get_default_dtype().dtype
    return [to_dtype(x, target) if isinstance(x, TensorBase) else number_as(x, target) for x in xs]


def number_as(x: Number, target: np.dtype[Any]) -> Any:
    """A Python number converted for an op on arrays of this dtype."""
    if target.kind == "f":
        return float(x)
    return np.array(x).astype(target) if target.kind in "biu" else x


def to_dtype(x: TensorBase, target: np.dtype[Any]) -> Tensor:
    """x converted to another dtype; recorded, so that the gradient is converted back."""
    if x._array.dtype == target:
        return x  # type: ignore[return-value]
    if target.kind != "f":
        return wrap(x._array.astype(target))
    return apply(cast, x, dtype=target)


def as_float(x: TensorBase) -> Tensor:
    """x; if it holds integers, x converted to the default dtype, as `exp` and others require."""
    return x if x._array.dtype.kind == "f" else to_dtype(x, get_default_dtype().dtype)  # type: ignore[return-value]


# --- dimensions ---------------------------------------------------------------------------------------


def axis_of(dim: int, ndim: int) -> int:
    """Normalize a dimension to 0 or more; IndexError if it is out of range."""
    try:
        axis = dim.__index__()
    except AttributeError:
        raise TypeError(f"a dimension must be an integer, not {errors.describe(dim)}") from None
    bound = max(ndim, 1)
    if not -bound <= axis < bound:
        raise errors.dim_out_of_range(axis, ndim)
    return axis % bound


def axes_of(dim: Dims, ndim: int) -> tuple[int, ...] | None:
    """Normalize the dimensions to reduce; None or () means all."""
    if dim is None or (isinstance(dim, tuple | list) and not dim):
        return None
    if not isinstance(dim, tuple | list):
        axis = axis_of(dim, ndim)
        return None if ndim == 0 else (axis,)
    axes = tuple(axis_of(d, ndim) for d in dim)
    if len(set(axes)) < len(axes):
        raise RuntimeError(f"a dimension appears more than once in dim={dim}: list each only once")
    return None if ndim == 0 else axes


def common_shape(name: str, *xs: Any) -> tuple[int, ...]:
    """The shape to which the operands broadcast."""
    given = [x._array.shape if isinstance(x, TensorBase) else np.shape(x) for x in xs]
    try:
        return np.broadcast_shapes(*given)
    except ValueError:
        raise errors.no_common_shape(name, given) from None
