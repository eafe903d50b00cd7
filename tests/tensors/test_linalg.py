"""Products, norms and equations against NumPy and against what they mean. tests/parity compares them with PyTorch."""

from __future__ import annotations

import math
import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cutaway
from cutaway.autograd import gradcheck, gradgradcheck

SIZE = {"a": 2, "b": 3, "c": 4, "i": 1}


def random(*shape: int, seed: int = 0) -> cutaway.Tensor:
    return cutaway.from_numpy(np.asarray(np.random.default_rng(seed).normal(size=shape)))


# --- einsum -----------------------------------------------------------------------------------------------------------


@st.composite
def equations(draw: st.DrawFn) -> tuple[str, list[tuple[int, ...]]]:
    """An equation of one to three terms, some with an ellipsis, and shapes for its operands."""
    letters = st.lists(st.sampled_from("abci"), max_size=4)
    terms, shapes = [], []
    for _ in range(draw(st.integers(1, 3))):
        labels, further = draw(letters), draw(st.sampled_from([None, (), (2,), (5, 2), (1,)]))
        shape = [SIZE[label] for label in labels]
        if further is not None:
            at = draw(st.integers(0, len(labels)))
            labels[at:at], shape[at:at] = ["..."], further
        terms.append("".join(labels))
        shapes.append(tuple(shape))
    known = sorted(set("".join(terms)) - {"."})
    output = draw(st.lists(st.sampled_from(known), unique=True)) if known else []
    if any("..." in term for term in terms):
        output.insert(draw(st.integers(0, len(output))), "...")
    arrow = draw(st.booleans()) and not any(len(set(term) - {"."}) != len(term.replace(".", "")) for term in terms)
    return ",".join(terms) + ("" if arrow else "->" + "".join(output)), shapes


@given(equations())
def test_einsum_is_numpy_s(case: tuple[str, list[tuple[int, ...]]]) -> None:
    equation, shapes = case
    xs = [random(*shape, seed=i) for i, shape in enumerate(shapes)]
    got = cutaway.einsum(equation, *xs)
    np.testing.assert_allclose(got.numpy(), np.einsum(equation, *(x.numpy() for x in xs)), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 2)]),
        ("bij,bkj->bik", [(2, 2, 3), (2, 2, 3)]),
        ("ii->i", [(3, 3)]),
        ("iij,j->i", [(2, 2, 3), (3,)]),
        ("...i,...i->...", [(2, 3), (1, 3)]),
        ("ij,jk,kl->il", [(1, 2), (2, 2), (2, 1)]),
        ("ij,ij->", [(2, 1), (2, 3)]),
        ("i,j->ji", [(2,), (2,)]),
    ],
)
def test_einsum_can_be_differentiated_twice(equation: str, shapes: list[tuple[int, ...]]) -> None:
    xs = [random(*shape, seed=i).requires_grad_() for i, shape in enumerate(shapes)]
    assert gradcheck(lambda *xs: cutaway.einsum(equation, *xs), xs)
    assert gradgradcheck(lambda *xs: cutaway.einsum(equation, *xs) ** 2, xs)


def test_einsum_makes_of_attention_what_matmul_makes() -> None:
    q, k, v = (random(2, 3, 5, 4, seed=i) for i in range(3))
    scores = cutaway.einsum("bhqd,bhkd->bhqk", q, k)
    np.testing.assert_allclose(scores.numpy(), (q @ k.mT).numpy(), rtol=1e-12)
    np.testing.assert_allclose(
        cutaway.einsum("bhqk,bhkd->bhqd", scores.softmax(-1), v).numpy(), (scores.softmax(-1) @ v).numpy(), rtol=1e-12
    )


