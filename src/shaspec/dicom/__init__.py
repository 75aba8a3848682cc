"""From DICOM to a case, and labels back: series, a modality for each, NIfTI, and DICOM SEG."""

from shaspec.dicom.case import Converted, case_from_dicom
from shaspec.dicom.draft import Draft, draft
from shaspec.dicom.held import Assigned, Held, assign_held, series_of
from shaspec.dicom.picture import middle_slice
from shaspec.dicom.roles import Choice, Proposal, choose, propose
from shaspec.dicom.segmentation import Written, write_segmentation
from shaspec.dicom.series import Series, Study, read_studies
from shaspec.dicom.source import dicom_files

__all__ = [
    "Assigned",
    "Choice",
    "Converted",
    "Draft",
    "Held",
    "Proposal",
    "Series",
    "Study",
    "Written",
    "assign_held",
    "case_from_dicom",
    "choose",
    "dicom_files",
    "draft",
    "middle_slice",
    "propose",
    "read_studies",
    "series_of",
    "write_segmentation",
]
