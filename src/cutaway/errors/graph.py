"""Gradients that cannot be computed, or that would be wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..memory import Line
from .words import describe, op_name, source


def gradient_of_wrong_shape(op: Callable[..., Any], i: int, got: Sequence[int], wanted: Sequence[int]) -> RuntimeError:
    """A pullback that breaks the contract."""
    message = (
        f"{op_name(op)}: the pullback for input {i} returned a gradient of shape {tuple(got)}, but that input has "
        f"shape {tuple(wanted)}. A pullback must return a gradient of its input's shape."
    )
    if not getattr(op, "broadcasts", False):
        message += (
            " If the op broadcasts its inputs, declare it: @cutaway.differentiable(broadcasts=True), and the engine "
            "will sum the gradient back."
        )
    return RuntimeError(message)


def not_a_rule(answer: Any, inputs: int) -> TypeError:
    """A user-defined op that does not return its value and one pullback per array."""
    returned = f"the value and {len(answer) - 1}" if isinstance(answer, tuple) else f"only {describe(answer)}"
    return TypeError(
        f"an op returns its value and one pullback for each array argument, here {inputs}, but this one returned "
        f"{returned}: return value, lambda g: ..., with None in place of a pullback that is not needed"
    )


def graph_is_freed(op: Callable[..., Any], line: Line) -> RuntimeError:
    """A second backward pass through a freed graph."""
    return RuntimeError(
        f"Trying to backward through the graph a second time: the values that {op_name(op)} saved were freed by the "
        f"first backward pass, to save memory.\n{source(line)}\n"
        "If you need two passes through one graph, retain it: loss.backward(retain_graph=True) in the first. If not: "
        "something computed before the last backward() is used again. Recompute it in each step, or cut the graph "
        "with .detach(), as for a hidden state carried from one batch to the next."
    )


def value_was_overwritten(op: Callable[..., Any], value: Any, read: Line, written: Line) -> RuntimeError:
    """An in-place change of something that a pullback still needs."""
    return RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"{op_name(op)} needs a value of shape {tuple(np.shape(value))} for its gradient. "
        f"It was used here\n{source(read)}\nand overwritten here\n{source(written)}\n"
        "Create a new tensor instead of writing in place (x = x + 1, not x += 1 or x.add_(1)), or work on a copy: "
        "x.clone(). If an optimizer's step wrote, call backward() of all losses before it, or compute the loss again."
    )


def no_graph() -> RuntimeError:
    """backward() of something that does not depend on any leaf that requires grad."""
    return RuntimeError(
        "element 0 of tensors does not require grad and does not have a grad_fn: nothing that this tensor was "
        "computed from requires grad, so there is nothing to differentiate. Create the inputs or parameters with "
        "requires_grad=True; and check that no .detach(), .item(), .numpy(), torch.tensor(x) or no_grad() block cut "
        "the graph on the way, and that the loss is not the result of an argmax() or a comparison, which have no "
        "gradient. A gradient itself has a graph if it was computed with create_graph=True."
    )


def keeps_no_gradient(op: Callable[..., Any]) -> str:
    """A warning: x.grad of a non-leaf, which stays None."""
    return (
        f"The .grad attribute of a Tensor that is not a leaf Tensor is being accessed: {op_name(op)} computed it, so "
        "backward() passes its gradient on and does not keep it. If you want it, call x.retain_grad() before "
        "backward(); if x is meant to be a parameter, update it in place, with torch.no_grad(): x -= lr * x.grad"
    )


def cannot_accumulate(got: Sequence[int], x: Any, grad: Any = None) -> RuntimeError:
    """backward() into a leaf whose data or .grad was replaced by something of another shape or dtype."""
    held = "" if grad is None else f", and x.grad is {describe(grad)}"
    return RuntimeError(
        f"a gradient of shape {tuple(got)} cannot be accumulated: x, for which it was computed, is now "
        f"{describe(x)}{held}. One of them was replaced (x.data = ...). Compute the loss after that, and reset the "
        "gradient, x.grad = None, before backward(). No gradient was changed."
    )


def requires_grad_of_result(op: Callable[..., Any]) -> RuntimeError:
    """x.requires_grad = ... of a tensor that is not a leaf."""
    return RuntimeError(
        f"you can only change requires_grad flags of leaf variables. This tensor was computed by {op_name(op)}; to "
        "keep its gradient in x.grad, call x.retain_grad(); to get it without its graph, use x.detach()."
    )


def needs_gradient(shape: Sequence[int]) -> RuntimeError:
    """backward() of something that is not one number."""
    return RuntimeError(
        f"grad can be implicitly created only for scalar outputs: this tensor has shape {tuple(shape)}, and backward() "
        "starts from one number. Reduce it first, loss.mean().backward() or loss.sum().backward(), or pass a gradient "
        "of the same shape: y.backward(torch.ones_like(y)) is the same as y.sum().backward()."
    )


def seed_of_wrong_shape(got: Sequence[int], wanted: Sequence[int]) -> RuntimeError:
    """backward(gradient) with a gradient that does not fit."""
    return RuntimeError(
        f"Mismatch in shape: the gradient passed to backward() has shape {tuple(got)}, the tensor has shape "
        f"{tuple(wanted)}. There must be one number for each element."
    )


def inplace_on_leaf(is_view: bool) -> RuntimeError:
    """Writing into a parameter while ops are recorded."""
    what = "a view of a leaf Variable" if is_view else "a leaf Variable"
    return RuntimeError(
        f"{what} that requires grad is being used in an in-place operation: its old value would be lost, and with it "
        "the place where the gradient belongs. To update a parameter, write\n"
        "    with torch.no_grad():\n        w -= lr * w.grad\n"
        "To compute with it, make a new tensor: w = w - 1, or work on w.clone()."
    )


def numpy_of_grad(function: str = "", is_method: bool = False) -> RuntimeError:
    """numpy() of something that has a graph, also on behalf of a function of NumPy's."""
    what = f"what NumPy's {function} computes" if function else "what NumPy computes"
    method = f" The Tensor method x.{function}() keeps the graph." if is_method else ""
    return RuntimeError(
        f"Can't call numpy() on Tensor that requires grad: {what} is not recorded.{method} Use "
        "tensor.detach().numpy() instead."
    )