def test_einsum_s_other_forms() -> None:
    a, b = random(2, 3), random(3, 4, seed=1)
    product = (a @ b).tolist()
    assert cutaway.einsum("ij,jk", a, b).tolist() == product
    assert cutaway.einsum(" i j , j k -> i k ", [a, b]).tolist() == product
    assert cutaway.einsum(a, [0, 1], b, [1, 2], [0, 2]).tolist() == product
    assert cutaway.einsum(a, [5, 30], b, [30, 7]).tolist() == product
    assert cutaway.einsum(a[None], [..., 0, 1], b, [1, 2], [..., 0, 2]).tolist() == [product]
    assert cutaway.einsum("ba", a).tolist() == a.T.tolist()
    assert cutaway.einsum("aB", a).tolist() == a.T.tolist()  # capital letters come first


def test_einsum_of_one_tensor_gives_a_view() -> None:
    x = random(3, 3)
    for equation in ("ij->ij", "ij->ji", "ii->i", "...i->i..."):
        assert np.shares_memory(cutaway.einsum(equation, x).numpy(), x.numpy())
        assert cutaway.einsum(equation, x) is not x


# --- other products ---------------------------------------------------------------------------------------------------


def test_one_factor_may_be_an_array() -> None:
    x, array = random(2, 3), np.arange(6.0).reshape(3, 2)
    for product, expected in ((x @ array, x.numpy() @ array), (array @ x, array @ x.numpy())):
        np.testing.assert_array_equal(product.numpy(), expected)
    with pytest.raises(TypeError, match="unsupported operand"):
        [1, 2] @ x


def test_tensordot_and_inner_are_numpy_s() -> None:
    a, b = random(2, 3, 4), random(4, 3, 5, seed=1)
    for dims in (0, 1, ([1, 2], [1, 0]), ([-1], [0])):
        np.testing.assert_allclose(cutaway.tensordot(a, b, dims).numpy(), np.tensordot(a.numpy(), b.numpy(), dims))
    assert cutaway.tensordot(a, b, cutaway.tensor([[1], [1]])).shape == (2, 4, 4, 5)
    np.testing.assert_allclose(a.inner(random(5, 4)).numpy(), np.inner(a.numpy(), random(5, 4).numpy()))
    assert cutaway.tensor(2).inner(cutaway.arange(3)).tolist() == [0, 2, 4]


def test_addmm_with_beta_0_does_not_look_at_what_is_there() -> None:
    x, y = random(2, 3), random(3, 2, seed=1)
    out = cutaway.full((2, 2), cutaway.nan, dtype=cutaway.float64).addmm_(x, y, beta=0, alpha=2)
    np.testing.assert_allclose(out.numpy(), 2 * (x @ y).numpy())
    assert cutaway.arange(4).reshape(2, 2).addmm(cutaway.eye(2).long(), cutaway.eye(2).long(), alpha=3).sum() == 12


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, math.inf])
def test_cdist_measures_every_pair(p: float) -> None:
    x, y = random(2, 1, 3, 4), random(5, 4, seed=1)
    pairs = [[np.linalg.norm(a - b, p) for b in y.numpy()] for a in x.reshape(6, 4).numpy()]
    np.testing.assert_allclose(cutaway.cdist(x, y, p).reshape(6, 5).numpy(), pairs)


def test_the_slope_of_a_distance_of_0_is_0() -> None:
    x = cutaway.tensor([[1.0, 2.0], [1.0, 2.0], [4.0, 6.0]], requires_grad=True)
    cutaway.cdist(x, x.detach()).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [[-0.6, -0.8], [-0.6, -0.8], [1.2, 1.6]], rtol=1e-6)


def test_distances_of_many_points_take_no_memory_for_differences() -> None:
    x, y = cutaway.rand(500, 300), cutaway.rand(600, 300)
    tracemalloc.start()
    distances = cutaway.cdist(x, y)
    assert tracemalloc.get_traced_memory()[1] < 20e6  # all differences take 360 MB
    tracemalloc.stop()
    exact = cutaway.cdist(x[:9], y[:9], compute_mode="donot_use_mm_for_euclid_dist")
    np.testing.assert_allclose(distances[:9, :9].numpy(), exact.numpy(), rtol=1e-6)


