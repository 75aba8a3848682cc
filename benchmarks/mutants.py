"""Change the code in small ways and see whether the tests notice.

    python -m benchmarks.mutants shaspec.thresholds tests/shaspec/test_thresholds.py
    python -m benchmarks.mutants --most 40 --seed 1 shaspec.geometry tests/shaspec/test_geometry.py
    python -m benchmarks.mutants --numbers 17,203 shaspec.geometry -- tests/shaspec -k grid

A mutant is the module with one change: another comparison or operator, a number plus one, a
condition turned round, ``None`` returned. Each is tested in a process forked from one that has all
libraries, so it costs no more than its tests. A mutant that passes all tests is printed: either a
test is missing, or the change makes no difference. The exit code is 1 below `AIM`.

Modules of the program that imported a function before the change get the changed one, too.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import io
import os
import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

AIM = 0.85
MOST_SECONDS = 120
"""Of the processor, for the tests of one mutant: a change can make a loop endless."""
OTHER: Mapping[type[ast.AST], type[Any]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Mod: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.And: ast.Or, ast.Or: ast.And, ast.USub: ast.UAdd,
}  # fmt: skip
"""Operator -> what takes its place."""


def changed(node: ast.AST) -> ast.AST | None:
    """A copy of a node with one change; None where there is none to make."""
    new: Any = copy.deepcopy(node)
    match new:
        case ast.Compare() if type(new.ops[0]) in OTHER:
            new.ops[0] = OTHER[type(new.ops[0])]()
        case ast.BinOp() | ast.BoolOp() | ast.UnaryOp() if type(new.op) in OTHER:
            new.op = OTHER[type(new.op)]()
        case ast.Constant(value=bool()):
            new.value = not new.value
        case ast.Constant(value=int() | float()):
            new.value += 1
        case ast.If() | ast.IfExp() | ast.While():
            new.test = ast.UnaryOp(ast.Not(), new.test)
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            new.value = ast.Constant(None)
        case _:
            return None
    return new


def places(tree: ast.Module) -> Iterator[int]:
    """Numbers of the nodes that can be changed: in functions, but in no annotation or message."""
    left_out: set[int] = set()
    within: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            within |= {id(part) for line in node.body for part in ast.walk(line)}
        texts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        texts += [node] if isinstance(node, ast.Raise | ast.JoinedStr) else []
        left_out |= {id(part) for text in texts if text is not None for part in ast.walk(text)}
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in within - left_out and changed(node) is not None:
            yield number


class Swap(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self._new if node is self._old else self.generic_visit(node)


def mutant(source: str, number: int) -> tuple[ast.Module, str]:
    """The module with the node of this number changed, and the change as text."""
    tree = ast.parse(source)
    node = list(ast.walk(tree))[number]
    new = changed(node)
    assert new is not None
    told = [ast.unparse(ast.fix_missing_locations(n)).splitlines()[0] for n in (node, new)]
    Swap(node, new).visit(tree)
    return ast.fix_missing_locations(tree), f"{getattr(node, 'lineno', 0)}: {' -> '.join(told)}"


def passes(module: ModuleType, tree: ast.Module | None, tests: list[str]) -> bool:
    """Whether the tests pass with this code in the place of the module's; None: as it is."""

    def body() -> int:
        if tree is not None:
            put_in(module, tree)
        return run_tests("-x", *tests)

    return in_fork(body) == 0


def run_tests(*words: str) -> int:
    """Run pytest in this process; returns its exit code."""
    import pytest

    # The libraries were imported before pytest, which it would warn of.
    early = "ignore::pytest.PytestAssertRewriteWarning"
    return int(
        pytest.main(
            ["-q", "-p", "no:cacheprovider", "--no-xvfb", "-p", "no:napari", "-W", early, *words]
        )
    )


def put_in(module: ModuleType, tree: ast.Module) -> None:
    """Run changed code in a module, and give its functions and classes to those that have them."""
    own = {name: value for name, value in vars(module).items() if _is_of(value, module)}
    exec(compile(tree, str(module.__file__), "exec"), vars(module))
    for other in [m for name, m in sys.modules.items() if "shaspec" in name and m is not module]:
        for name, value in list(vars(other).items()):
            if _is_of(value, module) and own.get(value.__name__) is value:
                setattr(other, name, vars(module)[value.__name__])


def _is_of(value: object, module: ModuleType) -> bool:
    return getattr(value, "__module__", "") == module.__name__ and hasattr(value, "__name__")


def in_fork(body: Callable[[], int]) -> int:
    """The exit code of a function in a silent process of its own; 1 for an exception."""
    process = os.fork()
    if process:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        code = body()
    finally:
        os._exit(code)


def main() -> int:
    """Run the mutants; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("module")
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--most", type=int, default=10_000, help="mutants, a random choice")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--numbers", default="", help="only these mutants, with commas")
    options = parser.parse_args()
    module = importlib.import_module(options.module)
    for library in ("torch", "scipy.ndimage", "hypothesis.extra.numpy", "nibabel"):
        importlib.import_module(library)
    source = Path(str(module.__file__)).read_text("utf-8")
    with redirect_stdout(io.StringIO()):
        run_tests("--collect-only", *options.tests)  # every mutant finds pytest and tests imported
    if not passes(module, None, options.tests):
        raise SystemExit("the tests fail without a change")
    numbers = list(places(ast.parse(source)))
    Random(options.seed).shuffle(numbers)
    chosen, survivors = sorted(numbers[: options.most]), 0
    if options.numbers:
        chosen = [int(number) for number in options.numbers.split(",")]
    for number in chosen:
        tree, told = mutant(source, number)
        if passes(module, tree, options.tests):
            survivors += 1
            print(f"  survives: {options.module}:{told}  (number {number})", flush=True)
    killed = len(chosen) - survivors
    print(f"{options.module}: {killed} of {len(chosen)} mutants killed, "
          f"of {len(numbers)} possible, seed {options.seed}; "
          f"{os.times().children_user:.0f} s of the processor")  # fmt: skip
    return int(killed < AIM * len(chosen))


if __name__ == "__main__":
    sys.exit(main())
