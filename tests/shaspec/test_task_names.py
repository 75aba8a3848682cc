"""Names that become parts of paths have no separators, control characters or reserved words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shaspec.task import Task, load_task
from shaspec.task_names import as_file_name_part, is_file_name_part

STRANGE = [
    "../../../x", "a/b", "a\\b", "C:", "CON", "nul.nii", "com1", "a\nb", "a\0b", "\x1b[31m", " a",
    "a.", "..", ".", "", "x" * 81, "\ud800", "a\u2028b", "a?", "a*", "<a>", 'a"b',
]  # fmt: skip


def changed(part: str, key: str, value: Any) -> dict[str, Any]:
    task = load_task("brats").model_dump()
    task[part] = [dict(task[part][0]) | {key: value}, *task[part][1:]]
    return task


@pytest.mark.parametrize("name", STRANGE)
@pytest.mark.parametrize("part", ["modalities", "regions"])
def test_a_task_with_a_strange_name_is_refused(part: str, name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        Task.model_validate(changed(part, "name", name))


@pytest.mark.parametrize(
    ("part", "key", "value", "match"),
    [
        ("labels", "colour", "red", "colour"),
        ("labels", "colour", "#12345", "colour"),
        ("labels", "title", "a\nb", "control characters"),
        ("modalities", "window", (3.0, 3.0), "the first number is the smaller one"),
        ("regions", "labels", (), "labels"),
        ("schemes", "codes", {"x": 1}, "codes"),
    ],
)
def test_a_task_that_contradicts_itself_is_refused(
    part: str, key: str, value: Any, match: str
) -> None:
    with pytest.raises(ValidationError, match=match):
        Task.model_validate(changed(part, key, value))


def test_a_task_of_a_billion_modalities_is_refused() -> None:
    task = load_task("brats").model_dump()
    task["modalities"] = [{"name": f"m{k}"} for k in range(17)]
    with pytest.raises(ValidationError, match="at most 16"):
        Task.model_validate(task)


@pytest.mark.parametrize("dims", [10**9, [], None, "x"])
def test_a_strange_number_of_axes_is_refused(dims: Any) -> None:
    task = load_task("brats").model_dump(exclude={"spacing"}) | {"dims": dims}
    with pytest.raises(ValidationError, match="dims"):
        Task.model_validate(task)


@given(st.text())
def test_any_text_can_be_made_a_part_of_a_file_name(text: str) -> None:
    assert is_file_name_part(as_file_name_part(text))


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{3,30}", fullmatch=True))
def test_plain_names_stay_as_they_are(name: str) -> None:
    assert as_file_name_part(name) == name