def test_the_distance_of_a_point_to_itself_is_0_among_many_too() -> None:
    x = cutaway.rand(40, 784, requires_grad=True)
    distances = cutaway.cdist(x, x)
    assert distances.diagonal().tolist() == [0] * 40
    distances.diagonal().sum().backward()
    assert x.grad.count_nonzero() == 0


# --- torch.linalg -----------------------------------------------------------------------------------------------------


@given(st.integers(0, 100))
def test_inverses_solutions_and_determinants_are_what_they_should_be(seed: int) -> None:
    a, b = random(2, 4, 4, seed=seed), random(2, 4, 3, seed=seed + 1000)
    x = cutaway.linalg.solve(a, b)
    np.testing.assert_allclose((a @ x).numpy(), b.numpy(), atol=1e-7)
    np.testing.assert_allclose((cutaway.linalg.inv(a) @ b).numpy(), x.numpy(), atol=1e-6)
    y = cutaway.linalg.solve(a, b.mT, left=False)
    np.testing.assert_allclose((y @ a).numpy(), b.mT.numpy(), atol=1e-7)
    np.testing.assert_allclose(
        cutaway.linalg.det(a @ a).numpy(), cutaway.linalg.det(a).numpy() ** 2, rtol=1e-8, atol=1e-10
    )


def test_when_b_is_a_vector() -> None:
    a = random(3, 2, 2)
    assert cutaway.linalg.solve(a, random(2)).shape == (3, 2)
    assert cutaway.linalg.solve(a, random(3, 2)).shape == (3, 2)
    assert cutaway.linalg.solve(a, random(2, 5)).shape == (3, 2, 5)
    assert cutaway.linalg.solve(a[0], random(4, 2, 5)).shape == (4, 2, 5)


def test_the_determinant_has_a_gradient_where_there_is_no_inverse() -> None:
    x = cutaway.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=cutaway.float64, requires_grad=True)
    (g,) = cutaway.autograd.grad(cutaway.linalg.det(x), x)
    np.testing.assert_allclose(g.numpy(), [[4, -2], [-2, 1]], atol=1e-14)
    for matrix in ([[0.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 1.0]]):
        x = cutaway.tensor(matrix, dtype=cutaway.float64, requires_grad=True)
        assert gradcheck(cutaway.linalg.det, (x,))


@given(st.integers(0, 100), st.sampled_from([(4, 4), (5, 3), (3, 5)]))
def test_the_factors_of_a_matrix_multiply_to_it(seed: int, shape: tuple[int, int]) -> None:
    a = random(2, *shape, seed=seed)
    u, s, vh = cutaway.linalg.svd(a, full_matrices=False)
    q, r = cutaway.linalg.qr(a)
    full = cutaway.linalg.svd(a)
    values, vectors = cutaway.linalg.eigh(a @ a.mT)
    lower = cutaway.linalg.cholesky(a.mT @ a + cutaway.eye(shape[1], dtype=a.dtype))
    for product, expected in [
        (u * s.unsqueeze(-2) @ vh, a),
        (full.U[..., : s.shape[-1]] * s.unsqueeze(-2) @ full.Vh[..., : s.shape[-1], :], a),
        (full.U.mT @ full.U, cutaway.eye(shape[0])),
        (full.Vh @ full.Vh.mT, cutaway.eye(shape[1])),
        (q @ r, a),
        (q.mT @ q, cutaway.eye(min(shape))),
        (r, r.triu()),
        (vectors * values.unsqueeze(-2) @ vectors.mT, a @ a.mT),
        (lower @ lower.mT, a.mT @ a + cutaway.eye(shape[1], dtype=a.dtype)),
        (a @ cutaway.linalg.pinv(a) @ a, a),
    ]:
        np.testing.assert_allclose(product.numpy(), expected.expand(product.shape).numpy(), atol=1e-8)


