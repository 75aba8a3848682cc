"""Results of a cohort replace nothing that the cohort has not written."""

from __future__ import annotations

from pathlib import Path

import pytest

from shaspec.cohort.manifest import Manifest, Record
from shaspec.cohort.page import write_page
from shaspec.cohort.places import check_names, check_places
from shaspec.cohort.summary import write_sizes
from shaspec.errors import InputError
from shaspec.io import CaseFiles
from shaspec.task import Task


def check(folder: Path, *inputs: Path, table: str = "volumes.csv", overwrite: bool = False) -> None:
    check_places(
        Manifest(folder), folder / table, folder / "page.html", inputs, overwrite=overwrite
    )


@pytest.mark.parametrize("name", ["volumes.csv", "page.html"])
def test_a_file_of_others_needs_overwrite(name: str, tmp_path: Path) -> None:
    check(tmp_path)
    (tmp_path / name).write_text("case;ml\n1;2\n")
    with pytest.raises(InputError, match=rf"{name}: exists already.*--overwrite"):
        check(tmp_path)
    check(tmp_path, overwrite=True)


@pytest.mark.parametrize("overwrite", [False, True])
def test_the_list_of_cases_is_never_replaced(overwrite: bool, tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text("case,subset,region\n")  # even if it begins like a table of sizes
    with pytest.raises(InputError, match="the input file"):
        check(tmp_path, cases, table="cases.csv", overwrite=overwrite)


def test_tables_and_pages_of_earlier_runs_are_replaced(brats: Task, tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "results")
    manifest.folder.mkdir()
    write_sizes(tmp_path / "volumes.csv", manifest, [], brats)
    write_page(tmp_path / "page.html", manifest, [], brats)
    check(tmp_path)
    (tmp_path / "volumes.csv").write_text("opened and saved by a spreadsheet")
    with pytest.raises(InputError, match="--overwrite"):
        check(tmp_path)
    Manifest(tmp_path).append(Record(case="a", status="failed"))
    check(tmp_path)


def test_a_manifest_of_another_program_gets_no_lines(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text('{"file": "a.nii"}\n')
    with pytest.raises(InputError, match=r"manifest\.jsonl: is not a manifest of this program"):
        check(tmp_path, overwrite=True)


def test_table_and_page_have_two_names(tmp_path: Path) -> None:
    for table in ("page.html", "manifest.jsonl"):
        with pytest.raises(InputError, match="another result of this run"):
            check(tmp_path, table=table)


def test_cases_whose_results_would_have_one_name_are_refused(tmp_path: Path) -> None:
    def case(name: str) -> CaseFiles:
        return CaseFiles(name, {"T1": tmp_path / f"{name.lower()}_t1.nii"})

    check_names([case("a_b"), case("a")])
    for other in ("a:b", "A_b"):
        with pytest.raises(InputError, match=f"case {other} would have the names of those of"):
            check_names([case("a_b"), case(other)])


def test_a_run_that_was_killed_within_its_first_line_can_be_resumed(tmp_path: Path) -> None:
    line = Record(case="a", status="failed").model_dump_json()
    for end in (0, 4, 30):
        (tmp_path / "manifest.jsonl").write_text(line[:end])
        check(tmp_path)
