"""The modality that every series is proposed for, and the choice of one series per modality.

Tags are read first: contrast agent, sequence and times (Bushberg et al., The Essential Physics of
Medical Imaging, on T1 and T2 weighting). Then the description, by the parser of file names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shaspec.dicom.header import Header
from shaspec.dicom.patient import shortened
from shaspec.dicom.ranking import demerits, finer_than, is_repeat
from shaspec.dicom.series import Series, Study
from shaspec.errors import InputError, UndecidedError
from shaspec.io.naming import LABELS, read_name
from shaspec.task import Task

AGENT = "Gd"
"""A word of the parser for contrast agent."""
SHOWN = 4  # series that an error names
NONE = "none"
"""Leaves a modality out: ``T1=none``."""


@dataclass(frozen=True)
class Proposal:
    """What one series is proposed for."""

    series: Series
    role: str
    """A modality of the task; empty if none is proposed."""
    reason: str
    candidates: tuple[str, ...] = ()
    """The possible modalities of a doubtful series."""
    demerits: tuple[str, ...] = ()
    """Why another series of the same modality is preferred, e.g. ``derived``."""


@dataclass(frozen=True)
class Choice:
    """The series to convert."""

    series: Mapping[str, Series]
    """By modality, in task order."""
    notices: tuple[str, ...]


def propose(study: Study, task: Task) -> tuple[Proposal, ...]:
    """Propose a modality of ``task`` for every series of a study, with the reason."""
    return tuple(propose_series(series, task) for series in study.series)


def choose(
    proposals: Sequence[Proposal], task: Task, given: Mapping[str, str] | None = None
) -> Choice:
    """Choose one series per modality.

    Args:
        proposals: of `propose`.
        task: the modalities.
        given: modality -> number of its series, or ``none`` to leave the modality out. These are
            used as they are.

    Returns:
        The series by modality. Modalities without a series are left out.

    Raises:
        InputError: if no series is found or several fit equally well, with the option that decides.
    """
    given = dict(given or {})
    by_key = {proposal.series.key: proposal.series for proposal in proposals}
    for role, key in given.items():
        if role not in task.names:
            raise InputError(f"{role}={key}: the task has no modality {role} ({task.title_names})")
        if key != NONE and key not in by_key:
            raise InputError(f"{role}={key}: no such series; the numbers are {', '.join(by_key)}")
    used = [key for key in given.values() if key != NONE]
    if twice := next((key for key in used if used.count(key) > 1), None):
        same = " and ".join(f"{role}={key}" for role, key in given.items() if key == twice)
        raise InputError(f"{same}: a series is used for one modality only")
    chosen: dict[str, Series] = {}
    notices: list[str] = []
    for role in task.names:
        if role in given:
            if given[role] != NONE:
                chosen[role] = by_key[given[role]]
            continue
        free = [p for p in proposals if p.series.key not in used]
        best = _best(role, free, task, notices)
        if best is not None:
            chosen[role] = best.series
    for role in [role for role in chosen if role not in given]:
        _check_contrast(role, chosen, task, notices)
    if not chosen:
        example = f"{task.names[0]}=NUMBER"
        reasons = [f"{p.series.title}: {p.reason}" for p in proposals if p.series.key not in used]
        listed = "".join(f"; {text}" for text in reasons[:SHOWN])
        raise InputError(
            f"no series fits a modality of the task; name them, e.g. {example}{listed}"
        )
    for role, series in chosen.items():
        if series.problem:
            raise InputError(
                f"{series.title}, {role}: {series.problem}; or leave it out: {role}={NONE}"
            )
        notices += [f"{series.title}: {text}" for text in series.notices]
    return Choice(chosen, tuple(notices))


def propose_series(series: Series, task: Task) -> Proposal:
    """Propose a modality of ``task`` for one series, with the reason."""
    header = series.first
    weighting, evidence = weighting_of(header)
    agent = f" {AGENT}" if header.agent else ""
    if weighting is None:
        return Proposal(series, "", evidence)
    by_tags = _role(weighting + agent, task) if weighting else ""
    said = read_name(series.description, task)
    word = said.match.role if said.match else ""
    if word != (whole := _role(shortened(header.description), task)):
        both = tuple(filter(None, (word, whole)))
        return Proposal(series, "", "its description contains the name of the patient", both)
    demerit = demerits(series)
    if word == LABELS or (not word and said.evidence and not said.candidates):
        return Proposal(series, "", said.reason or "a label map")
    if not word and said.candidates:
        if by_tags in said.candidates and agent:
            return Proposal(series, by_tags, evidence, (), demerit)
        return Proposal(series, "", said.reason, said.candidates)
    if not weighting:
        text = f"'{series.description}'" if word else "neither tags nor description tell"
        return _by_words(series, word, text, agent, task, demerit)
    if not word:
        return Proposal(series, by_tags, evidence, (), demerit)
    if word == by_tags:
        return Proposal(series, word, f"{evidence}; '{series.description}'", (), demerit)
    plain = _role(weighting, task)
    if agent and word == plain and _role(f"{series.description} {AGENT}", task) == by_tags:
        return Proposal(series, by_tags, f"{evidence}; '{series.description}'", (), demerit)
    if not agent and _role(f"{weighting} {AGENT}", task) == word:
        text = f"{evidence}; contrast agent by '{series.description}'"
        return Proposal(series, word, text, (), demerit)
    doubt = f"tags ({evidence}) and description ('{series.description}') disagree"
    return Proposal(series, "", doubt, tuple(filter(None, (by_tags, word))), demerit)


def _by_words(
    series: Series, word: str, text: str, agent: str, task: Task, demerit: tuple[str, ...]
) -> Proposal:
    """A proposal by the description alone, and by the contrast agent if one is recorded."""
    enhanced = _role(f"{series.description}{agent}", task)
    if word and agent and enhanced != word:
        doubt = f"contrast agent is recorded, but the description is {text}"
        both = tuple(dict.fromkeys(filter(None, (word, enhanced))))
        return (
            Proposal(series, enhanced, f"{text}, contrast agent", (), demerit)
            if enhanced
            else (Proposal(series, "", doubt, both, demerit))
        )
    return Proposal(series, word, text, (), demerit)


def _role(text: str, task: Task) -> str:
    match = read_name(text, task).match
    return match.role if match else ""


def weighting_of(header: Header) -> tuple[str | None, str]:
    """The weighting that the tags tell, as a word for the parser of names, with the evidence.

    Empty: the tags do not tell. None: no structural image, for the reason given.
    """
    kinds = {*header.image_type}
    if "LOCALIZER" in kinds:
        return None, "localiser"
    maps = kinds & {"ADC", "FA", "TRACEW", "DIFFUSION", "PERFUSION", "TTP", "P", "PHASE MAP"}
    if maps:
        return None, f"image type {min(maps)}"
    if header.diffusion or header.contrast == "DIFFUSION":
        return None, "diffusion-weighted"
    if header.angiography:
        return None, "angiography"
    if header.modality != "MR":
        return "", ""
    if "EP" in header.sequence:
        return None, "echo-planar sequence"
    words = {"T1": "T1", "T2": "T2", "FLUID_ATTENUATED": "FLAIR"}
    if header.contrast in words:
        agent = ", contrast agent" if header.agent else ""
        return words[header.contrast], f"acquisition contrast {header.contrast}{agent}"
    return _by_times(header)


def _by_times(header: Header) -> tuple[str | None, str]:
    """The weighting by echo, repetition and inversion time."""
    echo, repetition, inversion = header.echo, header.repetition, header.inversion or 0.0
    if echo is None or repetition is None:
        return "", ""
    times = f"TE {echo:g}, TR {repetition:g}" + (f", TI {inversion:g} ms" if inversion else " ms")
    evidence = times + (", contrast agent" if header.agent else "")
    gradient = "GR" in header.sequence and "SE" not in header.sequence
    if gradient and echo >= 12:
        return None, f"T2*-weighted ({times})"
    if echo >= 60 and repetition >= 2000:
        if inversion >= 1500:
            return "FLAIR", evidence
        return ("T2", evidence) if not inversion else ("", "")
    if echo <= 30 and 400 <= inversion <= 1400:
        return "T1", evidence
    if inversion or gradient:  # short gradient echoes may also be angiography or proton density
        return "", ""
    if echo <= 30 and repetition <= 1000:
        return "T1", evidence
    return "", ""


def enhanced(role: str, task: Task) -> str:
    """The modality that ``role`` is with contrast agent; empty if the task has no other for it."""
    other = _role(f"{role} {AGENT}", task)
    return other if other != role else ""


def with_agent(series: Series, role: str, task: Task) -> str:
    """The modality that ``series`` is if there was a contrast agent that nobody recorded.

    Empty: the task has no such modality, or the description says that there was none.
    """
    said = read_name(f"{series.description} {AGENT}", task)  # a contradiction after "native"
    without = role in said.candidates or (said.match is not None and said.match.role == role)
    return "" if without else enhanced(role, task)


def is_later(series: Series, other: Series) -> bool:
    """Return whether ``series`` was acquired after ``other``, where both say when."""
    return series.first.time > other.first.time > ""


def _check_contrast(
    role: str, chosen: Mapping[str, Series], task: Task, notices: list[str]
) -> None:
    """See that an image without contrast agent was not acquired after the injection."""
    series = chosen[role]
    other = with_agent(series, role, task)
    if other and other not in chosen:
        notices.append(
            f"{role} is {series.title}: no contrast agent is recorded; if there was one, give "
            f"{other}={series.key}"
        )
    elif other and is_later(series, chosen[other]):
        raise _undecided(
            f"{series.title} fits {role}, but was acquired after {other}, {chosen[other].title}, "
            "so it may show contrast agent",
            role,
            [series],
        )


def _best(
    role: str, proposals: Sequence[Proposal], task: Task, notices: list[str]
) -> Proposal | None:
    """The best series for a modality; None if there is none."""
    fitting = [p for p in proposals if p.role == role]
    doubtful = [p for p in proposals if not p.role and role in p.candidates]
    if not fitting and doubtful:
        raise _undecided(
            f"{doubtful[0].series.title} may be {role}: {doubtful[0].reason}",
            role,
            [p.series for p in doubtful],
        )
    usable = [p for p in fitting if not p.series.problem] or fitting
    fewest = min((len(p.demerits) for p in usable), default=0)
    left = [p for p in usable if len(p.demerits) == fewest]
    # Equal T1 series may be before and after contrast agent, so they are not repeats.
    if left and not enhanced(role, task) and is_repeat([p.series for p in left]):
        left = [max(left, key=lambda p: (p.series.images, p.series.first.time, p.series.key))]
    left = [
        p for p in left if all(finer_than(p.series, q.series) for q in left if q is not p)
    ] or left
    if len(left) > 1:
        raise _undecided(
            f"{len(left)} series fit {role}: {', '.join(p.series.title for p in left)}",
            role,
            [p.series for p in left],
        )
    if left and (left[0].demerits or len(fitting) > 1):
        others = [p.series.key for p in fitting if p is not left[0]]
        text = f" ({', '.join(left[0].demerits)})" if left[0].demerits else ""
        instead = f", not series {', '.join(others)}" if others else ""
        notices.append(f"{role} is {left[0].series.title}{text}{instead}")
    return left[0] if left else None


def _undecided(doubt: str, role: str, series: Sequence[Series]) -> UndecidedError:
    """The error for a modality that a user has to decide; its choices are values of ``given``."""
    choices = {one.title: {role: one.key} for one in series} | {f"no {role}": {role: NONE}}
    options = " or ".join(f"{role}={value[role]}" for value in choices.values())
    return UndecidedError(doubt, f"decide with {options}", "given", choices)
