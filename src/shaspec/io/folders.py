"""Where the files of a case are. Names and folders only: no voxel is read here.

Known layouts: a folder per case with one file per modality (any naming of `shaspec.io.naming`,
files inside folders that end in .nii, an inner folder like BIDS' ``anat``), one 4D file per case as
in the Medical Segmentation Decathlon, one file per case and channel as in nnU-Net's raw folders,
many cases side by side in one folder; folders of all these nested as BraTS' ``HGG`` and ``LGG``.
Pictures also as one folder per modality with one file per case (``rgb/39.png``, ``depth/39.png``).
A CSV file, or a JSON list as MONAI writes it, may name the files of each case; a text file in the
folder of the data may list the cases of, say, a training set, one in a line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from shaspec.errors import InputError
from shaspec.io.datalist import IMAGE, is_datalist, read_datalist
from shaspec.io.description import DESCRIPTION, channel_order
from shaspec.io.grouping import (
    by_stem,
    channel_of,
    group_by_channel,
    group_by_folder,
    group_by_word,
)
from shaspec.io.images import is_image
from shaspec.io.naming import LABELS, assign, is_result, recognise, require_role, stem
from shaspec.io.nifti import is_nifti, read_header
from shaspec.io.sound import is_sound
from shaspec.io.splits import listed_cases
from shaspec.io.table import is_table, read_table
from shaspec.task import Task

DEPTH = 3  # folders to descend in search of cases


@dataclass(frozen=True)
class CaseFiles:
    """The files of one case, in task order; an absent modality has no entry.

    ``channel`` is set for a case in one 4D file: modality -> index along the fourth dimension;
    every entry of ``volumes`` is then that file. ``problems`` keep the case from being read,
    ``notices`` do not.
    """

    name: str
    volumes: dict[str, Path]
    labels: Path | None = None
    channel: dict[str, int] | None = None
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def is_input(path: Path, task: Task) -> bool:
    """True if the name ends like a file that the task reads: NIfTI in 3D, a picture in 2D, or
    a sound for a modality that is one."""
    if task.dims == 3:
        return is_nifti(path)
    return is_image(path) or (is_sound(path) and hears(task))


def hears(task: Task) -> bool:
    """True if one of the modalities is sound."""
    return any(m.medium == "sound" for m in task.modalities)


def find_case(source: str | Path, task: Task, *, with_labels: bool = True) -> CaseFiles:
    """The files of the one case in ``source``: a folder, a 4D file or a single volume.

    Where files of many cases lie side by side, ``folder/name`` is the case of that name.
    Raises `InputError` if there is no case, or more than one. Two files for one modality are
    listed in ``problems``.
    """
    path = Path(source)
    if path.is_file():
        return _file_case(path, task, with_labels)
    if not path.is_dir():
        return _named_case(path, task, with_labels)
    cases = list(_walk(path, task, with_labels, DEPTH))
    if not cases:
        raise InputError(
            f"{path}: no {_kind(task)} in this folder; give the folder of one case with files for "
            f"{task.title_names}"
        )
    if len(cases) > 1:
        names = ", ".join(case.name for case in cases[:4]) + (", ..." if len(cases) > 4 else "")
        raise InputError(
            f"{path}: holds {len(cases)} cases ({names}); give the folder of one, or its files"
        )
    case = replace(cases[0], name=cases[0].name if cases[0].channel else _name_of(path))
    if not case.volumes:
        raise InputError(case.problems[0])
    return case


def _name_of(folder: Path) -> str:
    """The name of a case folder, with that of the subject for the inner folders of BIDS."""
    folder = folder.resolve()
    inner = folder.name == "anat" or folder.name.startswith("ses-")
    return f"{_name_of(folder.parent)}_{folder.name}" if inner and folder.name else folder.name


def find_cases(folder: str | Path, task: Task, *, with_labels: bool = True) -> list[CaseFiles]:
    """Find all cases in a folder or list.

    Args:
        folder: a folder of cases; one case; a list of files (`shaspec.io.table`,
            `shaspec.io.datalist`); a text file of case names beside their data; or a
            ``dataset.json``, for the folder that it describes.
        task: says which modalities there are.
        with_labels: False: label files are left out.

    Returns:
        The files of each case, sorted by path. A case whose files cannot be told apart is in the
        list too, with its ``problems``.

    Raises:
        InputError: if there is no such folder, it has no case, or a list cannot be read.
    """
    folder = Path(folder)
    if folder.is_file() and is_table(folder):
        rows = read_table(folder, task).items()
        return [_grouped(name, roles, with_labels=with_labels) for name, roles in rows]
    if folder.is_file() and folder.suffix.lower() == ".txt":
        return _listed(folder, find_cases(folder.parent, task, with_labels=with_labels))
    if folder.is_file() and folder.name == DESCRIPTION:
        folder = folder.parent
    if folder.is_file() and is_datalist(folder):
        listed = read_datalist(folder, task, with_labels=with_labels).items()
        return [_of_list(name, roles, task, with_labels) for name, roles in listed]
    if folder.is_file():
        return [find_case(folder, task, with_labels=with_labels)]
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    cases = list(_walk(folder, task, with_labels, DEPTH))
    if not cases:
        raise InputError(
            f"{folder}: no cases; put one folder per case into it, each with files "
            f"({_kind(task)}) for {task.title_names}"
        )
    return cases


def _walk(folder: Path, task: Task, with_labels: bool, depth: int) -> Iterator[CaseFiles]:
    """Cases in ``folder``: itself, else those of its subfolders, with names that differ."""
    found = list(_search(folder, task, with_labels, depth))
    counts = Counter(case.name for _, case in found)
    for where, case in found:
        if counts[case.name] > 1:  # e.g. every case keeps its files in a folder "anat"
            case = replace(case, name="_".join(where.relative_to(folder).parts))
        yield case


def _search(
    folder: Path, task: Task, with_labels: bool, depth: int
) -> Iterator[tuple[Path, CaseFiles]]:
    inside = _entries(folder, task)
    several = _side_by_side(folder, inside, task, with_labels)
    if several:
        yield from ((folder / case.name, case) for case in several)
        return
    if _holds_channels(folder):
        for path in inside:
            if path.is_file() and is_nifti(path):
                yield path.with_name(stem(path.name)), _channel_case(path, task, with_labels)
        return
    by_modality = group_by_folder(inside, task) if task.dims == 2 else {}
    if by_modality:
        for name, roles in by_stem(by_modality, task).items():
            labels = roles.pop(LABELS, None)
            name = name or folder.resolve().name  # rgb/rgb.png, depth/depth.png: one case
            if roles:
                yield folder / name, CaseFiles(name, roles, labels if with_labels else None)
        return
    case = _folder_case(folder, inside, task, with_labels)
    if case is not None:
        yield folder, case
    elif depth:
        for path in inside:
            # The labels of a decathlon folder belong to its images and are no cases.
            if path.is_dir() and not path.name.startswith("labelsT"):
                yield from _search(path, task, with_labels, depth - 1)


def _side_by_side(
    folder: Path, inside: list[Path], task: Task, with_labels: bool
) -> list[CaseFiles]:
    """The cases of a folder that holds many, one file per modality; empty if it is no such one."""
    files = [p for p in inside if p.is_file() and is_input(p, task)]
    if not files:
        return []
    notices: tuple[str, ...] = ()
    groups = group_by_word(files, task)
    numbers = {c[1] for p in files if (c := channel_of(p.name))}
    if not groups and folder.name.startswith("imagesT") and 0 in numbers:
        description = folder.parent / DESCRIPTION
        described = description.is_file()
        order = channel_order(description, task) if described else list(task.names)
        groups = group_by_channel(files, order)
        source = "by dataset.json" if described else "no dataset.json"
        notices = (f"channels 0000, 0001, ... are {', '.join(order)} ({source})",)
    cases = []
    for name, roles in groups.items():
        known = {m: roles[m] for m in (*task.names, LABELS) if m in roles}
        labels = folder.with_name(folder.name.replace("images", "labels"))
        beside = (labels / f"{name}{ending}" for ending in (".nii.gz", ".nii"))
        found = next((p for p in beside if labels != folder and p.is_file()), None)
        if found and LABELS not in known:
            known[LABELS] = found
        cases.append(_grouped(name, known, notices, with_labels=with_labels))
    return cases


def _named_case(path: Path, task: Task, with_labels: bool) -> CaseFiles:
    """The case called ``path.name`` among those side by side in the folder."""
    folder = path.parent
    inside = _entries(folder, task) if folder.is_dir() else []
    cases = _side_by_side(folder, inside, task, with_labels)
    found = next((case for case in cases if case.name == path.name), None)
    if found is None:
        raise InputError(f"{path}: no such file or folder")
    return found


def _grouped(
    name: str, roles: dict[str, Path], notices: tuple[str, ...] = (), *, with_labels: bool
) -> CaseFiles:
    """A case from its files by role."""
    volumes = {role: path for role, path in roles.items() if role != LABELS}
    problems = () if volumes else (f"case {name} has no file of any modality",)
    labels = roles.get(LABELS) if with_labels else None
    return CaseFiles(name, volumes, labels, problems=problems, notices=notices)


def _of_list(name: str, roles: dict[str, Path], task: Task, with_labels: bool) -> CaseFiles:
    """A case of a list, which may keep all modalities as channels of one file."""
    if IMAGE not in roles:
        return _grouped(name, roles, with_labels=with_labels)
    case = _channel_case(roles[IMAGE], task, with_labels)
    labels = roles.get(LABELS, case.labels) if with_labels else None
    return replace(case, name=name, labels=labels)


def _entries(folder: Path, task: Task) -> list[Path]:
    """What lies in a folder, but for hidden files and for what a model found in an earlier run."""
    try:
        inside = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
        return [p for p in inside if not is_result(p.name, task) or p.is_dir()]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror})") from error


def _folder_case(
    folder: Path, inside: list[Path], task: Task, with_labels: bool
) -> CaseFiles | None:
    """The case whose files lie directly in ``folder``; None if there are no files of the task."""
    files: list[tuple[str, Path]] = []
    for path in inside:
        if not is_input(path, task):
            continue
        if path.is_file():
            files.append((path.name, path))
        elif task.dims == 3:  # unpacked archives: a folder x_t1.nii with one file of any name in it
            within = [p for p in _entries(path, task) if is_nifti(p) and p.is_file()]
            clear = [p for p in within if recognise(p.name, task)]
            files += [(p.name if clear else path.name, p) for p in (clear or within)]
    if not files:
        return None
    roles, doubts, unknown = assign(files, task)
    if len(files) == len(unknown) == 1 and _is_4d(unknown[0]):
        return _channel_case(unknown[0], task, with_labels)
    labels = roles.pop(LABELS, None)
    if not with_labels:
        labels, _ = None, doubts.pop(LABELS, None)
    problems = list(doubts.values())
    strange = ", ".join(path.name for path in unknown[:6]) + (", ..." if len(unknown) > 6 else "")
    if not roles and not problems:
        problems.append(
            f"{folder}: no file name says a modality of {task.title_names} "
            f"({strange or 'only labels'}); rename the files, or name them one by one "
            f"({task.names[0]}=file)"
        )
    return CaseFiles(
        name=folder.resolve().name,
        volumes=roles,
        labels=labels,
        problems=tuple(problems),
        notices=(f"not recognised and not used: {strange}",) if strange and roles else (),
    )


def _file_case(path: Path, task: Task, with_labels: bool) -> CaseFiles:
    """A single file: all modalities in 4D, or just one of them."""
    if not is_input(path, task):
        raise InputError(f"{path}: is no {_kind(task)}, which is what task {task.name!r} reads")
    if _is_4d(path):
        return _channel_case(path, task, with_labels)
    role = require_role(path, task)
    if role == LABELS:
        raise InputError(f"{path}: holds labels; give a modality ({task.title_names}) too")
    return CaseFiles(name=stem(path.name), volumes={role: path})


def _kind(task: Task) -> str:
    if task.dims == 3:
        return "NIfTI file (.nii, .nii.gz)"
    return "picture (.png, .jpg ...)" + (" or sound (.wav)" if hears(task) else "")


def _listed(path: Path, cases: list[CaseFiles]) -> list[CaseFiles]:
    """The cases that a text file names, in its order; ``39``, ``39.png`` and ``rgb/39.png`` do."""
    names = listed_cases(path)
    known = {case.name: case for case in cases}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(
            f"{path}: lists {', '.join(unknown[:4])}, of which {path.parent} has no "
            "case; write one name of a case in each line"
        )
    return [known[name] for name in names]


# -- one 4D file per case ----------------------------------------------------------------------


def _is_4d(path: Path) -> bool:
    return is_nifti(path) and len(read_header(path).shape) == 4


def _holds_channels(folder: Path) -> bool:
    """True for the image folders of a decathlon data set."""
    return folder.name.startswith("imagesT") and (folder.parent / DESCRIPTION).is_file()


def _too_many(path: Path, task: Task) -> tuple[str, ...]:
    """What keeps a file with more channels than modalities, such as a time series, from use."""
    try:
        count = read_header(path).shape[3]
    except (InputError, IndexError):  # said when it is read
        return ()
    if count <= len(task.names):
        return ()
    said = (
        f"{path}: holds {count} volumes, but {task.title_names} are {len(task.names)}; put a "
        "dataset.json that lists its channels beside it, if it is a case at all"
    )
    return (said,)


def _channel_case(path: Path, task: Task, with_labels: bool) -> CaseFiles:
    notices: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    order: list[str] | None = None
    description = next(
        (p for f in list(path.resolve().parents)[:2] if (p := f / DESCRIPTION).is_file()), None
    )
    try:
        order = channel_order(description, task) if description else None
    except InputError as error:
        problems = (str(error),)
    if order is None:
        order = list(task.names)
        problems = problems or _too_many(path, task)
        notices = (f"{path.name}: channels were taken as {', '.join(order)} (no dataset.json)",)
    elif description:
        notices = (f"{path.name}: channels are {', '.join(order)} (by dataset.json)",)
    channel = {name: order.index(name) for name in task.names if name in order}
    labels = path.parent.with_name(path.parent.name.replace("images", "labels")) / path.name
    has_labels = with_labels and labels != path and labels.is_file()
    return CaseFiles(
        name=stem(path.name),
        volumes=dict.fromkeys(channel, path),
        labels=labels if has_labels else None,
        channel=channel,
        problems=problems,
        notices=notices,
    )