def test_only_one_triangle_of_a_symmetric_matrix_is_read() -> None:
    a = random(3, 3) + 3 * cutaway.eye(3, dtype=cutaway.float64)
    lower, upper = a.tril() + a.tril(-1).mT, a.triu() + a.triu(1).mT
    np.testing.assert_allclose(cutaway.linalg.cholesky(a).numpy(), np.linalg.cholesky(lower.numpy()), rtol=1e-12)
    np.testing.assert_allclose(
        cutaway.linalg.cholesky(a, upper=True).numpy(), np.linalg.cholesky(upper.numpy()).T, rtol=1e-12
    )
    np.testing.assert_allclose(cutaway.linalg.eigvalsh(a).numpy(), np.linalg.eigvalsh(lower.numpy()), rtol=1e-12)
    np.testing.assert_allclose(
        cutaway.linalg.eigh(a, UPLO="U").eigenvalues.numpy(), np.linalg.eigvalsh(upper.numpy()), rtol=1e-12
    )
    a.requires_grad_()
    for f in (cutaway.linalg.cholesky, cutaway.linalg.eigvalsh):
        (g,) = cutaway.autograd.grad(f(a).sum(), a)
        assert g.allclose(g.mT)  # as if a were symmetric


def test_the_pseudoinverse_of_a_matrix_without_full_rank_has_a_gradient() -> None:
    def loss(u: Any, v: Any) -> Any:
        return cutaway.linalg.pinv(u @ v.mT, rtol=1e-9)

    assert gradcheck(loss, (random(4, 2).requires_grad_(), random(3, 2, seed=1).requires_grad_()))
    assert gradgradcheck(loss, (random(4, 1).requires_grad_(), random(3, 1, seed=1).requires_grad_()))


def test_the_logarithm_of_a_determinant_exists_where_the_determinant_overflows() -> None:
    a = (1e3 * cutaway.eye(200)).requires_grad_()
    assert cutaway.linalg.det(a).isinf()
    cutaway.logdet(a).backward()
    assert cutaway.logdet(a).item() == pytest.approx(200 * math.log(1e3))
    np.testing.assert_allclose(a.grad.numpy(), 1e-3 * np.eye(200), rtol=1e-6)


def test_the_logarithm_of_a_determinant_of_0_has_no_slope() -> None:
    a = cutaway.stack([cutaway.ones(2, 2), cutaway.eye(2)]).requires_grad_()
    size = cutaway.linalg.slogdet(a).logabsdet
    assert size.tolist() == [-math.inf, 0]
    size.sum().backward()
    assert a.grad[0].isnan().all() and a.grad[1].equal(cutaway.eye(2))


def test_results_print_with_the_names_of_their_parts() -> None:
    assert repr(cutaway.linalg.slogdet(cutaway.eye(1))) == (
        "torch.return_types.linalg_slogdet(\nsign=tensor(1.),\nlogabsdet=tensor(0.))"
    )
    for result, name in [
        (cutaway.linalg.eigh(cutaway.eye(1)), "eigh"), (cutaway.linalg.svd(cutaway.eye(1)), "svd"),
        (cutaway.linalg.qr(cutaway.eye(1)), "qr"),
    ]:  # fmt: skip
        assert repr(result).startswith(f"torch.return_types.linalg_{name}(\n{result._fields[0]}=tensor(")


def test_equal_singular_values_do_no_harm() -> None:
    x = cutaway.eye(3, dtype=cutaway.float64).requires_grad_()
    (g,) = cutaway.autograd.grad(cutaway.linalg.matrix_norm(x, "nuc"), x, create_graph=True)
    assert g.tolist() == np.eye(3).tolist()
    (g,) = cutaway.autograd.grad(cutaway.linalg.det(x), x, create_graph=True)
    assert gradgradcheck(cutaway.linalg.det, (x,))


