"""The task files that are part of the package."""

from __future__ import annotations

from importlib import resources

from shaspec.errors import InputError

TEMPLATE = "template"
"""The bundled example with comments, which is not a task itself."""


def bundled_tasks() -> list[str]:
    """Names of the tasks that are part of the package.

    Returns:
        Sorted names, which `load_task` takes.
    """
    files = resources.files("shaspec.tasks").iterdir()
    names = {f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml")}
    return sorted(names - {TEMPLATE})


def task_file(name: str) -> str:
    """The text of a bundled task file, or of the ``template`` for a new one."""
    if name not in (*bundled_tasks(), TEMPLATE):
        raise InputError(
            f"no task {name!r} is bundled: there are {', '.join(bundled_tasks())} and {TEMPLATE}"
        )
    return (resources.files("shaspec.tasks") / f"{name}.toml").read_text("utf-8")