def cannot_copy_graph() -> RuntimeError:
    """A deep copy of a result."""
    return RuntimeError(
        "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment: this "
        "one was computed, and its graph cannot be copied. Use x.detach().clone(), or make the copy before computing."
    )


def not_explainable(x: Any) -> TypeError:
    """Something other than a tensor, given to explain."""
    return TypeError(
        f"explain follows the gradients of a tensor, but got {describe(x)}. Pass the loss itself, before .item() or "
        "float() makes it a plain number: explain.text(loss)"
    )


def several_to_explain(shape: Sequence[int]) -> RuntimeError:
    """explain of something that is not one number."""
    return RuntimeError(
        f"an explanation starts from one number, as backward() does, but this tensor has shape {tuple(shape)}. Reduce "
        "it first, explain.text(y.sum()), or select one of its elements, explain.text(y[0]); or pass the gradient to "
        "start from: gradient=torch.ones_like(y) explains the same as y.sum()"
    )


def freed_before_explained(op: Callable[..., Any], line: Line) -> RuntimeError:
    """explain after a backward pass that freed the graph."""
    return RuntimeError(
        f"the values that {op_name(op)} saved are gone: a backward pass has gone through this graph, and freed them "
        f"to save memory.\n{source(line)}\n"
        "Explain first, explain.text(loss), and then call loss.backward(): explaining changes nothing. Or retain the "
        "graph, loss.backward(retain_graph=True)."
    )


def leads_nowhere_near(shape: Sequence[int]) -> RuntimeError:
    """explain of=x, where the loss does not depend on x."""
    return RuntimeError(
        f"the tensor to explain does not depend on the one given as of=, of shape {tuple(shape)}. Was that one "
        "replaced in the meantime (w = w - ...), or was the graph cut by .detach(), .item(), .numpy() or no_grad()?"
    )


def inputs_without_model(what: Any) -> TypeError:
    """explain.draw(x, y) where x is not a model."""
    return TypeError(
        f"inputs were given to {describe(what)}, which is not a model: explain.draw(model, x). To draw the graph of a "
        "tensor, pass the tensor alone: explain.draw(loss)"
    )


def no_tensor_returned(model: Any) -> TypeError:
    """explain.draw(model, x) where the model returns no tensor."""
    return TypeError(
        f"explain.draw runs a model and draws the tensors that it returns, and {type(model).__name__} returned none: "
        "neither a tensor nor a list, tuple or dict with one in it"
    )


def no_png() -> ImportError:
    """save("graph.png") without resvg-py."""
    return ImportError(
        "writing a PNG requires resvg-py, which is not installed: python -m pip install 'cutaway[png]'. Or write SVG, "
        "which requires nothing: drawing.save('graph.svg')"
    )
