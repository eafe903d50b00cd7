// Runs the suite inside WebAssembly: Pyodide under Node, where whole numbers have 32 bits by default, recursion is
// shallow and there are no threads. `make wasm` has fetched what this needs; more arguments go to pytest.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const [modules, wheels, numpy, ...args] = process.argv.slice(2);
const { loadPyodide } = await import(resolve(modules, "pyodide/pyodide.mjs"));
const lock = JSON.parse(readFileSync(join(modules, "pyodide/pyodide-lock.json"), "utf8"));

const wheel = readFileSync(join(numpy, lock.packages.numpy.file_name));
if (createHash("sha256").update(wheel).digest("hex") !== lock.packages.numpy.sha256) {
    throw new Error(`${lock.packages.numpy.file_name} is not the wheel that pyodide-lock.json names`);
}

const pyodide = await loadPyodide();
const extractDir = pyodide.runPython("import site; site.getsitepackages()[0]");
const others = readdirSync(wheels).map((name) => readFileSync(join(wheels, name)));
for (const { buffer, byteOffset, length } of [wheel, ...others]) {
    pyodide.unpackArchive(buffer.slice(byteOffset, byteOffset + length), "wheel", { extractDir });
}
pyodide.FS.mkdir("/cutaway");
pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: process.cwd() }, "/cutaway");

pyodide.globals.set("args", pyodide.toPy(args));
process.exitCode = await pyodide.runPythonAsync(`
import os, sys
os.chdir("/cutaway")
os.environ["CI"] = "true"
sys.path.insert(0, "/cutaway/src")
sys.dont_write_bytecode = True
import pytest
int(pytest.main(["--capture=no", "-p", "no:cacheprovider", "--ignore=tests/examples", *args]))
`);
