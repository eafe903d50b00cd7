"""Names that cutaway does not have: what to write instead, or the most similar names.

A lesson uses them as attributes of a module, in `from torch.x import y`, or on a Tensor.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from opcode import opmap
from types import ModuleType
from typing import Any, NoReturn

ADVICE = {
    "torch.compile": "leave the call out; the model computes the same without it",
    "torch.jit": "leave the call out; the model computes the same without it",
    "torch.cuda.amp": "leave autocast and GradScaler out; cutaway computes in float32",
    "torch.amp": "leave autocast and GradScaler out; cutaway computes in float32",
    "torch.autocast": "leave it out; cutaway computes in float32",
    "torch.distributed": "run the script in one process",
    "torch.fft": "use np.fft on x.numpy(); gradients do not flow through it",
    "torch.profiler": "use Python's cProfile",
    "torch.version": "print torch.__version__; there is no CUDA",
    "torch.ger": "call torch.outer",
    "torch.argwhere": "call torch.nonzero",
    "torch.greater": "write x > y, or call torch.gt",
    "torch.less": "write x < y, or call torch.lt",
    "torch.fliplr": "call torch.flip(x, (1,))",
    "torch.flipud": "call torch.flip(x, (0,))",
    "torch.column_stack": "call torch.stack(tensors, 1) for vectors, torch.cat(tensors, 1) for matrices",
    "torch.dstack": "call torch.stack(tensors, 2) for matrices",
    "torch.logspace": "write base ** torch.linspace(start, end, steps)",
    "torch.exp2": "write 2 ** x",
    "torch.cummax": "write a loop with torch.maximum",
    "torch.kthvalue": "sort, and take the element k - 1: x.sort(dim).values.narrow(dim, k - 1, 1)",
    "torch.mode": "use torch.unique(x, return_counts=True), and the value at counts.argmax()",
    "torch.nanmean": "write x[~x.isnan()].mean(), or torch.where(x.isnan(), 0, x).sum(dim) / (~x.isnan()).sum(dim)",
    "torch.histc": "use torch.bincount for integers, or np.histogram on x.numpy()",
    "torch.isin": "write (x[..., None] == values).any(-1)",
    "torch.gradient": "use np.gradient on x.numpy(); gradients do not flow through it",
    "torch.corrcoef": "c = torch.cov(x), s = c.diag().sqrt(), then c / torch.outer(s, s)",
    "torch.cross": "use np.cross on x.numpy(); gradients do not flow through it",
    "torch.erfinv": "use scipy.special.erfinv on x.numpy(); gradients do not flow through it",
    "torch.take": "write x.flatten()[index]",
    "torch.scatter_reduce": "call x.scatter_add(dim, index, src) for a sum",
    "torch.unique_consecutive": "select where it changes: x[torch.cat([torch.tensor([True]), x[1:] != x[:-1]])]",
    "torch.cartesian_prod": "call torch.stack(torch.meshgrid(a, b, indexing='ij'), -1).reshape(-1, 2)",
    "torch.combinations": "use itertools.combinations",
    "torch.tensor_split": "call torch.split with a list of lengths",
    "torch.diag_embed": "write x.unsqueeze(-1) * torch.eye(x.size(-1))",
    "torch.broadcast_shapes": "use np.broadcast_shapes",
    "torch.poisson": "use np.random.poisson",
    "torch.rot90": "call x.transpose(0, 1).flip(0)",
    "torch.random.fork_rng": "save torch.get_rng_state(), and pass it to torch.set_rng_state afterwards",
    "torch.as_strided": "use indexing, or x.unfold(dim, size, step) for windows",
    "torch.svd": "call torch.linalg.svd(x, full_matrices=False), which returns U, S and the transpose of V",
    "torch.linalg.lstsq": "write torch.linalg.pinv(A) @ b",
    "torch.nn.Softmin": "call torch.softmax(-x, dim) in forward",
    "torch.nn.AdaptiveMaxPool2d": "for one number per channel, call x.amax((2, 3), keepdim=True)",
    "torch.nn.AdaptiveMaxPool1d": "for one number per channel, call x.amax(2, keepdim=True)",
    "torch.nn.functional.adaptive_max_pool2d": "for one number per channel, call x.amax((2, 3), keepdim=True)",
    "torch.nn.functional.adaptive_max_pool1d": "for one number per channel, call x.amax(2, keepdim=True)",
    "torch.nn.Hardswish": "write x * torch.clamp(x / 6 + 0.5, 0, 1)",
    "torch.nn.Hardsigmoid": "write torch.clamp(x / 6 + 0.5, 0, 1)",
    "torch.nn.ReLU6": "use torch.nn.Hardtanh(0, 6)",
    "torch.nn.GLU": "write a, b = x.chunk(2, dim), then a * torch.sigmoid(b)",
    "torch.nn.functional.glu": "write a, b = x.chunk(2, dim), then a * torch.sigmoid(b)",
    "torch.nn.Unfold": "call torch.nn.functional.unfold in forward",
    "torch.vmap": "write the batch dimension explicitly: ops take (N, ...)",
    "torch.func.grad": "call torch.autograd.grad on the value of the function",
    "torch.func.vmap": "write the batch dimension explicitly: ops take (N, ...)",
    "torch.func.vjp": "call torch.autograd.functional.vjp",
    "torch.func.jvp": "call torch.autograd.functional.jvp",
    "torch.func.jacrev": "call torch.autograd.functional.jacobian",
    "torch.func.jacfwd": "call torch.autograd.functional.jacobian",
    "torch.func.hessian": "call torch.autograd.functional.hessian",
    "torch.view_as_complex": "write the rotation with torch.cos and torch.sin; there are no complex numbers",
    "torch.polar": "write the rotation with torch.cos and torch.sin; there are no complex numbers",
    "torch.complex64": "store the real and imaginary parts in two tensors",
    "torch.bfloat16": "use torch.float32",
    "torch.nn.DataParallel": "call the model itself; there is only one device",
    "torch.optim.lr_scheduler.CyclicLR": "use torch.optim.lr_scheduler.OneCycleLR, or LambdaLR with a formula",
    "torch.utils.tensorboard": "print the numbers, or draw them with matplotlib",
    "torch.utils.checkpoint": "call the function itself; the gradients are the same",
    # tensors
    "torch.asarray": "call torch.as_tensor",
    "torch.range": "call torch.arange, which leaves the end out",
    "torch.select": "write the index: x[i], or x[:, i] for dimension 1",
    "torch.newaxis": "write None",
    "torch.atleast_1d": "call x.reshape(1)",
    "torch.atleast_2d": "write x[None]",
    "torch.moveaxis": "call torch.movedim",
    "torch.row_stack": "call torch.vstack",
    "torch.index_put": "write x[index] = value, or call x.index_add_(dim, index, source) to add",
    "torch.index_copy": "write x[index] = source, or x[:, index] = source for dimension 1",
    "torch.masked_scatter": "write x[mask] = source",
    "torch.put": "write x.view(-1)[index] = source",
    "torch.resize": "call x.reshape, or slice it",
    "torch.storage": "compare x.data_ptr(), which is equal for tensors that start at the same address",
    "torch.untyped_storage": "compare x.data_ptr(), which is equal for tensors that start at the same address",
    "torch.layout": "leave it out; every tensor is dense",
    "torch.strided": "leave it out; every tensor is dense",
    "torch.preserve_format": "leave memory_format out; there is only one",
    "torch.contiguous_format": "leave memory_format out; there is only one",
    "torch.channels_last": "leave memory_format out; images are (N, C, H, W) in memory too",
    "torch.sparse": "cutaway has dense tensors only",
    "torch.sparse_coo_tensor": "A = torch.zeros(size), then A[rows, columns] = values",
    "torch.to_sparse": "leave it out; every tensor is dense",
    "torch.to_dense": "leave it out; every tensor is dense",
    "torch.spmm": "call torch.mm; every tensor is dense",
    "torch.apply": "write it with torch's ops, or use np.vectorize on x.numpy()",
    "torch.map": "write it with torch's ops, or use np.vectorize on x.numpy()",
    "torch.share_memory": "leave it out, and run the script in one process",
    "torch.get_device": "write x.device",
    "torch.get_num_threads": "leave it out; NumPy's BLAS chooses the number",
    "torch.get_default_device": "write torch.device('cpu')",
    "torch.set_default_tensor_type": "call torch.set_default_dtype",
    "torch.result_type": "write (x + y).dtype",
    "torch.multiprocessing": "run the script in one process",
    "torch.register_post_accumulate_grad_hook": "read p.grad after backward()",
    # the maths of tensors
    "torch.addcmul": "write x + value * a * b",
    "torch.addcdiv": "write x + value * a / b",
    "torch.aminmax": "call torch.amin and torch.amax",
    "torch.cummin": "write a loop with torch.minimum",
    "torch.nansum": "write torch.where(x.isnan(), 0, x).sum()",
    "torch.rsub": "write y - x",
    "torch.hypot": "write torch.sqrt(x**2 + y**2)",
    "torch.frac": "write x - x.trunc()",
    "torch.erfc": "write 1 - torch.erf(x)",
    "torch.heaviside": "write (x > 0).float()",
    "torch.deg2rad": "write x * torch.pi / 180",
    "torch.fix": "call torch.trunc",
    "torch.greater_equal": "write x >= y, or call torch.ge",
    "torch.less_equal": "write x <= y, or call torch.le",
    "torch.not_equal": "write x != y, or call torch.ne",
    "torch.vdot": "call torch.dot",
    "torch.kron": "call torch.einsum('ij,kl->ikjl', A, B).flatten(2).flatten(0, 1)",
    "torch.chain_matmul": "write A @ B @ C",
    "torch.matrix_power": "write the product out: A @ A @ A",
    "torch.pinverse": "call torch.linalg.pinv",
    "torch.pca_lowrank": "call torch.linalg.svd(x - x.mean(0), full_matrices=False)",
    "torch.linalg.multi_dot": "write A @ B @ C",
    "torch.linalg.matrix_power": "write the product out: A @ A @ A",
    "torch.linalg.cross": "use np.cross on x.numpy(); gradients do not flow through it",
    "torch.linalg.matrix_rank": "write (torch.linalg.svdvals(A) > 1e-6).sum()",
    "torch.linalg.cond": "s = torch.linalg.svdvals(A), then s[0] / s[-1]",
    "torch.cholesky": "call torch.linalg.cholesky",
    "torch.symeig": "call torch.linalg.eigh",
    "torch.qr": "call torch.linalg.qr",
    "torch.triangular_solve": "call torch.linalg.solve_triangular",
    "torch.lstsq": "write torch.linalg.pinv(A) @ b",
    "torch.linalg.vecdot": "write (x * y).sum(-1)",
    "torch.linalg.inv_ex": "call torch.linalg.inv, and catch torch.linalg.LinAlgError",
    "torch.linalg.cholesky_ex": "call torch.linalg.cholesky, and catch torch.linalg.LinAlgError",
    "torch.linalg.matrix_exp": "use scipy.linalg.expm on x.numpy(); gradients do not flow through it",
    "torch.trapezoid": "write ((y[1:] + y[:-1]) / 2 * x.diff()).sum()",
    "torch.trapz": "write ((y[1:] + y[:-1]) / 2 * x.diff()).sum()",
    "torch.vander": "write x[:, None] ** torch.arange(n), for ascending powers",
    "torch.block_diag": "A = torch.zeros(size), then A[i:j, i:j] = block for each",
    "torch.lgamma": "use scipy.special.gammaln on x.numpy(); gradients do not flow through it",
    "torch.special": "call the function of the same name in torch; torch.sigmoid for expit",
    "torch.linalg.eig": "use np.linalg.eig on x.numpy(); gradients do not flow through it",
    "torch.linalg.eigvals": "use np.linalg.eigvals on x.numpy(); gradients do not flow through it",
    # NumPy's names, and those of lists
    "torch.Tensor.astype": "write x.to(torch.float32), or x.float()",
    "torch.Tensor.copy": "write x.clone()",
    "torch.Tensor.append": "a tensor has a fixed size; collect tensors in a list, and call torch.stack or torch.cat",
    "torch.Tensor.length": "write len(x) for the first dimension, x.numel() for all elements",
    "torch.Tensor.zero_grad": "call optimizer.zero_grad() or model.zero_grad(), or set x.grad = None",
    "torch.Tensor.step": "call optimizer.step()",
    # layers and losses
    "torch.nn.SyncBatchNorm": "use torch.nn.BatchNorm2d; there is only one process",
    "torch.nn.ConvTranspose1d": "use torch.nn.ConvTranspose2d with kernel_size=(1, k), on x.unsqueeze(2)",
    "torch.nn.Bilinear": "call torch.einsum('ni,oij,nj->no', x, weight, y) in forward",
    "torch.nn.TripletMarginWithDistanceLoss": "write torch.relu(d(a, p) - d(a, n) + margin).mean()",
    "torch.nn.MultiMarginLoss": "m = (x - x.gather(1, y[:, None]) + 1).clamp(min=0), then (m.sum(1) - 1).mean() / C",
    "torch.nn.LocalResponseNorm": "use torch.nn.BatchNorm2d, which took its place",
    "torch.nn.functional.local_response_norm": "use torch.nn.BatchNorm2d, which took its place",
    "torch.nn.ChannelShuffle": "call x.unflatten(1, (groups, -1)).transpose(1, 2).flatten(1, 2)",
    "torch.nn.Hardshrink": "write torch.where(x.abs() > lambd, x, 0)",
    "torch.nn.Softshrink": "write torch.sign(x) * torch.relu(x.abs() - lambd)",
    "torch.nn.AlphaDropout": "use torch.nn.Dropout",
    "torch.nn.functional.affine_grid": "multiply a grid of coordinates: torch.meshgrid, stacked with ones, @ theta.mT",
    "torch.nn.functional.grid_sample": "read pixels by index, x[:, :, rows, columns], and weight the four neighbours",
    "torch.nn.CELU": "use torch.nn.ELU, which is the same for alpha=1",
    "torch.nn.Tanhshrink": "write x - torch.tanh(x)",
    "torch.nn.Threshold": "write torch.where(x > threshold, x, value)",
    "torch.nn.Softmax2d": "use torch.nn.Softmax(1)",
    "torch.nn.Dropout1d": "use torch.nn.Dropout2d on x.unsqueeze(3)",
    "torch.nn.UpsamplingNearest2d": "use torch.nn.Upsample",
    "torch.nn.UpsamplingBilinear2d": "use torch.nn.Upsample(..., mode='bilinear', align_corners=True)",
    "torch.nn.MultiLabelSoftMarginLoss": "use torch.nn.BCEWithLogitsLoss, which is the same",
    "torch.nn.SoftMarginLoss": "write torch.nn.functional.softplus(-y * x).mean()",
    "torch.nn.PoissonNLLLoss": "write (torch.exp(x) - y * x).mean()",
    "torch.nn.GaussianNLLLoss": "write (torch.log(var) + (x - y) ** 2 / var).mean() / 2",
    "torch.nn.parallel": "call the model itself; there is only one device",
    "torch.nn.modules.utils": "write n if isinstance(n, tuple) else (n, n) for _pair(n)",
    "torch.nn.functional.relu6": "write torch.clamp(x, 0, 6)",
    "torch.nn.functional.hardswish": "write x * torch.clamp(x / 6 + 0.5, 0, 1)",
    "torch.nn.functional.hardsigmoid": "write torch.clamp(x / 6 + 0.5, 0, 1)",
    "torch.nn.functional.celu": "call torch.nn.functional.elu, which is the same for alpha=1",
    "torch.nn.functional.tanhshrink": "write x - torch.tanh(x)",
    "torch.nn.functional.threshold": "write torch.where(x > threshold, x, value)",
    "torch.nn.functional.pdist": "call torch.cdist(x, x)",
    "torch.nn.functional.upsample": "call torch.nn.functional.interpolate",
    "torch.nn.utils.weight_norm": "write g * v / v.norm(dim=1, keepdim=True) in forward",
    "torch.nn.utils.parametrizations.weight_norm": "write g * v / v.norm(dim=1, keepdim=True) in forward",
    "torch.nn.utils.spectral_norm": "divide the weight by torch.linalg.matrix_norm(weight, 2) in forward",
    "torch.nn.utils.parametrizations": "compute the weight from its parameters in forward",
    "torch.nn.utils.parametrize": "compute the weight from its parameters in forward",
    "torch.nn.utils.prune": "multiply the weight by a mask of 0 and 1 in forward",
    # training
    "torch.optim.Adamax": "use torch.optim.Adam",
    "torch.optim.NAdam": "use torch.optim.Adam",
    "torch.optim.RAdam": "use torch.optim.Adam, with a torch.optim.lr_scheduler.LinearLR to warm up",
    "torch.optim.Rprop": "use torch.optim.RMSprop",
    "torch.optim.SparseAdam": "use torch.optim.Adam; gradients are dense",
    "torch.optim.swa_utils": "keep a copy.deepcopy(model), and move its parameters with p.lerp_(q, 0.1) under "
    "torch.no_grad()",
    "torch.utils.data.DistributedSampler": "pass shuffle=True; there is only one process",
    "torch.utils.data.distributed": "pass shuffle=True; there is only one process",
    "torch.utils.data.StackDataset": "use torch.utils.data.TensorDataset",
    "torch.testing": "write assert torch.allclose(x, y)",
    "torch.autograd.profiler": "use Python's cProfile",
    "torch.hub": "write the model out, and load its weights with cutaway.safetensors",
    "torch.onnx": "save the weights with torch.save",
    "torch.distributions.Gamma": "draw with np.random.gamma; scipy.stats.gamma has its density",
    "torch.distributions.Beta": "draw with np.random.beta; scipy.stats.beta has its density",
    "torch.distributions.Dirichlet": "draw with np.random.dirichlet; scipy.stats.dirichlet has its density",
    "torch.distributions.Poisson": "draw with np.random.poisson; its log_prob is x * torch.log(rate) - rate + constant",
    "torch.distributions.Laplace": "write -(x - loc).abs() / scale - torch.log(2 * scale) for log_prob",
    "torch.distributions.Binomial": "sum draws: torch.distributions.Bernoulli(p).sample((n,)).sum(0)",
    "torch.distributions.HalfNormal": "call torch.distributions.Normal(0, scale).sample().abs()",
    "torch.distributions.RelaxedOneHotCategorical": "call torch.nn.functional.gumbel_softmax",
    "torch.distributions.TransformedDistribution": "write log_prob of the base - log |dx/dz|, as a flow does",
    "torch.distributions.Exponential": "call torch.empty(n).exponential_(rate)",
    "torch.distributions.LogNormal": "call torch.distributions.Normal(loc, scale).sample().exp()",
    "torch.distributions.OneHotCategorical": "call torch.nn.functional.one_hot on draws of "
    "torch.distributions.Categorical",
}


# Where a script finds names; the first ones are suggested first.
SHELVES = (
    "torch", "torch.nn", "torch.nn.functional", "torch.Tensor", "torch.optim", "torch.optim.lr_scheduler",
    "torch.nn.init", "torch.nn.utils", "torch.nn.utils.rnn", "torch.utils.data", "torch.autograd",
    "torch.autograd.functional", "torch.func", "torch.linalg", "torch.distributions",
)  # fmt: skip


def not_there(name: str) -> str:
    """The message for a dotted name, as a script writes it, that cutaway does not have.

    >>> cutaway.errors.not_there("torch.nn.softmax")
    'cutaway has no torch.nn.softmax; similar: torch.softmax, torch.nn.functional.softmax'
    >>> cutaway.errors.not_there("torch.nn.Liner")
    'cutaway has no torch.nn.Liner; similar: torch.nn.Linear'
    """
    parent, _, last = name.rpartition(".")
    if name in _public_names():
        return f"{name} is not a module; write: from {parent} import {last}"
    return f"cutaway has no {name}{instead_of(name)}"


def instead_of(name: str) -> str:
    """The end of the message about a missing dotted name: what to write instead."""
    same_as_function = name.replace("torch.Tensor.", "torch.").removesuffix("_")
    for theirs, advice in ADVICE.items():
        if theirs in (name, same_as_function) or name.startswith(theirs + "."):
            return f": {advice}"
    similar = nearest_names(name)
    return f"; similar: {', '.join(similar)}" if similar else ""


def nearest_names(name: str) -> list[str]:
    """The dotted names most similar to a missing one: with the same last part, or with a similar spelling."""
    parent, _, last = name.rpartition(".")
    known = _public_names()
    same = [other for other in known if other.rpartition(".")[2] == last]
    if same:
        return same[:2]
    beside = {other.rpartition(".")[2].lower(): other for other in known if other.rpartition(".")[0] == parent}
    anywhere = {other.rpartition(".")[2].lower(): other for other in reversed(known)}
    for names, cutoff in [(beside, 0.78), (anywhere, 0.85)]:
        similar = difflib.get_close_matches(last.lower(), names, n=1, cutoff=cutoff)
        if similar:
            return [names[similar[0]]]
    return []


def _public_names() -> list[str]:
    """The public names, as a script writes them."""
    names = list(SHELVES)
    for shelf in SHELVES:
        holder = sys.modules["cutaway"].Tensor if shelf == "torch.Tensor" else sys.modules.get(_home(shelf))
        for name in getattr(holder, "__all__", dir(holder)) if holder else []:
            value = getattr(holder, name)
            home = getattr(value, "__module__", None) or "cutaway"  # numbers and slots have none
            if not name.startswith("_") and not isinstance(value, ModuleType) and home.startswith("cutaway"):
                names.append(f"{shelf}.{name}")
    return names


def _home(shelf: str) -> str:
    return shelf.replace("torch", "cutaway", 1)


def absent(shelf: str) -> Callable[[str], NoReturn]:
    """A module's `__getattr__`, which Python calls for a missing name: raises, and says what to write instead."""

    def say_so(name: str) -> NoReturn:
        # Python itself looks up some names with underscores, and handles their absence
        text = f"{shelf} has no {name}" if name.startswith("_") else not_there(f"{shelf}.{name}")
        frame: Any = sys._getframe(1)
        while frame.f_code.co_name == "__getattr__":
            frame = frame.f_back
        if frame.f_code.co_code[frame.f_lasti] == opmap["IMPORT_FROM"]:
            raise ImportError(text, name=_home(shelf))  # of an AttributeError, Python would drop the text
        raise AttributeError(text, name=name, obj=sys.modules.get(_home(shelf)))

    return say_so


def missing_attribute(owner: Any, name: str) -> AttributeError:
    """The error for an attribute that a Tensor does not have."""
    # Python itself often looks up names with __, and handles their absence.
    instead = "" if name.startswith("__") else instead_of(f"torch.Tensor.{name}")
    return AttributeError(f"'{type(owner).__name__}' object has no attribute {name!r}{instead}", name=name, obj=owner)
