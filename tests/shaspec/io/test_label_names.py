"""Schemes from names of labels that lie beside a label file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shaspec.errors import InputError
from shaspec.io.cases import read_case
from shaspec.io.label_names import described_scheme
from shaspec.task import Task, load_task

BRATS, LIVER = load_task("brats"), load_task("liver-ct")


@pytest.mark.parametrize(
    ("task", "labels", "codes"),
    [
        (BRATS, {"background": 0, "NCR": 1, "ED": 2, "ET": 3}, {1: 1, 2: 2, 3: 4}),
        (BRATS, {"edema": 1, "necrosis": 2, "enhancing tumor": 3}, {1: 2, 2: 1, 3: 4}),
        (
            BRATS,
            {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"},
            {1: 2, 2: 1, 3: 4},
        ),
        (BRATS, {"NETC": 1, "SNFH": 2, "ET": 3, "RC": 4}, {1: 1, 2: 2, 3: 4, 4: 0}),
        (BRATS, {"ET": 1, "NET": 2, "CC": 3, "ED": 4}, {1: 4, 2: 1, 3: 1, 4: 2}),
        (
            BRATS,
            {
                "Necrotic and non-enhancing tumor core": 1,
                "Peritumoral edematous/invaded tissue": 2,
                "GD-enhancing tumor": 4,
            },
            {1: 1, 2: 2, 4: 4},
        ),
        (
            BRATS,
            {"surrounding non-enhancing FLAIR hyperintensity": 2, "resection cavity": 4},
            {2: 2, 4: 0},
        ),
        (
            BRATS,
            {"whole tumor": [1, 2, 3], "tumor core": [2, 3], "enhancing tumor": [3]},
            {1: 2, 2: 1, 3: 4},
        ),
        (BRATS, {"WT": [1, 2, 3], "TC": [1, 3], "ET": 3}, {1: 1, 2: 2, 3: 4}),
        (LIVER, {"background": 0, "liver": 1, "cancer": 2}, {1: 1, 2: 2}),
        (LIVER, {"background": 0, "tumour": 1, "liver": 2}, {1: 2, 2: 1}),
    ],
)
def test_names_are_understood(
    task: Task, labels: dict[str, Any], codes: dict[int, int], tmp_path: Path
) -> None:
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": labels}))
    found = described_scheme(tmp_path / "labelsTr" / "a.nii.gz", task)
    assert found is not None
    assert {v: c for v, c in found.mapping.items() if v} == codes


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"labels": []}',
        '{"labels": {"thing": 1}}',
        '{"labels": {"ET": "x"}}',
        '{"labels": {"ET": 1000000000000000000000000000000}}',
    ],
)
def test_files_that_name_no_label_of_the_task_say_nothing(content: str, tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text(content)
    assert described_scheme(tmp_path / "seg.nii.gz", BRATS) is None


def test_a_table_or_json_of_the_files_own_name_comes_first(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": {"ED": 3}}))
    (tmp_path / "dseg.tsv").write_text("index\tname\n1\tedema\n2\tnecrosis\n")
    (tmp_path / "a_dseg.json").write_text(json.dumps({"LabelMap": {"1": "ET"}}))
    own = described_scheme(tmp_path / "a_dseg.nii.gz", BRATS)
    shared = described_scheme(tmp_path / "b_dseg.nii.gz", BRATS)
    assert own is not None
    assert own.codes == {"1": 4}
    assert shared is not None
    assert shared.codes == {"1": 2, "2": 1}


def test_names_beside_the_file_win_over_its_name_and_a_value_without_name_is_refused(
    write_case: Any, tmp_path: Path
) -> None:
    folder = write_case(tmp_path / "BraTS-GLI-1", ["t1.nii"], {"seg.nii": [1, 2, 2, 3]})
    description = tmp_path / "dataset.json"
    description.write_text(json.dumps({"labels": {"ED": 1, "NCR": 2, "ET": 3}}))
    case = read_case(folder, BRATS)
    assert case.labels is not None
    assert np.bincount(case.labels.ravel())[1:].tolist() == [2, 1, 0, 1]
    assert any("dataset.json" in notice for notice in case.notices)

    description.write_text(json.dumps({"labels": {"ED": 1, "NCR": 2, "vessel": 3}}))
    with pytest.raises(
        InputError, match=r"seg\.nii: contains the label values 0, 1, 2, 3.*--scheme"
    ):
        read_case(folder, BRATS)


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize("other", ["ET", "infiltration"])
def test_a_value_with_two_names_that_disagree_has_no_meaning(
    tmp_path: Path, other: str, swap: bool
) -> None:
    names = [("ED", 2), (other, 2)]
    labels = dict([("NCR", 1), *(names[::-1] if swap else names), ("enhancing", 4)])
    (tmp_path / "x.json").write_text(json.dumps({"labels": labels}))
    scheme = described_scheme(tmp_path / "x.nii.gz", load_task("brats"))
    assert scheme is not None
    assert scheme.mapping.keys() - {0} == {1, 4}
