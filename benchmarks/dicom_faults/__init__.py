"""Damaged, odd and hostile DICOM examinations, and what becomes of each."""
