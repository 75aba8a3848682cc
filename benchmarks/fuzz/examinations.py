"""DICOM: sound files of one small examination, and what reads them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from unittest.mock import patch

import nibabel as nib
import numpy as np

from napari_shaspec.dicom import examination, series_question
from napari_shaspec.drops import is_examination
from shaspec.dicom import (
    case_from_dicom,
    dicom_files,
    draft,
    middle_slice,
    propose,
    read_studies,
    write_segmentation,
)
from shaspec.errors import InputError
from shaspec.task import load_task
from tests.made_up_dicom import FLAIR, T1, write_series

SLICES = 4


def make_examination(folder: Path) -> None:
    """Two series in ``exam``, the same as ``exam.zip``, and labels on the first of them."""
    exam = folder / "exam"
    for number, (name, tags) in enumerate((("t2_flair", FLAIR), ("t1_se", T1)), 1):
        write_series(exam, number, name, slices=SLICES, **tags)
    for number, path in enumerate(sorted(exam.iterdir())):
        path.rename(exam / f"{number:02}.dcm")
    with zipfile.ZipFile(folder / "exam.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(exam.iterdir())[:3]:
            archive.write(path, path.name)
    with dicom_files(exam) as files:
        placement = read_studies(files)[0].series[0].placement
    assert placement is not None
    labels = np.zeros(placement.shape, np.uint8)
    labels[8:14, 9:15, 1:3] = 2
    nib.save(nib.Nifti1Image(labels, placement.affine), folder / "labels.nii.gz")


def examined(path: Path) -> None:
    """The series of a folder, their roles and their pictures."""
    task = load_task("brats")
    with dicom_files(path.parent) as files:
        for study in read_studies(files):
            draft(propose(study, task), task)
            for series in study.series:
                try:
                    middle_slice(series)
                except InputError:
                    continue


def converted(path: Path) -> None:
    """The case of a folder, converted by dcm2niix."""
    case_from_dicom(path.parent, load_task("brats"), path.parents[1] / "case", overwrite=True)


def dropped(path: Path) -> None:
    """A zip file that is dropped on napari; its user accepts the proposal, or cancels."""
    if not is_examination([path]):
        raise InputError(f"{path}: not for this plugin")
    with (
        patch.object(examination, "can_ask", lambda: True),
        patch.object(series_question, "ask_series", lambda *_: None),
    ):
        examination.converted(path)


def written_back(path: Path) -> None:
    """Labels as DICOM SEG on the first series."""
    folder = path.parents[1]
    with dicom_files(path.parent) as files:
        study = read_studies(files)[0]
        write_segmentation(
            folder / "labels.nii.gz", study, load_task("brats"), folder / "seg.dcm",
            series=study.series[0].key, scheme="brats2018", overwrite=True,
        )  # fmt: skip
