"""Words of a file name that tell a patient or a visit, wherever they stand.

`shaspec.io.subjects` sorts files by what stands in front of the modality. Here are the words that
it does not see: those for a visit, such as ``preop``, which the description of an image may hold,
and unknown words, identifiers and years behind the modality (``T1_Mueller``, ``FLAIR_p02``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from shaspec.io.names.tokens import tokenise
from shaspec.io.names.vocabulary import base_vocabulary
from shaspec.io.naming import Match, stem

DATE = re.compile(
    r"(?<!\d)((?:19|20)\d{2})[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d{1,3}(?!\d)|\d{7})"
    r"|(?<!\d)(0[1-9]|[12]\d|3[01])[-_.](0[1-9]|1[0-2])[-_.]((?:19|20)\d{2})(?!\d)"
    r"|(?<!\d)(0[1-9]|[12]\d|3[01])\.(0[1-9]|1[0-2])\.(\d{2})(?!\d)"
)
"""A day; the time of the day may follow without a gap."""
CLOCK = re.compile(rf"(?:{DATE.pattern})(?:[-_T ]?\d{{2}}[-_:.]?\d{{2}}[-_:.]?(?:\d{{2}})?(?!\d))?")
VISIT = re.compile(
    r"(?<![^\W_])(?P<when>pre|post|intra|prae|prä|vor|nach|before|after)[-_ ]?(?P<what>op|"
    r"operat\w*|surg\w*|rt|radio\w*|radiation|treatment|therap\w*|chemo\w*|resection|resektion|bestrahlung|"
    r"strahlentherapie|biops\w*)(?![^\W_])"
    r"|(?<![^\W_])(?P<word>baseline|base|bl|follow[-_ ]?up|fu|verlauf|initial|progress(?:ion)?|"
    r"recurren\w*|rezidiv)[-_ ]?(?P<number>\d{0,3})(?![^\W_])"
    r"|(?<![^\W_])(?P<after>m\d{2}|\d{1,2}(?:mo|mths?|months?|wks?|weeks?|yrs?|years?))(?![^\W_])",
    re.IGNORECASE,
)
WEEK = re.compile(
    r"(?<![^\W_])(?P<unit>sub|subj|subject|pat|patient|proband|case|fall|visit|ses|session|week|day|month|year|timepoint|tp|scan|woche|tag|monat|"
    r"jahr)[-_ ]?(?P<number>\d{1,4})(?![^\W_])",
    re.IGNORECASE,
)
PERSONS = ("sub", "subj", "subject", "pat", "patient", "proband", "case", "fall")
"""Units of `WEEK` that are no time."""
YEAR = re.compile(r"(?:19|20)\d{2}")
SHORT_DATE = re.compile(r"\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
SHORT_VISIT = re.compile(r"(?<![^\W_])[vV]\d{1,2}(?![^\W_])")
SHORT_NAME = re.compile(r"(?<![^\W_])[pvPV]\d{1,2}(?![^\W_])")
"""``p2`` beside a modality is the acceleration of a scan; by itself it is a patient."""
SERIES = re.compile(r"(?:s|se|ser|series|i|im|img|e|echo|a|r|run|sl|t|n|nr|no|ph)\d+|m\d(?!\d)\d*")
"""What converters put behind a name: the number of a series, an image or an echo."""
WITH_VISITS = re.compile(r"brats\w*|upenn|rhuh|ucsd|ucsf|ptgbm|lumiere", re.IGNORECASE)
"""Data sets in which the number behind that of a patient is a visit: ``UPENN-GBM-00001_21``."""
PATIENTS = re.compile(
    r"ses|session|sub|subject|subj|pat|patient|proband|person|participant|case|fall|visit|week|day|month|tp|"
    r"timepoint|p|s|id|pid|study|cohort|brats\w*|ucsf|ucsd|pdgm|upenn|rhuh|gbm|lgg|hgg|glioma|gliom|gli|men|met|mets|ped|ssa|"
    r"lumiere|egd|burdenko|tcga|tcia|rembrandt|ivygap|cptac|isles\w*|msd|wmh|ixi|oasis\w*|adni",
    re.IGNORECASE,
)
"""A word, also the name of a data set, behind which a number names a patient or a visit."""
NUMBER = re.compile(r"(?:s|se|ser|series|serie|i|im|img|image|scan|acq|n|nr|no)?(\d{1,6})")
"""The number of a series, or of a patient."""
COPY = re.compile(r"\(\d{1,3}\)")
"""What systems put behind the name of a second download: ``T1 (1)``."""
STATES = re.compile(
    r"kopie|cop[iy]\w*|backup|bak|old|alt|neu|new|nouveau|nuev\w*|nuov\w*|fertig|fin|ok(?:ay)?|test|"
    r"te?mp|download\w*|export\w*|converted|konvertiert|korrigiert|corrige",
    re.IGNORECASE,
)
"""Words for the state of a file, which name nobody."""
NAME = 3  # letters of the shortest word that may be a name


def visits(name: str) -> tuple[str, ...]:
    """The words of a name for the time of an examination: ``preop``, ``baseline``, ``M12``."""
    text = stem(name)
    visit_words = []
    for match in VISIT.finditer(text):
        word = match["word"]
        said = f"{word}{match['number']}" if word else match["after"]
        said = said or f"{match['when']}{match['what'][:2]}"
        visit_words.append(re.sub(r"[-_ ]", "", said.lower()))
    return tuple(visit_words)


def is_time(name: str) -> bool:
    """Return whether a name tells nothing but a time: ``2020-02-02``, ``ses-1``, ``Baseline``."""
    rest = VISIT.sub("", WEEK.sub("", CLOCK.sub("", name)))
    patients = any(match["unit"].lower() in PERSONS for match in WEEK.finditer(name))
    session = name.lower().startswith("ses-")  # of BIDS, with any label
    return session or (bool(name) and not patients and not re.search(r"[^\W_]", rest))


def behind(name: str, match: Match | None) -> tuple[str, ...]:
    """The words behind the modality that may name a patient or a visit.

    Args:
        name: a file name.
        match: what it says; None: all of the name is looked at.
    """
    text = stem(name)
    tail = COPY.sub("", CLOCK.sub("", text[match.stop if match else 0 :]))
    weeks = [f"{m['unit']}{m['number']}".lower() for m in WEEK.finditer(tail)]
    tokens = tokenise(VISIT.sub("", WEEK.sub("", tail)), base_vocabulary())
    words = [w for token in tokens if not token.key for w in token.words if _names(w, token.known)]
    short = SHORT_VISIT if match else SHORT_NAME
    described = text[match.start : match.stop] if match else text
    return (*weeks, *(word.lower() for word in short.findall(described)), *words)


def initials_behind(name: str, match: Match) -> tuple[str, ...]:
    """The last word behind the modality if it is one or two letters that mean nothing else, which
    may be initials: ``T1_A``, ``FLAIR_CD``."""
    return _initials(re.findall(r"[^\W_]+", stem(name)[match.stop :])[-1:])


def initials_in_front(front: str) -> tuple[str, ...]:
    """The same for the first word in front of the modality: ``A_T1``."""
    return _initials(re.findall(r"[^\W_]+", front)[:1])


def _initials(words: Sequence[str]) -> tuple[str, ...]:
    short = [word.lower() for word in words if word.isalpha() and len(word) < NAME]
    return tuple(w for w in short if not any(t.known for t in tokenise(w, base_vocabulary())))


def numbers_behind(name: str, match: Match) -> tuple[str, ...]:
    """The numbers behind the modality: of a patient or a series."""
    return tuple(re.findall(r"\d+", COPY.sub("", stem(name)[match.stop :])))


def _names(word: str, known: bool) -> bool:
    """True for a word that may name a patient or a time."""
    if YEAR.fullmatch(word) or SHORT_DATE.fullmatch(word):
        return True
    if known or SERIES.fullmatch(word) or word.isdecimal() or STATES.fullmatch(word):
        return False
    return any(c.isdigit() for c in word) or len(word) >= NAME


def differ(said: Sequence[tuple[str, ...]]) -> bool:
    """True if two of the files say something, and nothing of it is common to both."""
    spoken = [set(words) for words in said if words]
    return any(not (one & other) for i, one in enumerate(spoken) for other in spoken[:i])