@pytest.mark.parametrize("ord", ["fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf])
def test_matrix_norms_are_numpy_s(ord: Any) -> None:
    x = random(2, 3, 4, 5)
    for dim in ((-2, -1), (1, 0), (0, 3)):
        for keepdim in (False, True):
            expected = np.linalg.norm(x.numpy(), ord, dim, keepdim)
            np.testing.assert_allclose(cutaway.linalg.matrix_norm(x, ord, dim, keepdim).numpy(), expected)
            np.testing.assert_allclose(cutaway.linalg.norm(x, ord, dim, keepdim).numpy(), expected)
    m = random(3, 2).requires_grad_()
    assert gradcheck(lambda m: cutaway.linalg.matrix_norm(m, ord), (m,))
    assert gradgradcheck(lambda m: cutaway.linalg.matrix_norm(m, ord), (m,))


def test_a_tensor_s_method_has_the_nuclear_norm_too() -> None:
    x = random(3, 4, 5)
    assert x[0].norm("nuc").equal(cutaway.linalg.matrix_norm(x[0], "nuc"))
    assert x.norm("nuc", (0, 2), True).equal(cutaway.linalg.matrix_norm(x, "nuc", (0, 2), True))


@pytest.mark.parametrize("ord", [0, 0.5, 1, 2, 3, -1, math.inf, -math.inf])
def test_vector_norms_are_numpy_s(ord: float) -> None:
    x = random(3, 4)
    np.testing.assert_allclose(cutaway.linalg.vector_norm(x, ord, dim=1).numpy(), np.linalg.norm(x.numpy(), ord, 1))
    np.testing.assert_allclose(cutaway.linalg.norm(x, ord, 0, True).numpy(), np.linalg.norm(x.numpy(), ord, 0, True))
    np.testing.assert_allclose(cutaway.linalg.vector_norm(x, ord).numpy(), np.linalg.norm(x.numpy().ravel(), ord))
    assert cutaway.linalg.vector_norm(x.float(), ord, dtype=cutaway.float64).dtype == cutaway.float64


def test_linalgerror_is_a_runtimeerror_and_says_which_matrix_it_was() -> None:
    assert issubclass(cutaway.linalg.LinAlgError, RuntimeError)
    a = cutaway.eye(2).repeat(2, 3, 1, 1)
    a[1, 2] = 1
    with pytest.raises(cutaway.linalg.LinAlgError, match=r"Batch element \(1, 2\).*singular"):
        cutaway.linalg.inv(a)


def test_no_answer_is_an_error_where_numpy_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = np.full((2, 2), np.nan)  # as in WebAssembly
    monkeypatch.setattr(np.linalg, "inv", lambda a: nothing)
    monkeypatch.setattr(np.linalg, "solve", lambda a, b: nothing)
    monkeypatch.setattr(np.linalg, "svd", lambda a, full_matrices: (nothing, nothing[0], nothing))
    monkeypatch.setattr(np.linalg, "cholesky", lambda a: nothing)
    a = cutaway.ones(2, 2)
    with pytest.raises(cutaway.linalg.LinAlgError, match="singular"):
        cutaway.linalg.inv(a)
    with pytest.raises(cutaway.linalg.LinAlgError, match="singular"):
        cutaway.linalg.solve(a, a)
    with pytest.raises(cutaway.linalg.LinAlgError, match="nan or infinite"):
        cutaway.linalg.matrix_norm(a * cutaway.nan, 2)
    with pytest.raises(cutaway.linalg.LinAlgError, match="not positive-definite"):
        cutaway.linalg.cholesky(a)


def test_nan_is_answered_with_nan_and_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cutaway.linalg.det(cutaway.full((2, 2), cutaway.nan)).isnan()
        assert cutaway.linalg.inv(cutaway.full((2, 2), cutaway.nan)).isnan().all()


def test_a_triangle_with_a_diagonal_of_ones_and_one_right_side_for_a_batch() -> None:
    a, b = random(5, 3, 3), random(3, 2, seed=1)
    x = cutaway.linalg.solve_triangular(a, b, upper=False, unitriangular=True)
    ones = a.tril(-1) + cutaway.eye(3, dtype=cutaway.float64)
    assert x.shape == (5, 3, 2) and cutaway.allclose(ones @ x, b.expand(5, 3, 2))


def test_it_is_imported_by_its_name() -> None:
    from cutaway import linalg

    assert linalg is cutaway.linalg
    assert linalg.norm(cutaway.tensor([3.0, 4.0])) == 5
