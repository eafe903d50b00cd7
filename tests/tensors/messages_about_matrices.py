"""The exact messages of mistakes with matrices, norms or einsum.

x is a vector, m a matrix, w requires grad.
"""

import cutaway

LinAlgError = cutaway.linalg.LinAlgError

ABOUT_MATRICES: dict[str, Exception] = {
    "(m > 0) @ (m > 0).T": NotImplementedError(
        '"matmul" not implemented for \'bool\': it needs numbers: x.int() @ y.int()'
    ),
    "m.inner(t.ones(2))": RuntimeError(
        "inner() the last dimension must match on both input tensors but got shapes (2, 3) and (2,): it multiplies "
        "along the last dimension of both"
    ),
    "m.addmm(x, m)": RuntimeError("addmm: the first factor must be a matrix, with 2 dimensions, but its shape is (3,)"),
    "m.addmm(m, m)": RuntimeError(
        "addmm: shapes (2, 3) and (2, 3) cannot be multiplied: the last dimension of the first is 3, the second to "
        "last of the second is 2; they must be equal"
    ),
    "m.addmm(m, m.T)": RuntimeError(
        "addmm: the tensor that the product is added to has shape (2, 3), which cannot be broadcast to the product's, "
        "(2, 2)"
    ),
    "m.addmm(m.double(), m.T)": RuntimeError(
        "addmm: expected both tensors to have the same dtype, but got torch.float32 and torch.float64: convert one "
        "with .to(torch.float64)"
    ),
    "t.ones(2, 2).addmm_(m, t.ones(3, 3))": RuntimeError(
        "addmm: the tensor that the product is added to has shape (2, 2), which cannot be broadcast to the product's, "
        "(2, 3)"
    ),
    "(m > 0).addmm(m > 0, m.T > 0)": NotImplementedError(
        "\"addmm\" not implemented for 'bool': it needs numbers: x.int()"
    ),
    "m.baddbmm(m, m)": RuntimeError(
        "baddbmm: the first factor must be a batch of matrices, with 3 dimensions, but its shape is (2, 3)"
    ),
    "m.baddbmm(m[None], t.ones(2, 3, 2))": RuntimeError(
        "baddbmm: shapes (1, 2, 3) and (2, 3, 2) cannot be multiplied: the last dimension of the first is 3, the "
        "second to last of the second is 3; they must be equal, and so must the batches"
    ),
    "x.trace()": RuntimeError("trace: expected a matrix, but got a tensor of shape (3,)"),
    "(m > 0).trace()": NotImplementedError('"trace" not implemented for \'bool\': it needs numbers: x.int()'),
    "t.tensordot(m, m, 1)": RuntimeError(
        "tensordot: contracted dimensions need to match, but first has size 3 in dim 1 and second has size 2 in dim "
        "0; the shapes are (2, 3) and (2, 3)"
    ),
    "t.tensordot(m, m, 3)": RuntimeError(
        "tensordot: dims=3 contracts the last dimensions of the first with as many first ones of the second: it must "
        "be from 0 to 2 for shapes (2, 3) and (2, 3)"
    ),
    "t.tensordot(m, m, ([1], [0]))": RuntimeError(
        "tensordot: contracted dimensions need to match, but first has size 3 in dim 1 and second has size 2 in dim "
        "0; the shapes are (2, 3) and (2, 3)"
    ),
    "t.tensordot(m, m, ([1], [0, 1]))": RuntimeError(
        "tensordot: both dimension lists should have same length, because they name pairs, but got [1] and [0, 1]"
    ),
    "t.tensordot(m, m, ([1, 1], [0, 1]))": RuntimeError(
        "tensordot: a dimension appears more than once in dims=([1, 1], [0, 1]): list each only once"
    ),
    "t.tensordot(m, m, ([2], [0]))": IndexError(
        "Dimension out of range (expected to be in range of [-2, 1], but got 2): the tensor has 2 dimensions, "
        "numbered from 0, or from the end as -1, -2, ..."
    ),
    "t.tensordot(m, 3)": TypeError(
        "tensordot(): a Tensor is needed, not the number 3: convert it with torch.tensor(...)"
    ),
    "t.cdist(x, m)": RuntimeError(
        "cdist: The input tensor A must have at least 2 dimensions (a matrix, or a batch of them), but the "
        "shape is (3,)"
    ),
    "t.cdist(m, m.T)": RuntimeError(
        "cdist: X1 and X2 must have the same number of columns, since each row is a point: the shapes are (2, 3) and "
        "(3, 2)"
    ),
    "t.cdist(m.long(), m.long())": RuntimeError(
        "cdist: Expected a floating point tensor as input, but got torch.int64: use x.float()"
    ),
    "t.cdist(m, m.double())": RuntimeError(
        "cdist: expected both tensors to have the same dtype, but got torch.float32 and torch.float64: convert one "
        "with .to(torch.float64)"
    ),
    "t.cdist(m, m, p=-1)": RuntimeError("cdist only supports non-negative p values, and got -1"),
    "t.cdist(m, m, compute_mode='exact')": ValueError(
        "cdist: exact is not a valid value for compute_mode: write one of use_mm_for_euclid_dist_if_necessary, "
        "use_mm_for_euclid_dist, donot_use_mm_for_euclid_dist"
    ),
    # torch.linalg
    "t.linalg.inv(t.tensor([[1., 2.], [2., 4.]]))": LinAlgError(
        "linalg.inv: the matrix of shape (2, 2) is singular, and has no inverse: one of its rows is a linear "
        "combination of the others. Are two rows or columns equal? Adding a small number to the diagonal makes it "
        "invertible: A + 1e-6 * torch.eye(n)."
    ),
    "t.linalg.solve(t.stack([t.eye(2), t.ones(2, 2)]), t.ones(2))": LinAlgError(
        "linalg.solve: (Batch element 1): the matrix of shape (2, 2) is singular, and has no inverse: one of its rows "
        "is a linear combination of the others. Are two rows or columns equal? Adding a small number to the diagonal "
        "makes it invertible: A + 1e-6 * torch.eye(n)."
    ),
    "t.linalg.inv(m)": RuntimeError(
        "linalg.inv: A must be batches of square matrices, but they are 2 by 3 matrices (the shape is (2, 3))"
    ),
    "t.linalg.inv(x)": RuntimeError(
        "linalg.inv: The input tensor A must have at least 2 dimensions (a matrix, or a batch of them), but the "
        "shape is (3,)"
    ),
    "t.linalg.det(t.eye(2).long())": RuntimeError(
        "linalg.det: Expected a floating point tensor as input, but got torch.int64: use x.float()"
    ),
    "t.linalg.solve(t.eye(2), x)": RuntimeError(
        "linalg.solve: Incompatible shapes of A and B for the equation AX = B: (2, 2) and (3,). B must have as many "
        "rows as A, 2: a vector of that length, or a matrix with that many rows."
    ),
    "t.linalg.solve(t.eye(3), x.double())": RuntimeError(
        "linalg.solve: expected both tensors to have the same dtype, but got torch.float32 and torch.float64: "
        "convert one with .to(torch.float64)"
    ),
    "t.linalg.norm(m[None], 2)": RuntimeError(
        "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got 3D. Specify dim: dim=-1 for "
        "vectors, dim=(-2, -1) for matrices."
    ),
    "t.linalg.norm(m[None], dim=(0, 1, 2))": RuntimeError(
        "linalg.norm: If dim is specified, it must be of length 1 (vectors) or 2 (matrices). Got (0, 1, 2). "
        "linalg.vector_norm takes any number."
    ),
    "t.linalg.vector_norm(m.long())": RuntimeError(
        "linalg.vector_norm: Expected a floating point tensor as input, but got torch.int64: use x.float()"
    ),
    "t.linalg.vector_norm(t.zeros(0), t.inf)": RuntimeError(
        "linalg.vector_norm cannot compute the inf norm on an empty tensor: it has no maximum and no minimum"
    ),
    't.linalg.vector_norm(m, "fro")': TypeError("linalg.vector_norm: argument 'ord' must be a number, not str 'fro'"),
    "t.linalg.norm(m.double(), dtype=t.float32)": RuntimeError(
        "linalg.vector_norm: the dtype of the input (torch.float64) should be convertible without narrowing to the "
        "specified dtype (torch.float32): round the result instead, .to(torch.float32)"
    ),
    "t.linalg.matrix_norm(m, 3)": RuntimeError(
        "linalg.matrix_norm: Order 3 not supported. Supported are 'fro' (the 2-norm of all elements), 'nuc' (the sum "
        "of the singular values), 2 and -2 (the largest, the smallest of them), 1 and -1 (the largest, the smallest "
        "column sum of |A|), inf and -inf (row sum)."
    ),
    "t.linalg.matrix_norm(x)": RuntimeError(
        "linalg.matrix_norm: The input tensor A must have at least 2 dimensions (a matrix, or a batch of them), but "
        "the shape is (3,)"
    ),
    "t.linalg.matrix_norm(m, dim=0)": RuntimeError(
        "linalg.matrix_norm: dim must be a 2-tuple: the dimensions of rows and columns. Got 0"
    ),
    "t.linalg.matrix_norm(m, dim=(1, -1))": RuntimeError("linalg.matrix_norm: dims must be different. Got (1, -1)"),
    "t.linalg.inv(t.eye(2).half())": NotImplementedError(
        '"linalg.inv" not implemented for \'float16\': it needs numbers of 32 bits or more: x.float()'
    ),
    "t.linalg.matrix_norm(t.eye(2).half(), 2)": NotImplementedError(
        '"linalg.matrix_norm" not implemented for \'float16\': it needs numbers of 32 bits or more: x.float()'
    ),
    "t.linalg.inv([[1.]])": TypeError(
        "linalg.inv(): a Tensor is needed, not list [[1.0]]: convert it with torch.tensor(...)"
    ),
    't.linalg.matrix_norm(m * t.nan, "nuc")': LinAlgError(
        "linalg.svd: the matrix has elements that are nan or infinite"
    ),
    't.ones(2, 2, 2).norm("nuc")': RuntimeError(
        "linalg.matrix_norm: dim must be a 2-tuple: the dimensions of rows and columns. Got (0, 1, 2)"
    ),
    "t.linalg.cholesky(t.tensor([[1., 2.], [2., 1.]]))": LinAlgError(
        "linalg.cholesky: the matrix of shape (2, 2) is not positive-definite: its smallest eigenvalue is -1, and has "
        "to be positive. If it is 0 but for rounding, as in a covariance or kernel matrix, add a small number to the "
        "diagonal: A + 1e-6 * torch.eye(n)."
    ),
    "t.linalg.cholesky(t.stack([t.eye(2), -t.eye(2)]))": LinAlgError(
        "linalg.cholesky: (Batch element 1): the matrix of shape (2, 2) is not positive-definite: its smallest "
        "eigenvalue is -1, and has to be positive. If it is 0 but for rounding, as in a covariance or kernel matrix, "
        "add a small number to the diagonal: A + 1e-6 * torch.eye(n)."
    ),
    "t.linalg.cholesky(m)": RuntimeError(
        "linalg.cholesky: A must be batches of square matrices, but they are 2 by 3 matrices (the shape is (2, 3))"
    ),
    "t.linalg.cholesky(t.eye(2) * t.nan)": LinAlgError(
        "linalg.cholesky: the matrix has elements that are nan or infinite"
    ),
    "t.linalg.eigh(t.eye(2).long())": RuntimeError(
        "linalg.eigh: Expected a floating point tensor as input, but got torch.int64: use x.float()"
    ),
    "t.linalg.svd(x)": RuntimeError(
        "linalg.svd: The input tensor A must have at least 2 dimensions (a matrix, or a batch of them), but the "
        "shape is (3,)"
    ),
    't.linalg.qr(m, "complete")': RuntimeError(
        "linalg.qr: mode='complete' is not there: cutaway has mode='reduced', the default. np.linalg.qr has the "
        "others, for x.numpy()"
    ),
    # einsum
    "t.einsum()": ValueError(
        "einsum(): must specify the equation string and at least one operand, as in torch.einsum('ij,jk->ik', a, b), "
        "or at least one operand and its subscripts list, as in torch.einsum(a, [0, 1], b, [1, 2], [0, 2])"
    ),
    't.einsum("ij", [])': ValueError(
        "einsum(): must specify the equation string and at least one operand, as in torch.einsum('ij,jk->ik', a, b), "
        "or at least one operand and its subscripts list, as in torch.einsum(a, [0, 1], b, [1, 2], [0, 2])"
    ),
    "t.einsum(m)": ValueError(
        "einsum(): must specify the equation string and at least one operand, as in torch.einsum('ij,jk->ik', a, b), "
        "or at least one operand and its subscripts list, as in torch.einsum(a, [0, 1], b, [1, 2], [0, 2])"
    ),
    't.einsum("ij")': ValueError(
        "einsum(): must specify the equation string and at least one operand, as in torch.einsum('ij,jk->ik', a, b), "
        "or at least one operand and its subscripts list, as in torch.einsum(a, [0, 1], b, [1, 2], [0, 2])"
    ),
    't.einsum("ij,jk->ik", m)': RuntimeError(
        "einsum(): fewer operands were provided than specified in the equation: 1, where 'ij,jk->ik' names 2"
    ),
    't.einsum("ij", m, m)': RuntimeError(
        "einsum(): more operands were provided than specified in the equation: 2, where 'ij' names 1"
    ),
    't.einsum("ij,j->i", m, 2)': TypeError("einsum(): operand 1 must be a Tensor, not the number 2"),
    't.einsum("ijk->i", m)': RuntimeError(
        "einsum(): the number of subscripts in the equation (3) does not match the number of dimensions (2) for "
        "operand 0, of shape (2, 3), and no ellipsis was given"
    ),
    't.einsum("...ijk->i", m)': RuntimeError(
        "einsum(): the number of subscripts in the equation (3) does not match the number of dimensions (2) for "
        "operand 0, of shape (2, 3)"
    ),
    't.einsum("i1->i", m)': RuntimeError(
        "einsum(): invalid subscript '1' given at index 1 in the equation string 'i1->i': subscripts must be in "
        "[a-zA-Z], operands are separated by commas, and '...' stands for further dimensions"
    ),
    't.einsum("i..->i", m)': RuntimeError(
        "einsum(): invalid subscript '.' given at index 1 in the equation string 'i..->i': subscripts must be in "
        "[a-zA-Z], operands are separated by commas, and '...' stands for further dimensions"
    ),
    't.einsum("i......->i", m)': RuntimeError(
        "einsum(): found a second ellipsis ('...') for operand 0: it stands for all dimensions that have no letter"
    ),
    't.einsum("ij->ik", m)': RuntimeError(
        "einsum(): output subscript k does not appear in the equation for any input operand, so its size is not known"
    ),
    't.einsum("ij->ii", m)': RuntimeError("einsum(): output subscript i appears more than once in the output"),
    't.einsum("ii->i", m)': RuntimeError(
        "einsum(): subscript i is repeated for operand 0, of shape (2, 3), and names its diagonal, but the sizes "
        "don't match"
    ),
    't.einsum("ij,jk->ik", m, m)': RuntimeError(
        "einsum(): subscript j has size 2 for operand 1 which does not broadcast with previously seen size 3: a "
        "letter stands for one size wherever it appears (or for 1)"
    ),
    't.einsum("...i,...i->", m, t.ones(3, 3))': RuntimeError(
        "einsum(): subscript ... has size 3 for operand 1 which does not broadcast with previously seen size 2: a "
        "letter stands for one size wherever it appears (or for 1)"
    ),
    't.einsum("ij,jk->ik", m, m.T.double())': RuntimeError(
        "matmul: expected both tensors to have the same dtype, but got torch.float32 and torch.float64: convert one "
        "with .to(torch.float64)"
    ),
    "t.einsum(m, [0, 60])": ValueError(
        "einsum(): subscript in subscript list is not within the valid range [0, 52), or an Ellipsis: 60"
    ),
}
