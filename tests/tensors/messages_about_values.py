"""The exact messages of mistakes with numbers, dtypes or the graph.

x is a vector, m a matrix, w requires grad.
"""

ABOUT_VALUES: dict[str, Exception] = {
    # arithmetic and comparison
    "x + t.ones(4)": RuntimeError(
        "add: the shapes (3,) and (4,) cannot be broadcast together: at dimension 0 (counted after aligning the last "
        "ones) the sizes are 3 and 4. Sizes must be equal, or one of them 1 (or missing on the left)."
    ),
    "t.ones(2, 3) + t.ones(2)": RuntimeError(
        "add: the shapes (2, 3) and (2,) cannot be broadcast together: at dimension 1 (counted after aligning the "
        "last ones) the sizes are 3 and 2. Sizes must be equal, or one of them 1 (or missing on the left). Perhaps "
        "you want one value for each row: write the second as x.unsqueeze(1), of shape (2, 1)."
    ),
    "t.ones(2, 3) * t.ones(3, 2)": RuntimeError(
        "mul: the shapes (2, 3) and (3, 2) cannot be broadcast together: at dimension 1 (counted after aligning the "
        "last ones) the sizes are 3 and 2. Sizes must be equal, or one of them 1 (or missing on the left). One of "
        "them looks transposed: write the second as x.T, of shape (2, 3)."
    ),
    'x.add("a")': TypeError(
        "a Tensor or a number is needed here, but this is str 'a': convert words and labels to numbers first, for "
        "example with a dict {word: index}"
    ),
    "x.add(None)": TypeError(
        "a Tensor or a number is needed here, but this is None: a function without a return statement, such as a "
        "forward(), returns None"
    ),
    "x - t.ones(3, dtype=t.bool)": RuntimeError(
        "x - y with a bool tensor is not supported: write ~x to invert a mask, x ^ y for the exclusive or, or "
        "convert it to numbers with x.int()"
    ),
    "+(x > 0)": RuntimeError("+x with a bool tensor is not supported: convert it to numbers with x.int()"),
    "(x > 0) - (x > 0)": RuntimeError(
        "x - y with a bool tensor is not supported: write ~x to invert a mask, x ^ y for the exclusive or, or "
        "convert it to numbers with x.int()"
    ),
    "(x > 0) // True": NotImplementedError(
        "\"floor_divide\" not implemented for 'bool': it needs integers: x.int()"
    ),
    "(x > 0) ** (x > 0)": NotImplementedError("\"pow\" not implemented for 'bool': it needs integers: x.int()"),
    "(x > 0).clamp(x > 0, x > 0)": NotImplementedError(
        "\"clamp\" not implemented for 'bool': it needs numbers: x.int()"
    ),
    "x.bitwise_not()": NotImplementedError(
        '"bitwise_not" not implemented for \'float32\': it needs bools or integers, as in (x > 0) & (y > 0)'
    ),
    "t.tensor([1]).round(decimals=1)": NotImplementedError(
        "\"round with decimals\" not implemented for 'int64': it needs floating-point numbers: x.float()"
    ),
    "x.bincount()": NotImplementedError(
        "\"bincount\" not implemented for 'float32': it needs non-negative integers"
    ),
    "t.arange(2, dtype=t.bool)": NotImplementedError(
        "\"arange\" not implemented for 'bool': it needs numbers: leave dtype=torch.bool out"
    ),
    "-t.ones(2, dtype=t.bool)": RuntimeError(
        "-x with a bool tensor is not supported: write ~x for not, or convert it to numbers with x.int()"
    ),
    "t.tensor([1]).add(1, alpha=0.5)": RuntimeError(
        "For integral input tensors, argument alpha must not be a floating point number, but it is 0.5: convert "
        "the tensor first, x.float()"
    ),
    "t.tensor([1]).add(1, alpha=True)": RuntimeError("Boolean alpha only supported for Boolean results: write alpha=1"),
    "t.tensor([1]) // 0": RuntimeError(
        "ZeroDivisionError: floor_divide of integers by 0 is undefined. In floating point, x / y or x.float() // y "
        "gives inf or nan."
    ),
    "t.tensor([1]) ** -1": RuntimeError(
        "Integers to negative integer powers are not allowed: x ** -1 is a fraction. Write x.float() ** -1."
    ),
    "t.ones(2) << 1": NotImplementedError(
        "\"left_shift\" not implemented for 'float32': it needs integers: x.int()"
    ),
    "t.ones(2, dtype=t.bool).clamp_min(True)": NotImplementedError(
        "\"clamp\" not implemented for 'bool': it needs numbers: x.int()"
    ),
    "t.tensor([1]).logaddexp(t.tensor([1]))": NotImplementedError(
        "\"logaddexp\" not implemented for 'int64': it needs floating-point numbers: x.float()"
    ),
    "t.tensor([1]).lerp(t.tensor([1]), 0.5)": NotImplementedError(
        "\"lerp\" not implemented for 'int64': it needs floating-point numbers: x.float()"
    ),
    "x.lerp(x.double(), 0.5)": RuntimeError(
        "lerp: expected both tensors to have the same dtype, but got torch.float32 and torch.float64: convert one "
        "with .to(torch.float64)"
    ),
    "t.tensor([1, -1]).bincount()": RuntimeError(
        "bincount only supports 1-d non-negative integral inputs, and the smallest is -1"
    ),
    "t.tensor([[1]]).bincount()": RuntimeError(
        "bincount only supports 1-d non-negative integral inputs, and the shape is (1, 1): write x.flatten()"
    ),
    "t.tensor([1, 2]).bincount(t.ones(3))": RuntimeError(
        "bincount: weights should be 1-d and have the same length as input, one for each number; their shape is (3,), "
        "and that of input (2,)"
    ),
    "t.tensor([1, 2]).bincount(minlength=-1)": RuntimeError("bincount: minlength must be non-negative, but got -1"),
    "t.zeros(0, 2).unique(dim=1)": RuntimeError(
        "unique along dim 1 needs slices with elements in them, and another dimension of the shape (0, 2) has length 0"
    ),
    "x.diff(-1)": RuntimeError("diff: n must be non-negative, but got -1"),
    "t.ones(2, 2).diff(prepend=x)": RuntimeError(
        "diff: the shapes (3,) and (2, 2) cannot be joined: tensors must have the same number of dimensions. "
        "x.unsqueeze(0) adds one in front, x.unsqueeze(1) one after the first."
    ),
    "t.tensor([True]).median()": NotImplementedError(
        "\"median\" not implemented for 'bool': it needs numbers: x.int()"
    ),
    "t.linspace(x, 1, 3)": RuntimeError(
        "linspace only supports 0-dimensional start and end tensors, or numbers, but the shape of one is (3,)"
    ),
    "t.LongTensor(x)": TypeError(
        "expected a tensor of torch.int64, but got one of torch.float32: convert it, x.to(torch.int64)"
    ),
    'x.type("torch.RealTensor")': ValueError(
        "invalid type: 'torch.RealTensor'. Write a dtype: x.type(torch.float64), or x.double()"
    ),
    "t.Size([1.5])": TypeError("torch.Size() takes an iterable of integers, but got [1.5]"),
    "t.randint(0.5, 3, (2,))": TypeError(
        "randint(): low must be an int, not the number 0.5"
    ),
    "x.isclose(x, rtol=-1)": RuntimeError("isclose expects rtol to be 0 or more, but found rtol=-1"),
    "t.pow(2, 3)": TypeError("pow(): a Tensor is needed, not the number 2: convert it with torch.tensor(...)"),
    'x.div(2, rounding_mode="up")': RuntimeError(
        "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found 'up'"
    ),
    "x.maximum(3)": TypeError(
        "maximum(): a Tensor is needed, not the number 3: convert it with torch.tensor(...)"
    ),
    "x.clamp()": RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None, as in x.clamp(min=0)"),
    "x.clamp(1, t.ones(3))": TypeError(
        "clamp(): min and max must be two numbers, or two Tensors: write torch.tensor(0.) for a number"
    ),
    "x.masked_fill(t.tensor([1, 0, 1]), 0)": RuntimeError(
        "masked_fill expected a boolean tensor as its condition, but got a tensor with dtype torch.int64: compare"
        " first, as in x != 0"
    ),
    "x.half().masked_fill(x > 0, -1e9)": RuntimeError(
        "value cannot be converted to type float16 without overflow: -1000000000.0 is not in the range from -65504.0 "
        "to 65504.0; -inf and inf are values of this type"
    ),
    "x.long().masked_fill(x > 0, t.inf)": RuntimeError(
        "value cannot be converted to type int64 without overflow: inf is not in the range from -9223372036854775808 "
        "to 9223372036854775807"
    ),
    "x.masked_fill(x > 0, t.ones(3))": RuntimeError(
        "masked_fill only supports a 0-dimensional value tensor, but got a tensor of shape (3,); torch.where(mask, "
        "values, x) and x.copy_(values) take one for each element"
    ),
    "t.where(t.tensor([1, 0, 1]), x, x)": RuntimeError(
        "where expected a boolean tensor as its condition, but got a tensor with dtype torch.int64: compare "
        "first, as in x != 0"
    ),
    "x & 1": NotImplementedError(
        '"bitwise_and" not implemented for \'float32\': it needs bools or integers, as in (x > 0) & (y > 0)'
    ),
    "~x": TypeError(
        "~ (operator.invert) is only implemented on integer and Boolean-type tensors, not on torch.float32: "
        "compare first, ~(x > 0)"
    ),
    "x.logical_and(True)": TypeError(
        "logical_and(): a Tensor is needed, not the number True: convert it with torch.tensor(...)"
    ),
    'x.eq("a")': TypeError(
        "a Tensor or a number is needed here, but this is str 'a': convert words and labels to numbers first, for "
        "example with a dict {word: index}"
    ),
    "x < t.ones(4)": RuntimeError(
        "x < y: the shapes (3,) and (4,) cannot be broadcast together: at dimension 0 (counted after aligning the "
        "last ones) the sizes are 3 and 4. Sizes must be equal, or one of them 1 (or missing on the left)."
    ),
    "x.isclose(t.ones(3, dtype=t.float64))": RuntimeError(
        "isclose: expected both tensors to have the same dtype, but got torch.float32 and torch.float64: convert "
        "one with .to(torch.float64)"
    ),
    "x.isclose(t.ones(4))": RuntimeError(
        "isclose: the shapes (3,) and (4,) cannot be broadcast together: at dimension 0 (counted after aligning the "
        "last ones) the sizes are 3 and 4. Sizes must be equal, or one of them 1 (or missing on the left)."
    ),
    "x.equal([1])": TypeError("equal(): a Tensor is needed, not list [1]: convert it with torch.tensor(...)"),
    '"a" in x': RuntimeError(
        "Tensor.__contains__ only supports Tensor or scalar, but you passed in str 'a': a tensor holds numbers "
        "only"
    ),
    "x.lerp(t.ones(2), t.ones(4))": RuntimeError(
        "lerp: the shapes (3,) and (2,) and (4,) cannot be broadcast together: at dimension 0 (counted after aligning "
        "the last ones) the sizes are 3 and 2 and 4. Sizes must be equal, or one of them 1 (or missing on the left)."
    ),
    # elementwise and reductions
    "t.ones(2, dtype=t.bool).abs()": NotImplementedError(
        '"abs" not implemented for \'bool\': it needs numbers: x.int()'
    ),
    "t.tensor([1, 2]).softmax(0)": NotImplementedError(
        '"softmax" not implemented for \'int64\': it needs floating-point numbers: x.float().softmax(0)'
    ),
    "t.ones(2, dtype=t.bool).relu()": RuntimeError(
        "relu(x) with a bool tensor is not supported: convert it to numbers with x.int()"
    ),
    "x.softmax(1)": IndexError(
        "Dimension out of range (expected to be in range of [-1, 0], but got 1): the tensor has 1 dimension, "
        "numbered from 0, or from the end as -1, -2, ..."
    ),
    "x.softmax(dims=0)": TypeError(
        "softmax() got an unexpected keyword argument 'dims'. Did you mean 'dim' or 'keepdims'? It takes: dim, "
        "dtype, axis, keepdims."
    ),
    "x.sum(1)": IndexError(
        "Dimension out of range (expected to be in range of [-1, 0], but got 1): the tensor has 1 dimension, "
        "numbered from 0, or from the end as -1, -2, ..."
    ),
    "x.sum(0.5)": TypeError("a dimension must be an integer, not the number 0.5"),
    "t.tensor(1.).sum(1)": IndexError(
        "Dimension out of range: dim=1 was given, but a 0-d tensor has only dim 0 and -1."
    ),
    "m.sum((0, 0))": RuntimeError("a dimension appears more than once in dim=(0, 0): list each only once"),
    "x.sum(axes=0)": TypeError(
        "sum() got an unexpected keyword argument 'axes'. Did you mean 'axis'? It takes: dim, keepdim, dtype, "
        "axis, keepdims."
    ),
    'x.sum(dtype="float32")': TypeError(
        "argument 'dtype' must be torch.dtype, not str: write dtype=torch.float32, without quotes, and not "
        "'float32'"
    ),
    "t.tensor([1, 2]).mean()": RuntimeError(
        "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got:"
        " torch.int64. Write x.float().mean(...)."
    ),
    "t.tensor([1, 2]).norm()": RuntimeError(
        "norm(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got:"
        " torch.int64. Write x.float().norm(...)."
    ),
    "t.ones(0).max()": RuntimeError(
        "max(): Expected reduction dim to be specified for input.numel() == 0: the tensor is empty, and has no "
        "maximum and no minimum"
    ),
    "t.ones(0, 3).max(0)": IndexError(
        "max(): Expected reduction dim to have non-zero size, but the shape is (0, 3): an empty slice has no maximum "
        "and no minimum"
    ),
    "t.ones(0).argmax()": IndexError(
        "argmax(): Expected reduction dim to have non-zero size, but the shape is (0,): an empty slice has no maximum "
        "and no minimum"
    ),
    "t.ones(2, dtype=t.bool).argmax()": RuntimeError(
        "argmax(): does not support bool input: write x.int().argmax(), or x.nonzero() for the places of True"
    ),
    # in place
    "w.add_(1)": RuntimeError(
        "a leaf Variable that requires grad is being used in an in-place operation: its old value would be lost, "
        "and with it the place where the gradient belongs. To update a parameter, write\n"
        "    with torch.no_grad():\n"
        "        w -= lr * w.grad\n"
        "To compute with it, make a new tensor: w = w - 1, or work on w.clone()."
    ),
    "w[0].add_(1)": RuntimeError(
        "a view of a leaf Variable that requires grad is being used in an in-place operation: its old value would"
        " be lost, and with it the place where the gradient belongs. To update a parameter, write\n"
        "    with torch.no_grad():\n"
        "        w -= lr * w.grad\n"
        "To compute with it, make a new tensor: w = w - 1, or work on w.clone()."
    ),
    "x.add_(t.ones(2, 3))": RuntimeError(
        "output with shape (3,) doesn't match the broadcast shape (2, 3): an in-place operation cannot make a tensor "
        "larger. Write x = x + y, which creates a new one."
    ),
    "t.tensor([1, 2]).add_(1.5)": RuntimeError(
        "result type torch.float32 can't be cast to the desired output type torch.int64: the tensor keeps its "
        "dtype when it is changed in place, and torch.int64 cannot hold the result. Convert it first, x = "
        "x.to(torch.float32), or write x = x + y."
    ),
    "t.ones(2, dtype=t.bool).add_(1)": RuntimeError(
        "result type torch.int64 can't be cast to the desired output type torch.bool: the tensor keeps its dtype "
        "when it is changed in place, and torch.bool cannot hold the result. Convert it first, x = "
        "x.to(torch.int64), or write x = x + y."
    ),
    "x.expand(2, 3).add_(1)": RuntimeError(
        "unsupported operation: more than one element of the written-to tensor refers to a single memory location "
        "(after expand(), for example). Write to a copy: x.clone()."
    ),
    "x.fill_(t.ones(2))": RuntimeError(
        "fill_ only supports a 0-dimensional value tensor, but got a tensor of shape (2,); torch.where(mask, values, "
        "x) and x.copy_(values) take one for each element"
    ),
    'x.copy_("a")': TypeError("a number is needed here, but this is str 'a'"),
    "x.copy_(t.ones(2))": RuntimeError(
        "copy_: the shapes (3,) and (2,) cannot be broadcast together: at dimension 0 (counted after aligning the "
        "last ones) the sizes are 3 and 2. Sizes must be equal, or one of them 1 (or missing on the left)."
    ),
    "x.normal_(0, -1)": RuntimeError("normal_ expects std to be 0 or more, but found std=-1"),
    "x.uniform_(2, 1)": RuntimeError("uniform_ expects from to be at most to=1, but found from=2"),
    "x.uniform_(low=1)": TypeError(
        "uniform_() got an unexpected keyword argument 'low'. It takes: from, to, generator."
    ),
    "x.random_(3, 3)": RuntimeError(
        "random_ expects 'from' to be less than 'to', but got from=3 >= to=3: high itself is not drawn"
    ),
    "x.random_(high=3)": TypeError(
        "random_() got an unexpected keyword argument 'high'. It takes: from, to, generator."
    ),
    "x.bernoulli_(2)": RuntimeError("bernoulli_ expects p to be between 0 and 1, but found p=2"),
    "x.exponential_(0)": RuntimeError("exponential_ expects lambd to be above 0, but found lambd=0"),
    "t.tensor([1]).normal_()": NotImplementedError(
        '"normal_" not implemented for \'int64\': it needs floating-point numbers, as its draws are'
    ),
    # numbers, NumPy and copies
    "x.item()": RuntimeError(
        "only one element tensors can be converted to Python scalars: a Tensor with 3 elements cannot be converted to "
        "Scalar, as item() does, but the shape is (3,). Reduce it first, for example with .sum() or .mean(), or use "
        ".tolist() for all of them."
    ),
    "int(x)": ValueError(
        "only one element tensors can be converted to Python scalars: a Tensor with 3 elements cannot be converted to "
        "Scalar, as int(x) does, but the shape is (3,). Reduce it first, for example with .sum() or .mean(), or use "
        ".tolist() for all of them."
    ),
    "bool(x)": RuntimeError(
        "Boolean value of Tensor with more than one value is ambiguous: the shape is (3,). Say which you mean: "
        "(x > 0).any() or (x > 0).all(). The words and, or, not and the chain 0 < x < 1 ask this question too: for "
        "each element, write (x > 0) & (x < 1), with | for or, ~ for not."
    ),
    "bool(t.ones(0))": RuntimeError(
        "Boolean value of Tensor with no values is ambiguous: the shape is (0,). Say which you mean: "
        "(x > 0).any() or (x > 0).all(). The words and, or, not and the chain 0 < x < 1 ask this question too: for "
        "each element, write (x > 0) & (x < 1), with | for or, ~ for not."
    ),
    "[1, 2][x]": TypeError(
        "only integer tensors of a single element can be converted to an index, but this is a tensor of shape "
        "(3,), float32: convert it with int(x) first"
    ),
    "len(t.tensor(1))": TypeError("len() of a 0-d tensor: it holds a single number, x.item()"),
    "list(t.tensor(1))": TypeError("iteration over a 0-d tensor: it holds a single number, x.item()"),
    'f"{x:.2f}"': TypeError(
        "unsupported format string passed to Tensor.__format__: '.2f' is for one number, but the tensor has "
        "shape (3,). Format its numbers one at a time, as in [f'{v:.2f}' for v in x.flatten().tolist()], or set the "
        "digits of all tensors with torch.set_printoptions(precision=...)"
    ),
    "w.numpy()": RuntimeError(
        "Can't call numpy() on Tensor that requires grad: what NumPy computes is not recorded. Use "
        "tensor.detach().numpy() instead."
    ),
    "(w * 2).__deepcopy__({})": RuntimeError(
        "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment: "
        "this one was computed, and its graph cannot be copied. Use x.detach().clone(), or make the copy before "
        "computing."
    ),
    'x.to("cuda")': AssertionError(
        "device='cuda': cutaway runs on the CPU only. Write device='cpu', or choose as lessons do: device = "
        "'cuda' if torch.cuda.is_available() else 'cpu' (which gives 'cpu' here)."
    ),
    'x.to("nowhere")': RuntimeError(
        "Expected one of cpu, cuda, mps, xpu, meta as a device, but got 'nowhere': cutaway runs on 'cpu'"
    ),
    "x.cuda()": AssertionError(
        "cutaway has no CUDA: it runs on the CPU with NumPy. Lessons choose a device with 'cuda' if "
        "torch.cuda.is_available() else 'cpu', which gives 'cpu' here."
    ),
    'x.type("float")': ValueError("invalid type: 'float'. Write a dtype: x.type(torch.float64), or x.double()"),
    "x.size(1)": IndexError(
        "Dimension out of range (expected to be in range of [-1, 0], but got 1): the tensor has 1 dimension, "
        "numbered from 0, or from the end as -1, -2, ..."
    ),
    "t.tensor(1.).size(0)": IndexError(
        "Dimension specified as 0 but tensor has no dimensions: it holds a single number"
    ),
    "x.new_zeros(-1)": RuntimeError("new_full: Dimension size must be non-negative, but the shape is (-1,)"),
    # the graph
    "t.tensor([1]).requires_grad_()": RuntimeError(
        "only Tensors of floating point dtype can require gradients, not torch.int64: only continuous values have "
        "derivatives. Convert first, x.float(), or write decimal points when creating it: torch.tensor([1., 2.])."
    ),
    'setattr(w * 2, "requires_grad", False)': RuntimeError(
        "you can only change requires_grad flags of leaf variables. This tensor was computed by mul; to keep its "
        "gradient in x.grad, call x.retain_grad(); to get it without its graph, use x.detach()."
    ),
    'setattr(w[0], "requires_grad", True)': RuntimeError(
        "you can only change requires_grad flags of leaf variables. This tensor was computed by getitem; to keep its "
        "gradient in x.grad, call x.retain_grad(); to get it without its graph, use x.detach()."
    ),
    'setattr(x, "requires_grad", None)': RuntimeError("requires_grad must be a bool, not None"),
    "x.requires_grad_(1)": TypeError("requires_grad_(): requires_grad must be bool, not the number 1"),
    '(lambda v: [v.sum().backward(), setattr(v, "data", t.ones(2)), v.sum().backward()])(w.clone().detach_()'
    ".requires_grad_())": RuntimeError(
        "a gradient of shape (2,) cannot be accumulated: x, for which it was computed, is now a tensor of shape (2,), "
        "float32, and x.grad is a tensor of shape (3,), float32. One of them was replaced (x.data = ...). Compute the "
        "loss after that, and reset the gradient, x.grad = None, before backward(). No gradient was changed."
    ),
    'setattr(w, "grad", t.ones(2))': RuntimeError(
        "assigned grad has shape (2,), but the tensor has shape (3,). A gradient has one number for each element."
    ),
    'setattr(w, "grad", [1])': TypeError("assigned grad must be a Tensor or None, not list"),
    'setattr(w, "grad", t.ones(3, dtype=t.float64))': RuntimeError(
        "assigned grad has dtype torch.float64, but the tensor has torch.float32"
    ),
    'setattr(x, "data", 3)': TypeError("x.data can be set to a Tensor, not to a int"),
    'setattr(w, "data", t.ones(3, dtype=t.int64))': RuntimeError(
        "data set to a tensor that requires gradients must be floating point or complex dtype, not torch.int64: "
        "convert it first, with .float()"
    ),
    # names
    "x.reshpae(3)": AttributeError(
        "'Tensor' object has no attribute 'reshpae'; similar: torch.Tensor.reshape"
    ),
    "t.sotfmax": AttributeError("cutaway has no torch.sotfmax; similar: torch.softmax"),
    # new tensors
    "t.tensor([[1, 2], [3]])": ValueError(
        "expected sequence of equal lengths, but the lists inside are not: lengths 2, 1. A tensor is rectangular; pad "
        "the shorter lists, for example with torch.nn.utils.rnn.pad_sequence"
    ),
    't.tensor("abc")': TypeError(
        "Could not infer dtype of str: a tensor consists of numbers, not of str 'abc'. Convert words and labels to"
        " numbers first, for example with a dict {word: index}."
    ),
    't.tensor(["a"])': ValueError(
        "too many dimensions 'str': a tensor consists of numbers, not of str 'a'. Convert words and labels to "
        "numbers first, for example with a dict {word: index}."
    ),
    't.tensor([1, "a"])': TypeError(
        "Could not infer dtype of str: a tensor consists of numbers, not of str 'a'. Convert words and labels to "
        "numbers first, for example with a dict {word: index}."
    ),
    "t.tensor(None)": RuntimeError(
        "Could not infer dtype of NoneType: a tensor consists of numbers, not of None. Convert words and "
        "labels to numbers first, for example with a dict {word: index}."
    ),
    "t.tensor({1: 2})": RuntimeError(
        "Could not infer dtype of dict: a tensor consists of numbers, not of dict {1: 2}. Convert words and labels "
        "to numbers first, for example with a dict {word: index}."
    ),
    "t.tensor(2**63)": ValueError(
        "Overflow when unpacking long long: int64 holds integers from -2**63 to 2**63 - 1, not 9223372036854775808; "
        "dtype=torch.float64 holds larger ones, rounded"
    ),
    "t.tensor([300], dtype=t.uint8)": RuntimeError(
        "value cannot be converted to type uint8 without overflow: 300 is not in the range from 0 to 255"
    ),
    "t.tensor([x, x])": ValueError(
        "only one element tensors can be converted to Python scalars, but the list holds a tensor of shape (3,): "
        "torch.stack([a, b]) joins tensors along a new dimension, torch.cat([a, b]) along an existing one"
    ),
    't.tensor([1], dtype="int64")': TypeError(
        "argument 'dtype' must be torch.dtype, not str: write dtype=torch.float32, without quotes, and not "
        "'int64'"
    ),
    't.tensor([1.], device="cuda")': AssertionError(
        "device='cuda': cutaway runs on the CPU only. Write device='cpu', or choose as lessons do: device = "
        "'cuda' if torch.cuda.is_available() else 'cpu' (which gives 'cpu' here)."
    ),
    "t.tensor([1], foo=1)": TypeError("tensor() got an unexpected keyword argument 'foo'"),
    't.tensor(np.array(["a"]))': TypeError(
        "can't convert np.ndarray of type <U1: a tensor holds one of float32, float64, float16, int64, int32, "
        "int16, int8, uint8, bool. Convert the array first, for example array.astype('float32')."
    ),
    "t.from_numpy([1])": TypeError("expected np.ndarray (got list): torch.tensor takes lists and numbers"),
    "t.from_numpy(np.ones(3)[::-1])": ValueError(
        "At least one stride in the given numpy array is negative, which a tensor cannot have: write "
        "torch.from_numpy(array.copy())"
    ),
    't.from_numpy(np.ones(3, ">f4"))': ValueError(
        "given numpy array has byte order different from the native byte order (>f4): convert it with "
        "array.astype(array.dtype.newbyteorder('='))"
    ),
    "t.Tensor(2.5)": TypeError(
        "new(): data must be a sequence (got float): write torch.tensor(2.5) for a single number"
    ),
    "t.zeros()": TypeError(
        'zeros() missing the argument "size": write torch.zeros(2, 3), or torch.zeros(()) for a single number'
    ),
    "t.zeros(-1)": RuntimeError("zeros: Dimension size must be non-negative, but the shape is (-1,)"),
    "t.zeros(2.5)": TypeError(
        "a shape consists of integers, as in (2, 3), but got: the number 2.5; divide sizes with //"
    ),
    "t.zeros(2, shape=3)": TypeError(
        "zeros() got an unexpected keyword argument 'shape'. It takes: size, dtype, device, requires_grad."
    ),
    "t.full(3, 1)": TypeError("a shape consists of integers, as in (2, 3), but got: the number 3"),
    't.full((3,), "a")': TypeError("a number is needed here, but this is str 'a'"),
    "t.arange(5, 0)": RuntimeError(
        "upper bound and lower bound inconsistent with step sign: from 5 to 0 by steps of 1 leads nowhere"
    ),
    "t.arange(0, 5, 0)": RuntimeError("step must be nonzero"),
    't.arange(float("inf"))': RuntimeError("unsupported range: 0 -> inf"),
    "t.linspace(0, 1, -1)": RuntimeError("linspace: steps must be non-negative, but got -1"),
    "t.linspace(0, 1, 2.5)": TypeError("linspace(): steps must be an int, not the number 2.5"),
    "t.eye(-1)": RuntimeError("eye: n must be non-negative, but got -1"),
    "t.eye(2.5)": TypeError("eye(): n must be an int, not the number 2.5"),
    # random numbers
    "t.randint(5, 5, (2,))": RuntimeError(
        "random_ expects 'from' to be less than 'to', but got from=5 >= to=5: high itself is not drawn"
    ),
    "t.randint(5)": TypeError(
        "randint() needs a size, a tuple of ints: torch.randint(low, high, (3,)) or torch.randint(high, (3,))"
    ),
    "t.normal(0., 1.)": TypeError("normal() of two numbers needs a size: torch.normal(0.0, 1.0, (3,))"),
    "t.normal(0., -1., (2,))": RuntimeError("normal expects std to be 0 or more, but found std=-1.0"),
    "t.bernoulli(t.tensor([1.5]))": RuntimeError("bernoulli: probabilities must be between 0 and 1"),
    "t.multinomial(t.ones(2), 3)": RuntimeError(
        "multinomial: 3 samples cannot come from 2 categories, without replacement; draw fewer, or pass "
        "replacement=True"
    ),
    "t.rand(2, dtype=t.int64)": NotImplementedError("uniform draws floating point numbers; int64 cannot hold them"),
    # function forms, dtypes, devices
    "t.sum([1])": TypeError("sum(): a Tensor is needed, not list [1]: convert it with torch.tensor(...)"),
    "t.sum(x, dims=0)": TypeError(
        "sum() got an unexpected keyword argument 'dims'. Did you mean 'dim'? It takes: input, dim, keepdim, "
        "dtype."
    ),
    "x.sum(out=x)": TypeError(
        "sum() got out=, which is not supported here: assign the result, y = sum(...), or write it into an existing "
        "tensor, y.copy_(sum(...))."
    ),
    "t.mul(w, 2, out=x)": RuntimeError(
        "mul(): functions with out=... arguments don't support automatic differentiation, but one of the arguments "
        "requires grad: assign the result, y = mul(...), or compute it under torch.no_grad()"
    ),
    "t.mul(x, 2, out=3)": TypeError(
        "mul(): a Tensor is needed, not the number 3: convert it with torch.tensor(...)"
    ),
    "x.cumsum()": TypeError("Tensor.cumsum() missing 1 required positional argument: 'dim'"),
    "t.topk(x)": TypeError("Tensor.topk() missing 1 required positional argument: 'k'"),
    "x.relu(1)": TypeError("Tensor.relu() takes 1 positional argument but 2 were given"),
    "x.quantile(2.0)": RuntimeError("quantile expects q to be between 0 and 1, but found q=2.0"),
    "x.long().quantile(0.5)": RuntimeError(
        "quantile() input tensor must be either float or double dtype, not int64: x.float()"
    ),
    "x[:0].quantile(0.5)": RuntimeError("quantile() input tensor must be non-empty, but its shape is (0,)"),
    "x.quantile(0.5, interpolation='mean')": RuntimeError(
        "quantile() interpolation must be one of linear, lower, higher, nearest, midpoint, but got 'mean'"
    ),
    't.device("foo")': RuntimeError(
        "Expected one of cpu, cuda, mps, xpu, meta as a device, but got 'foo': cutaway runs on 'cpu'"
    ),
    "t.device(3)": TypeError("a device is given as a string, as in torch.device('cpu'), not 3"),
    "t.set_default_dtype(t.int64)": TypeError(
        "only floating-point types are supported as the default type, not torch.int64: for example torch.float32 or "
        "torch.float64"
    ),
    "t.finfo(t.int64)": TypeError(
        "finfo() is for floating-point dtypes, not torch.int64; iinfo() is for integers"
    ),
    "t.iinfo(t.float32)": TypeError(
        "iinfo() is for integer dtypes, not torch.float32; finfo() is for floating-point ones"
    ),
    "np.exp(w).numpy()": RuntimeError(
        "Can't call numpy() on Tensor that requires grad: what NumPy computes is not recorded. Use "
        "tensor.detach().numpy() instead."
    ),
    "np.median(w)": RuntimeError(
        "Can't call numpy() on Tensor that requires grad: what NumPy's median computes is not recorded. The Tensor "
        "method x.median() keeps the graph. Use tensor.detach().numpy() instead."
    ),
}
