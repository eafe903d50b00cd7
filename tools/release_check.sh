#!/usr/bin/env bash
# Build what a release would upload, and see that it is whole: `make release-check`.
#
# The version and the changelog agree, both archives build, the wheel holds the package and nothing else, and in an
# environment with nothing but it and NumPy it imports, trains, saves, and runs a script as PyTorch.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=$(command -v "${PYTHON:-python3}")
[[ "$python" == /* ]] || python="$PWD/$python"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

version=$("$python" -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])')
echo "version $version"
grep -q "^## \[Unreleased\]" CHANGELOG.md || { echo "CHANGELOG.md has no [Unreleased] section"; exit 1; }
if [[ -n "${TAG:-}" ]]; then # of a release: the tag, the version and the changelog say the same
    [[ "$TAG" == "v$version" ]] || { echo "the tag is $TAG, the version $version"; exit 1; }
    grep -q "^## \[$version\] - " CHANGELOG.md || { echo "CHANGELOG.md has no section for $version"; exit 1; }
fi

"$python" -m venv "$place/build"
"$place/build/bin/python" -m pip install -qq build
"$place/build/bin/python" -m build --outdir "$place/dist" . >/dev/null
ls -1 "$place/dist"

"$python" - "$place"/dist/*.whl "$place"/dist/*.tar.gz <<'PYTHON'
import pathlib, sys, tarfile, zipfile

wheel, source = sys.argv[1:]
names = zipfile.ZipFile(wheel).namelist()
package = {str(p.relative_to("src")) for p in pathlib.Path("src/cutaway").rglob("*") if p.is_file() and "__pycache__" not in p.parts}
assert package <= set(names), f"not in the wheel: {sorted(package - set(names))}"
others = {name for name in names if not name.startswith("cutaway/")}
assert all(".dist-info/" in name for name in others), f"in the wheel by mistake: {sorted(others)}"
assert any(name.endswith("licenses/LICENSE") for name in names), "the licence is missing"
inside = {name.partition("/")[2] for name in tarfile.open(source).getnames()}
assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "tests/ops/proofs.py"} <= inside
print(f"the wheel holds {len(package)} files of the package and nothing else")
PYTHON

"$python" -m venv "$place/clean"
"$place/clean/bin/python" -m pip install -qq "$place"/dist/*.whl
cd "$place"
cat >lesson.py <<'PYTHON'
import torch

torch.manual_seed(42)
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.randn(64, 2)
y = x @ torch.tensor([[1.0], [2.0]])
for step in range(100):
    loss = torch.nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
torch.save(model.state_dict(), "model.safetensors")
model.load_state_dict(torch.load("model.safetensors"))
assert loss.item() < 1e-3, loss
PYTHON
"$place/clean/bin/cutaway" run lesson.py
"$place/clean/bin/python" - "$version" <<'PYTHON'
import sys

import cutaway
from cutaway import explain

assert cutaway.__version__ == sys.argv[1], cutaway.__version__
x = cutaway.tensor([1.0, 2.0], requires_grad=True)
assert str(explain.text((x * x).sum()))
assert {m.partition(".")[0] for m in sys.modules} & {"torch", "scipy", "matplotlib"} == set()
PYTHON
echo "the wheel works in an environment of its own: release $version can be made"
