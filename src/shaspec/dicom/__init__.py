"""From DICOM to a case: list the series, propose one per modality, convert them with dcm2niix."""

from shaspec.dicom.case import Converted, case_from_dicom
from shaspec.dicom.roles import Choice, Proposal, choose, propose
from shaspec.dicom.series import Series, Study, read_studies
from shaspec.dicom.source import dicom_files

__all__ = [
    "Choice",
    "Converted",
    "Proposal",
    "Series",
    "Study",
    "case_from_dicom",
    "choose",
    "dicom_files",
    "propose",
    "read_studies",
]
