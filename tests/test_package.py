"""The package as an installer and an importer see it."""

import importlib.metadata
import importlib.resources
import json
import subprocess
import sys

import cutaway

# Prints the top-level names of what `import cutaway` loads beyond what the interpreter had loaded by itself.
# A module without a __spec__ was not imported from anywhere: Cython keeps such in sys.modules for itself.
LOADED = """
import json, sys
before = set(sys.modules)
import cutaway
new = [name for name in set(sys.modules) - before if getattr(sys.modules[name], "__spec__", None)]
print(json.dumps(sorted({name.partition(".")[0] for name in new})))
"""


def python(code: str) -> str:
    """What a fresh interpreter that turns warnings into errors prints for `code`."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_loads_only_numpy_and_the_standard_library() -> None:
    loaded = set(json.loads(python(LOADED)))
    assert {"cutaway", "numpy"} <= loaded
    assert loaded - {"cutaway", "numpy"} <= sys.stdlib_module_names


def test_import_leaves_out_what_is_slow_to_load() -> None:
    assert python("import sys, cutaway; print('importlib.resources' in sys.modules)").strip() == "False"


def test_explain_is_loaded_when_it_is_named() -> None:
    loaded = "print([name for name in sys.modules if name.startswith('cutaway.explain')])"
    assert python(f"import sys, cutaway; {loaded}").strip() == "[]"
    assert "cutaway.explain.drawing" in python(f"import sys, cutaway; cutaway.explain.draw; {loaded}")


def test_import_prints_nothing() -> None:
    assert python("import cutaway") == ""


def test_version_is_the_one_in_the_metadata() -> None:
    assert cutaway.__version__ == importlib.metadata.version("cutaway")


def test_numpy_is_the_only_requirement() -> None:
    needs = importlib.metadata.requires("cutaway") or []
    assert [need for need in needs if "extra ==" not in need] == ["numpy>=2.0"]


def test_types_and_pages_are_shipped() -> None:
    shipped = importlib.resources.files("cutaway")
    assert (shipped / "py.typed").is_file()
    for name in ("drawing/drawing.css", "stepping/page.html", "stepping/page.css", "stepping/page.js"):
        assert (shipped / "explain" / name).is_file()
