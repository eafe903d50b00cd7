"""The exact messages of mistakes with shapes or indices.

x is a vector, m a matrix, w requires grad.
"""

ABOUT_SHAPES: dict[str, Exception] = {
    # shapes
    "x.reshape(2)": RuntimeError(
        "reshape: a tensor of shape (3,) has 3 elements, the shape (2,) holds 2. Write -1 for one size to infer it."
    ),
    "x.reshape(2, -1)": RuntimeError(
        "reshape: a tensor of shape (3,) has 3 elements, which is not divisible by 2 (the product of the other sizes "
        "in (2, -1)). Check the other sizes; to keep the batch, write x.reshape(x.shape[0], -1) or x.flatten(1)."
    ),
    "x.reshape(-1, -1)": RuntimeError(
        "reshape: only one size may be -1 (inferred from the others), but (-1, -1) has more."
    ),
    "x.reshape(-3)": RuntimeError("reshape: sizes must be 0 or more, or -1 once, but got (-3,)."),
    "x.reshape(1.5)": TypeError(
        "a shape consists of integers, as in (2, 3), but got: the number 1.5; divide sizes with //"
    ),
    "m.t().view(6)": RuntimeError(
        "view size is not compatible with input tensor's size and stride: the elements of this (3, 2) tensor do not "
        "lie in memory in the order of a (6,) one (after a transpose or a slice, for example). Use x.reshape(...), "
        "which copies if necessary, or x.contiguous().view(...)."
    ),
    "m.t().view(t.int16)": RuntimeError(
        "view: float32 elements of shape (3, 2) cannot be viewed as torch.int16: where the element sizes differ, the "
        "last dimension must be contiguous, and its bytes divisible into new elements. To convert the values, write "
        "x.to(torch.int16)."
    ),
    "t.zeros((True, 2))": TypeError(
        "a shape consists of integers, as in (2, 3), but got: the number True, the number 2"
    ),
    "t.flip(x, 0)": TypeError("a shape consists of integers, as in (2, 3), but got: the number 0"),
    "m.flip()": TypeError("a shape consists of integers, as in (2, 3), but got: nothing"),
    "x.repeat_interleave(t.tensor([1, 2]))": RuntimeError(
        "repeat_interleave: repeats must have the same size as input along dim: 3, one for each element along dim, or "
        "a single one, and its shape is (2,)"
    ),
    "t.tensor(1).repeat_interleave(2, 0)": IndexError(
        "Dimension specified as 0 but tensor has no dimensions: it holds a single number"
    ),
    "x.fill_diagonal_(1)": RuntimeError(
        "fill_diagonal_: dimensions must larger than 1, and the shape is (3,)"
    ),
    "t.ones(2, 3, 3).fill_diagonal_(1)": RuntimeError(
        "fill_diagonal_: all dimensions of input must be of equal length, and the shape is (2, 3, 3): for each matrix "
        "of a batch, write x.diagonal(dim1=-2, dim2=-1).fill_(value)"
    ),
    "t.repeat_interleave(t.tensor([[1]]))": RuntimeError(
        "repeat_interleave: repeats must have the same size as input along dim: a vector, and its shape is (1, 1)"
    ),
    "x.repeat_interleave(t.tensor([1, -2, 0]))": RuntimeError(
        "repeat_interleave: repeats must be non-negative, but got -2"
    ),
    "x.repeat_interleave(-1)": RuntimeError("repeat_interleave: repeats must be non-negative, but got -1"),
    "x.repeat_interleave(1.5)": TypeError(
        "repeat_interleave(): repeats must be an int, not the number 1.5"
    ),
    "x.repeat_interleave(x)": NotImplementedError(
        "\"repeat_interleave\" not implemented for 'float32': it needs integers, the numbers of repeats"
    ),
    "x.repeat_interleave(2, output_size=5)": RuntimeError(
        "repeat_interleave: Invalid output_size, expected 6 but got 5"
    ),
    "m.roll((1, 2))": RuntimeError(
        "shifts and dimensions must align, one shift for each dimension, but the shifts are (1, 2) and the dims ()"
    ),
    "t.ones(2, 2, 2).diag()": RuntimeError(
        "diag(): Supports 1D or 2D tensors. Got 3D: x.diagonal(dim1=-2, dim2=-1) returns those of a batch"
    ),
    "m.diagonal(0, 1, 1)": RuntimeError("diagonal dimensions cannot be identical, but they are 1 and 1"),
    "m.unfold(1, 5, 1)": RuntimeError("unfold: maximum size for tensor at dimension 1 is 3 but size is 5"),
    "m.unfold(1, -1, 1)": RuntimeError("unfold: size is -1 but must be >= 0"),
    "m.unfold(1, 2, 0)": RuntimeError("unfold: step is 0 but must be > 0"),
    "m.narrow(0, 0.5, 1)": TypeError("narrow(): start must be an int, not the number 0.5"),
    "m.view_as(None)": TypeError(
        "view_as(): a Tensor is needed, not None: a function without a return statement, such as a forward(), returns "
        "None"
    ),
    "t.broadcast_tensors(x, None)": TypeError(
        "broadcast_tensors(): a Tensor is needed, not None: a function without a return statement, such as a "
        "forward(), returns None"
    ),
    "t.finfo(x)": TypeError(
        "finfo() is for floating-point dtypes, not tensor([1., 1., 1.]); iinfo() is for integers"
    ),
    "m.narrow(0, x, 1)": RuntimeError(
        "narrow: start must be an 0-dim integral Tensor, or an integer, not a tensor of shape (3,), float32"
    ),
    "m.flatten(1, 0)": RuntimeError(
        "flatten() has invalid args: start_dim cannot come after end_dim, but start_dim=1 and end_dim=0"
    ),
    "m.unflatten(1, (2, 2))": RuntimeError(
        "unflatten: sizes (2, 2) do not multiply to the length of dimension 1, which is 3. One of them may be -1, and "
        "is inferred."
    ),
    "m.squeeze(5)": IndexError(
        "Dimension out of range (expected to be in range of [-2, 1], but got 5): the tensor has 2 dimensions, "
        "numbered from 0, or from the end as -1, -2, ..."
    ),
    "m.transpose(0, 2)": IndexError(
        "Dimension out of range (expected to be in range of [-2, 1], but got 2): the tensor has 2 dimensions, "
        "numbered from 0, or from the end as -1, -2, ..."
    ),
    "m.permute(0, 0)": RuntimeError(
        "permute(): the tensor has 2 dimensions; each must be named once, but got (0, 0). To swap two, write "
        "x.transpose(a, b)."
    ),
    "m.movedim((0, 1), (0,))": RuntimeError(
        "movedim: source=(0, 1) and destination=(0,) must name the same number of dimensions: where each goes"
    ),
    "t.ones(2, 3, 4).t()": RuntimeError(
        "t() expects a tensor with <= 2 dimensions, but self is 3D: x.mT transposes the last two, x.transpose(a, "
        "b) any two"
    ),
    "x.mT": RuntimeError("tensor.mT needs a matrix, or a batch of them: at least 2 dimensions, but the shape is (3,)"),
    "m.expand(2, 4)": RuntimeError(
        "expand: a tensor of shape (2, 3) cannot be expanded to (2, 4): only dimensions of size 1 (and new ones on "
        "the left) can be expanded. To repeat a dimension of another size, use x.repeat(...)."
    ),
    "m.expand(3)": RuntimeError(
        "expand: a tensor of shape (2, 3) cannot be expanded to (3,): only dimensions of size 1 (and new ones on the "
        "left) can be expanded. To repeat a dimension of another size, use x.repeat(...)."
    ),
    "m.repeat(2)": RuntimeError(
        "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: the shape is (2, "
        "3), but got (2,). Write 1 for a dimension that is not repeated."
    ),
    "m.repeat(2, -1)": RuntimeError("repeat: a tensor cannot be repeated a negative number of times, but got (2, -1)"),
    "m.narrow(0, 5, 1)": IndexError("start out of range (expected to be in range of [-2, 2], but got 5)"),
    "m.narrow(0, 1, 5)": RuntimeError("start (1) + length (5) exceeds dimension size (2)"),
    "m.narrow(0, 0, -1)": RuntimeError("narrow(): length must be non-negative, but got -1"),
    "m.split(0)": RuntimeError(
        "split expects split_size be positive, but got split_size=0: it is the length of each piece"
    ),
    "m.split([1, 2])": RuntimeError(
        "split_with_sizes expects split_sizes to sum exactly to 2 (the length of the dimension) and to be non-"
        "negative, but got [1, 2], whose sum is 3"
    ),
    "m.chunk(0)": RuntimeError("chunk expects `chunks` to be greater than 0, got: 0: it is the number of pieces"),
    "t.tensor(1.).chunk(1)": RuntimeError(
        "chunk expects at least a 1-dimensional tensor: this one is a single number, with no dimension to split"
    ),
    "t.tensor(1.).diff()": RuntimeError(
        "diff expects at least a 1-dimensional tensor: this one is a single number, with no dimension to split"
    ),
    "t.tensor(1.).unique(dim=0)": IndexError(
        "Dimension specified as 0 but tensor has no dimensions: it holds a single number"
    ),
    "t.tensor(1.).split(1)": RuntimeError(
        "split expects at least a 1-dimensional tensor: this one is a single number, with no dimension to split"
    ),
    "t.tensor(1.).unbind()": IndexError(
        "Dimension specified as 0 but tensor has no dimensions: it holds a single number"
    ),
    "x.tril()": RuntimeError("tril needs a matrix, or a batch of them: at least 2 dimensions, but the shape is (3,)"),
    "x.triu()": RuntimeError("triu needs a matrix, or a batch of them: at least 2 dimensions, but the shape is (3,)"),
    # joining
    "t.cat([x, m])": RuntimeError(
        "cat: the shapes (3,) and (2, 3) cannot be joined: tensors must have the same number of dimensions. "
        "x.unsqueeze(0) adds one in front, x.unsqueeze(1) one after the first."
    ),
    "t.cat([m, t.ones(2, 4)])": RuntimeError(
        "cat: the shapes (2, 3) and (2, 4) cannot be joined along dimension 0: they must be equal in all "
        "dimensions but 0, along which they are joined."
    ),
    "t.stack([x, t.ones(2)])": RuntimeError(
        "stack: the shapes (3,) and (2,) cannot be joined along dimension 0: they must be equal in all "
        "dimensions."
    ),
    "t.cat([])": ValueError("cat(): expected a non-empty list of Tensors"),
    "t.stack([])": RuntimeError("stack(): expected a non-empty list of Tensors"),
    "t.cat(x)": TypeError(
        "cat(): argument 'tensors' must be tuple of Tensors, not a tensor of shape (3,), float32: write "
        "torch.cat([a, b])"
    ),
    "t.cat([x, 1])": TypeError(
        "cat(): expected Tensor as element 1 in argument 0, but got the number 1: convert it with torch.tensor(...)"
    ),
    "t.cat([t.tensor(1), t.tensor(2)])": RuntimeError(
        "zero-dimensional tensors cannot be concatenated: torch.stack joins single numbers"
    ),
    't.meshgrid(x, x, indexing="ab")': RuntimeError(
        'torch.meshgrid: indexing must be one of "xy" or "ij", but received: \'ab\'. "ij" puts rows first, as '
        'matrices do; "xy" columns, as plots do.'
    ),
    "t.meshgrid(t.ones(2, 3))": RuntimeError(
        "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got one of shape (2, 3): each holds the "
        "coordinates along one axis, and x.flatten() is 1-d"
    ),
    "t.meshgrid(x, t.arange(2))": RuntimeError(
        "torch.meshgrid expects all tensors to have the same dtype: convert them with .to(dtype) or .float()"
    ),
    "t.broadcast_tensors(x, t.ones(2))": RuntimeError(
        "broadcast_tensors: the shapes (3,) and (2,) cannot be broadcast together: at dimension 0 (counted after "
        "aligning the last ones) the sizes are 3 and 2. Sizes must be equal, or one of them 1 (or missing on the "
        "left)."
    ),
    # reading and writing by index
    "x[3]": IndexError(
        "index 3 is out of bounds for dimension 0 with size 3: indices go from 0 to 2, or from the end as -1 to "
        "-3"
    ),
    "x[t.tensor([0, 5])]": IndexError(
        "index 5 is out of bounds for dimension 0 with size 3: indices go from 0 to 2, or from the end as -1 to "
        "-3"
    ),
    "x[0, 0]": IndexError("too many indices for tensor of dimension 1: 2 were given, and the shape is (3,)"),
    "t.tensor(1.)[0]": IndexError(
        "invalid index of a 0-dim tensor. It holds one number: use `tensor.item()` in Python to get it"
    ),
    "x[1.5]": IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
        "the number 1.5)"
    ),
    'x["a"]': TypeError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
        "str 'a')"
    ),
    "x[t.ones(3)]": IndexError(
        "tensors used as indices must be long, int, byte or bool tensors, but this one has dtype float32: convert"
        " it with .long()"
    ),
    "x[::-1]": ValueError("step must be greater than zero, but is -1: x.flip(0) reverses a dimension"),
    "x[::0]": ValueError("slice step cannot be zero"),
    'x["a":]': TypeError("slice indices must be integers or None or have an __index__ method: got 'a':None:None"),
    "x[t.tensor([True, False])]": IndexError(
        "The shape of the mask (2,) at index 0 does not match the shape of the indexed tensor (3,) at index 0: a "
        "mask has one True or False for each element"
    ),
    "m[[0, 1], [0, 1, 2]]": IndexError(
        "shape mismatch: indexing tensors could not be broadcast together with shapes (2,), (3,): together they "
        "select single elements. For every row with every column, write x[rows][:, columns]."
    ),
    "x[..., 0, ...]": IndexError(
        "an index can only have a single ellipsis ('...'): it stands for all dimensions without an index"
    ),
    "x.__setitem__(0, [1])": TypeError(
        "can't assign list [1] to a part of a tensor, only a number or a Tensor: use torch.tensor(...)."
    ),
    'x.__setitem__(0, "a")': TypeError(
        "can't assign str 'a' to a part of a tensor, only a number or a Tensor: use torch.tensor(...)."
    ),
    "x.__setitem__(0, t.ones(2))": RuntimeError(
        "The value of shape (2,) cannot be written to elements of shape (): sizes must be equal, or 1 in the value "
        "(or missing on its left)."
    ),
    "x.__setitem__([0, 1], t.ones(3))": RuntimeError(
        "The value of shape (3,) cannot be written to elements of shape (2,): sizes must be equal, or 1 in the value "
        "(or missing on its left)."
    ),
    "x.__setitem__([0, 1], t.tensor([1, 2]))": RuntimeError(
        "Index put requires the source and destination dtypes match, got torch.float32 for the destination and "
        "torch.int64 for the source: convert the values, .to(torch.float32)"
    ),
    "t.tensor([1, 2], dtype=t.uint8).__setitem__(0, 300)": RuntimeError(
        "value cannot be converted to type uint8 without overflow: 300 is not in the range from 0 to 255"
    ),
    "x.__delitem__(0)": TypeError(
        "Tensor does not support deleting items: keep the others instead, as in torch.cat([x[:i], x[i + 1:]])"
    ),
    "w.__setitem__(0, 1)": RuntimeError(
        "a leaf Variable that requires grad is being used in an in-place operation: its old value would be lost, "
        "and with it the place where the gradient belongs. To update a parameter, write\n"
        "    with torch.no_grad():\n"
        "        w -= lr * w.grad\n"
        "To compute with it, make a new tensor: w = w - 1, or work on w.clone()."
    ),
    "m.gather(0, t.tensor([0]))": RuntimeError(
        "gather(): Index tensor must have the same number of dimensions as input tensor, but the shapes are (1,) and "
        "(2, 3). To select one element per row, write index.unsqueeze(1)."
    ),
    "m.gather(1, t.tensor([[5]]))": RuntimeError("gather(): index 5 is out of bounds for dimension 1 with size 3"),
    "m.gather(1, t.tensor([[0], [0], [0]]))": RuntimeError(
        "gather(): Size does not match: expected index (3, 1) to be no larger than self (2, 3) apart from "
        "dimension 1"
    ),
    "m.gather(1, t.tensor([[0.]]))": RuntimeError(
        "gather(): Expected dtype int32/int64 for index, but got torch.float32: convert it with .long()"
    ),
    "m.gather(1, [[0]])": TypeError(
        "gather(): a Tensor is needed, not list [[0]]: convert it with torch.tensor(...)"
    ),
    "m.take_along_dim(t.tensor([[0]], dtype=t.int32), 1)": RuntimeError(
        "take_along_dim(): Expected dtype int64 for index, but got torch.int32: convert it with .long()"
    ),
    "m.index_select(0, t.zeros(0))": RuntimeError(
        "index_select(): Expected dtype int32/int64 for index, but got torch.float32: convert it with .long()"
    ),
    "m[t.tensor([True, False]), 5]": IndexError(
        "index 5 is out of bounds for dimension 1 with size 3: indices go from 0 to 2, or from the end as -1 to -3"
    ),
    "m[:, t.tensor([0, 5])]": IndexError(
        "index 5 is out of bounds for dimension 1 with size 3: indices go from 0 to 2, or from the end as -1 to -3"
    ),
    "m.take_along_dim(t.tensor([[0], [1], [2]]), 1)": RuntimeError(
        "take_along_dim: the shapes (2, 3) and (3, 1) cannot be broadcast together: at dimension 0 (counted after "
        "aligning the last ones) the sizes are 2 and 3. Sizes must be equal, or one of them 1 (or missing on the "
        "left)."
    ),
    "m.take_along_dim(t.tensor([0, 1]), 1)": RuntimeError(
        "take_along_dim(): Index tensor must have the same number of dimensions as input tensor, but the shapes are "
        "(2,) and (2, 3). To select one element per row, write index.unsqueeze(1)."
    ),
    "m.scatter(1, t.tensor([[0], [1]]), t.ones(2, 1, dtype=t.int64))": RuntimeError(
        "scatter: expected both tensors to have the same dtype, but got torch.float32 and torch.int64: convert one "
        "with .to(torch.int64)"
    ),
    "m.scatter(1, t.tensor([[0], [1]]), t.tensor(1.))": RuntimeError(
        "scatter(): Expected index (2, 1) to have as many dimensions as src (), and in none a larger size: each "
        "position gets its own element. To write the same everywhere, use src.expand(index.shape)."
    ),
    "m.scatter(1, t.tensor([[0], [1]]))": TypeError(
        "scatter(): the values to write are missing: src=..., a tensor, or value=..., a number"
    ),
    'x.scatter(0, t.tensor([0]), 1, reduce="sum")': RuntimeError(
        'scatter(): reduce argument must be either "add" or "multiply", not \'sum\''
    ),
    "x.scatter_add(0, t.tensor([0, 1]), t.ones(1))": RuntimeError(
        "scatter_add(): Expected index (2,) to have as many dimensions as src (1,), and in none a larger size: each "
        "position gets its own element. To write the same everywhere, use src.expand(index.shape)."
    ),
    "w.scatter_(0, t.tensor([0]), 1)": RuntimeError(
        "a leaf Variable that requires grad is being used in an in-place operation: its old value would be lost, and "
        "with it the place where the gradient belongs. To update a parameter, write\n"
        "    with torch.no_grad():\n"
        "        w -= lr * w.grad\n"
        "To compute with it, make a new tensor: w = w - 1, or work on w.clone()."
    ),
    "x.index_add(0, t.tensor([0, 3]), t.ones(2))": IndexError(
        "index out of range in self: index_add() along dimension 0 of length 3 got indices from 0 to 3; they start at "
        "0, and cannot be negative"
    ),
    "m.index_add(1, t.tensor([0]), t.ones(2, 1).double())": RuntimeError(
        "index_add: expected both tensors to have the same dtype, but got torch.float32 and torch.float64: convert one "
        "with .to(torch.float64)"
    ),
    "m.index_add(1, t.tensor([0, 1]), t.ones(2, 3))": RuntimeError(
        "index_add(): source tensor shape must match self tensor shape, excluding dimension 1, which has a slice for "
        "each index: expected (2, 2), but got (2, 3)"
    ),
    "x.topk(4)": RuntimeError(
        "topk(): selected index k out of range: 4 of the 3 elements along dimension 0 were requested. Limit k: "
        "k=min(k, x.size(dim))."
    ),
    "x.topk(1.5)": TypeError("topk(): argument 'k' must be int, not the number 1.5"),
    "(x > 0).topk(1)": RuntimeError(
        "topk(): does not support bool input: write x.int().topk(), or x.nonzero() for the places of True"
    ),
    "m.sort(2)": IndexError(
        "Dimension out of range (expected to be in range of [-2, 1], but got 2): the tensor has 2 dimensions, "
        "numbered from 0, or from the end as -1, -2, ..."
    ),
    "m.index_select(0, t.tensor([5]))": IndexError(
        "index out of range in self: index_select() along dimension 0 of length 2 got indices from 5 to 5; they start "
        "at 0, and cannot be negative"
    ),
    "m.index_select(0, t.tensor([[0]]))": IndexError(
        "index_select(): Index is supposed to be a vector, but its shape is (1, 1)"
    ),
    "m.masked_select(t.ones(2, 3))": RuntimeError(
        "masked_select expected a boolean tensor as its condition, but got a tensor with dtype torch.float32: "
        "compare first, as in x != 0"
    ),
    "m.masked_select(t.ones(2, dtype=t.bool))": RuntimeError(
        "masked_select: the shapes (2, 3) and (2,) cannot be broadcast together: at dimension 1 (counted after "
        "aligning the last ones) the sizes are 3 and 2. Sizes must be equal, or one of them 1 (or missing on the "
        "left). Perhaps you want one value for each row: write the second as x.unsqueeze(1), of shape (2, 1)."
    ),
    # products
    "m @ m": RuntimeError(
        "matmul: shapes (2, 3) and (2, 3) cannot be multiplied: the last dimension of the left side is 3, the "
        "second to last dimension of the right side is 2; they must be equal. Perhaps you want left @ right.mT, "
        "with (3, 2) on the right."
    ),
    "m @ t.ones(2)": RuntimeError(
        "matmul: shapes (2, 3) and (2,) cannot be multiplied: the last dimension of the left side is 3, the only "
        "dimension of the right side is 2; they must be equal. Perhaps you want left.mT @ right, with (3, 2) on "
        "the left."
    ),
    "t.ones(3, 2, 3) @ t.ones(2, 3, 4)": RuntimeError(
        "matmul: shapes (3, 2, 3) and (2, 3, 4) cannot be multiplied: the batch dimensions (3,) and (2,) cannot be "
        "broadcast together. They must be equal, or 1."
    ),
    "m @ t.tensor(2.)": RuntimeError(
        "matmul: both sides of @ need at least one dimension, but the shapes are (2, 3) and (). To multiply by a "
        "single number, write * instead of @."
    ),
    "m @ m.T.double()": RuntimeError(
        "matmul: expected both tensors to have the same dtype, but got torch.float32 and torch.float64: convert "
        "one with .to(torch.float64)"
    ),
    "x.mm(m)": RuntimeError(
        "mm: expected tensors with 2 and 2 dimensions, but the shapes are (3,) and (2, 3); @ takes any number of "
        "dimensions"
    ),
    "x.dot(m)": RuntimeError(
        "dot: expected tensors with 1 and 1 dimension, but the shapes are (3,) and (2, 3); @ takes any number of "
        "dimensions"
    ),
    "t.ones(2, 2, 3).bmm(t.ones(3, 3, 2))": RuntimeError(
        "bmm: both batches need the same number of matrices, but the shapes are (2, 2, 3) and (3, 3, 2); @ broadcasts "
        "a batch of one"
    ),
    "m.outer(x)": RuntimeError(
        "outer: expected tensors with 1 and 1 dimension, but the shapes are (2, 3) and (3,); @ takes any number of "
        "dimensions"
    ),
}
