"""Embedding: a lookup table of learned vectors, one for each word (or item, or user)."""

from __future__ import annotations

from typing import Any, Self

from ...creation import empty
from ...dtypes import dtype as DType
from ...grad_mode import no_grad
from ...tensors import Tensor
from .. import functional as F
from .. import init
from ..functional.sizes import check_sizes
from ..parameter import Parameter
from .module import Module

__all__ = ["Embedding", "EmbeddingBag"]


class Embedding(Module):
    """Look up rows of the weight by index.

    Args:
        num_embeddings: V, the number of rows; inputs are 0 … V-1.
        embedding_dim: D, the size of a row.
        padding_idx: the index of a row that is initialized to 0 and not trained.
        sparse: False: cutaway has dense gradients only, with the same numbers.

    Shapes:
        input (*) of int64 or int32, output (*, D), weight (V, D).

    Raises:
        IndexError: an input is not in 0 … V-1.
        NotImplementedError: sparse is True.

    Initial weights are drawn from the standard normal distribution.

    >>> table = nn.Embedding(10, 3)
    >>> table(torch.tensor([[1, 2], [4, 5]])).shape
    torch.Size([2, 2, 3])
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        check_sizes("Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        if sparse:
            raise NotImplementedError(
                "sparse=True: cutaway has no sparse gradients; leave it out, the dense gradient holds the same numbers"
            )
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionError(
                    f"padding_idx={padding_idx} is not a row of an embedding of {num_embeddings}: choose "
                    f"one of 0 to {num_embeddings - 1}"
                )
            padding_idx %= num_embeddings
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        if _weight is not None:
            self.weight = Parameter(_weight, requires_grad=not _freeze)
        else:
            table = empty((num_embeddings, embedding_dim), device=device, dtype=dtype)
            self.weight = Parameter(table, requires_grad=not _freeze)
            self.reset_parameters()

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None) -> Self:
        """An embedding with the given weight (V, D), frozen by default.

        >>> nn.Embedding.from_pretrained(torch.eye(3))(torch.tensor(1))
        tensor([0., 1., 0.])
        """
        if embeddings.ndim != 2:
            raise AssertionError(f"from_pretrained takes rows, (V, D), but got shape {tuple(embeddings.shape)}")
        rows, size = embeddings.shape
        return cls(rows, size, padding_idx, _weight=embeddings, _freeze=freeze)

    def reset_parameters(self) -> None:
        """Reinitialize the weights."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"


class EmbeddingBag(Module):
    """The mean or sum of the rows of the weight for each bag of indices, such as the words of a text.

    Args:
        num_embeddings: V, the number of rows.
        embedding_dim: D, the size of a row.
        mode: "mean" or "sum".
        include_last_offset: offsets has one more element, where the last bag ends.
        padding_idx: an index that does not count, whose row is initialized to 0 and not trained.
        max_norm, norm_type, scale_grad_by_freq, sparse: as PyTorch's defaults: not supported.

    Shapes:
        input (B, N); or (L) with offsets (B), where each bag begins; output (B, D), weight (V, D).

    Raises:
        IndexError: an input is not in 0 … V-1.
        NotImplementedError: an option that is not supported.

    >>> words = nn.EmbeddingBag(1000, 8, mode="sum")
    >>> words(torch.tensor([4, 17, 2, 5, 9]), offsets=torch.tensor([0, 3])).shape
    torch.Size([2, 8])
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        if max_norm is not None or scale_grad_by_freq or sparse:
            raise NotImplementedError("EmbeddingBag: max_norm, scale_grad_by_freq and sparse are not supported")
        table = Embedding(num_embeddings, embedding_dim, padding_idx, _weight=_weight, device=device, dtype=dtype)
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.mode = mode
        self.include_last_offset = include_last_offset
        self.padding_idx = table.padding_idx
        self.weight = table.weight

    def forward(
        self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None
    ) -> Tensor:
        return F.embedding_bag(
            input, self.weight, offsets, mode=self.mode, per_sample_weights=per_sample_weights,
            include_last_offset=self.include_last_offset, padding_idx=self.padding_idx,
        )  # fmt: skip

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}, mode={self.mode!r}{padding}"
