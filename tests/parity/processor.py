"""One stream on every processor.

PyTorch asks for the maker of the processor. On Intel's it draws `bernoulli_(p)`, and so every dropout, and
`exponential_`, and so `multinomial`, with a generator of Intel's library, which it seeds with one word of the stream;
on all others with the stream itself. cutaway draws as on all others. So that the comparison says the same everywhere,
PyTorch's two draws are replaced on Intel's processors by what they are elsewhere.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import torch

LIBRARY = torch.library.Library("aten", "IMPL")

_log1p = np.frompyfunc(math.log1p, 1, 1)


def draws_from_the_stream() -> bool:
    """Whether PyTorch draws here as on other processors than Intel's."""
    one, other = (torch.Generator().manual_seed(0) for _ in range(2))
    uniform = torch.rand(100, dtype=torch.float64, generator=other)
    return torch.equal(torch.empty(100).bernoulli_(0.5, generator=one), (uniform < 0.5).float())


def draw_from_the_stream() -> None:
    """Let PyTorch draw as on other processors than Intel's, from now on."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="(?s).*[Oo]verrid")
        LIBRARY.impl("bernoulli_.float", bernoulli, "CPU")
        LIBRARY.impl("exponential_", exponential, "CPU")


def bernoulli(x: torch.Tensor, p: float = 0.5, *, generator: Any = None) -> torch.Tensor:
    """1 where u < p, in place."""
    return x.copy_(_uniform(x, generator) < p)


def exponential(x: torch.Tensor, lambd: float = 1.0, *, generator: Any = None) -> torch.Tensor:
    """-log(1 - u) / λ, in place."""
    logs = torch.from_numpy(_log1p(-_uniform(x, generator).numpy()).astype(np.float64))
    return x.copy_(-1 / lambd * logs)


def _uniform(x: torch.Tensor, generator: Any) -> torch.Tensor:
    return torch.empty_like(x, dtype=torch.float64).uniform_(generator=generator)
