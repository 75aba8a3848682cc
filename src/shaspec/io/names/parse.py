"""Read a name with the vocabulary of a task: which modality it stands for, and how certainly."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from shaspec.io.names.contrast import Agent, contrast
from shaspec.io.names.parts import HEADS, IMAGES, Parts, divide
from shaspec.io.names.reading import LABELS, Certainty, Match, Reading
from shaspec.io.names.tokens import Token, tokenise
from shaspec.io.names.vocabulary import Sense, Vocabulary

PLAIN, AFTER = "T1n", "T1ce"
T1_FAMILY = ("T1", PLAIN, AFTER)
NOTHING_SAID = "no word of the name says what the file is"


@dataclass(frozen=True)
class Kind:
    """The kind of image that tokens speak of; several, or none, where that is open."""

    kinds: tuple[str, ...]
    evidence: tuple[Token, ...]
    certainty: Certainty
    reason: str = ""


def read(text: str, vocabulary: Vocabulary, allowed: Collection[str] | None = None) -> Reading:
    """What ``text``, a name without the ending of a file, says.

    Args:
        text: any text that describes one image.
        vocabulary: of the task, see `shaspec.io.names.task_vocabulary`.
        allowed: the modalities that it can be by what is known otherwise; default: all.
    """
    tokens = tokenise(text, vocabulary)
    if allowed is not None:
        tokens = [_without_image(t, vocabulary, allowed) for t in tokens]
    parts = divide(tokens)
    derived = [t for t in parts.tokens if t.says(Sense.DERIVED)]
    if derived:
        return Reading(reason=f"{_spell(derived)} is no image", evidence=_texts(derived))
    if _label_tokens(parts):
        return _read_labels(text, tokens, parts, vocabulary)
    kind = image_kind(parts, vocabulary)
    if kind.kinds:
        return _read_image(text, tokens, parts, kind, vocabulary)
    lesion = parts.tokens[-1:] and parts.tokens[-1].says(Sense.LESION)
    if lesion and vocabulary.has_labels:
        reason = f"{_spell(parts.tokens[-1:])} was read as its outline"
        return _match(text, tokens, LABELS, Certainty.PROBABLE, parts.tokens[-1:], reason)
    maps = [t for t in parts.tokens if t.says(Sense.MAP)]
    if maps:
        return Reading(reason=f"{_spell(maps)} is a map", evidence=_texts(maps))
    return Reading(reason=NOTHING_SAID)


# -- images --------------------------------------------------------------------------------------


def image_kind(parts: Parts, vocabulary: Vocabulary) -> Kind:
    """The kind of image that the tokens name."""
    images = [t for t in parts.tokens if t.says(Sense.IMAGE)]
    images = images or [t for t in parts.tokens if t.says(Sense.IMPLIED)]
    if not images:
        return Kind((), (), Certainty.DOUBTFUL)
    kind = _combine(images, parts.tokens, vocabulary)
    t1 = [t for t in images if t.term.kind in T1_FAMILY]
    if t1 and set(kind.kinds) <= set(T1_FAMILY):
        kind = _with_contrast(kind, t1[-1], parts, vocabulary)
    if parts.contrast_doubt and kind.kinds in (("T1",), (AFTER,)) and not _says_after(images):
        return _open(kind.evidence, parts.contrast_doubt)
    if parts.doubt and kind.certainty is not Certainty.DOUBTFUL:
        return Kind(kind.kinds, kind.evidence, Certainty.DOUBTFUL, parts.doubt)
    return kind


def _combine(images: Sequence[Token], tokens: Sequence[Token], vocabulary: Vocabulary) -> Kind:
    """One kind out of all the words that name images."""
    evidence = tuple(images)
    kinds = tuple(dict.fromkeys(t.term.kind for t in images))
    own = tuple(k for k in kinds if vocabulary.own_kind(k))
    certain, probable, doubtful = Certainty.CERTAIN, Certainty.PROBABLE, Certainty.DOUBTFUL
    if len(kinds) == 1:
        implied = not images[0].says(Sense.IMAGE)
        usual = f"{_spell(images)} is usually {kinds[0]}"
        return Kind(kinds, evidence, probable if implied else certain, usual if implied else "")
    if own and len(own) < len(kinds) and vocabulary.roles:
        known = [k for k in kinds if k not in own and _roles(k, vocabulary)]
        if len(own) == 1 and not known:
            return Kind(own, evidence, probable, f"{_spell(images)} were taken as {own[0][4:]}")
    joined = any(
        t.words[0] == "+" and tokens[i - 1 : i] and tokens[i - 1].says(*IMAGES)
        and tokens[i + 1 : i + 2] and tokens[i + 1].says(*IMAGES)
        for i, t in enumerate(tokens)
    )  # fmt: skip
    if set(kinds) == {"FLAIR", "T2"} and not joined:
        return Kind(("FLAIR",), evidence, certain)
    if set(kinds) == {"T1", PLAIN}:
        return Kind((PLAIN,), evidence, certain)
    if kinds[-1] == "FLAIR" and len(kinds) == 2 and kinds[0] in T1_FAMILY and not joined:
        adjacent = tokens.index(images[-1]) - tokens.index(images[-2]) == 1
        if adjacent:
            reason = f"{_spell(images)} was read as a T1-weighted image, T1 FLAIR"
            return Kind(kinds[:1], evidence, probable, reason)
    foreign = [k for k in kinds if not _roles(k, vocabulary) and k not in T1_FAMILY]
    if foreign and vocabulary.roles and not _stranger_between(images, tokens):
        return Kind((foreign[0],), evidence, certain)
    names = " and ".join(_spell([t]) for t in images)
    return Kind(kinds, evidence, doubtful, f"{names} stand for different images")


def _with_contrast(kind: Kind, image: Token, parts: Parts, vocabulary: Vocabulary) -> Kind:
    """Settle whether a T1 is before or after contrast agent."""
    found = contrast(parts.tokens, image, vocabulary.smells)
    evidence = (*kind.evidence, *(t for t in found.evidence if t not in kind.evidence))
    certainty, reason, base = kind.certainty, kind.reason, kind.kinds[0]
    native = all(t.words[0].startswith("nati") for t in found.evidence)
    if found.agent is Agent.NOTHING:
        return kind
    said = _spell(found.evidence)
    if found.agent is Agent.UNCLEAR and base != AFTER:
        return _open(evidence, f"{said} leaves open whether contrast agent was given")
    if found.agent is Agent.ABSENT and base == AFTER and not native:
        return _open(evidence, f"{said} contradicts {_spell([image])}")
    if found.agent is Agent.GIVEN and base == PLAIN:
        return _open(evidence, f"{said} contradicts {_spell([image])}")
    if found.agent is Agent.ABSENT and base == AFTER:
        reason = f"{said} was read as the space of the image"
        return Kind((AFTER,), evidence, Certainty.PROBABLE, reason)
    if found.agent is Agent.GIVEN and found.probable and certainty is Certainty.CERTAIN:
        certainty, reason = Certainty.PROBABLE, f"{said} was read as contrast agent"
    after = base == AFTER or found.agent is Agent.GIVEN
    return Kind((AFTER if after else PLAIN,), evidence, certainty, reason)


def _says_after(images: Sequence[Token]) -> bool:
    return any(t.term.kind == AFTER for t in images)


def _open(evidence: tuple[Token, ...], reason: str) -> Kind:
    return Kind(("T1", AFTER), evidence, Certainty.DOUBTFUL, reason)


def _read_image(
    text: str, tokens: Sequence[Token], parts: Parts, kind: Kind, vocabulary: Vocabulary
) -> Reading:
    evidence = list(kind.evidence)
    own = all(vocabulary.own_kind(k) for k in kind.kinds)
    maps = [] if own else [t for t in parts.tokens if t.says(Sense.MAP)]
    if maps:
        said = _spell([*evidence, *maps])
        return Reading(reason=f"{said} is a map, no weighted image", evidence=_texts(maps))
    roles = tuple(dict.fromkeys(r for k in kind.kinds for r in _roles(k, vocabulary)))
    odd = _odd(parts.tokens)
    at = max(parts.tokens.index(t) for t in evidence)
    lesion = [] if own else [t for t in parts.tokens[at:] if t.says(Sense.LESION)]
    if kind.kinds == (AFTER,) and not roles and _roles("T1", vocabulary):
        reason = f"{_spell(evidence)} is a T1 after contrast agent, which the task does not have"
        return Reading(None, _roles("T1", vocabulary), reason, _texts(evidence))
    if not roles:
        reason = f"{_spell(evidence)} is {kind.kinds[0]}, no modality of the task"
        return Reading(reason=reason, evidence=_texts(evidence))
    if odd or lesion:
        reason = f"{_spell([*odd, *lesion])} leaves open whether this is the image itself"
        return Reading(None, roles, reason, _texts([*odd, *lesion]))
    if kind.certainty is Certainty.DOUBTFUL or len(roles) > 1:
        reason = kind.reason or f"{_spell(evidence)} fits {' and '.join(roles)}"
        return Reading(None, roles, reason, _texts(evidence))
    certainty, reason = kind.certainty, kind.reason
    strange = [t for t in parts.tokens[at + 1 :] if _strange(t)]
    if certainty is Certainty.CERTAIN and (parts.probable or (strange and not own)):
        certainty = Certainty.PROBABLE
        reason = parts.probable or f"{_spell(strange)} is unknown"
    return _match(text, tokens, roles[0], certainty, evidence, reason)


def _odd(tokens: Sequence[Token]) -> list[Token]:
    """Words for images that are perhaps none; ``sub`` in front of a number is a subject."""
    following = [*tokens[1:], None]
    return [
        token
        for token, after in zip(tokens, following, strict=True)
        if token.says(Sense.ODD)
        and not (token.says(Sense.PERSON) and after and (after.number or after.identifies))
    ]


def _roles(kind: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The modalities of the task that may be of a kind."""
    other = {"T1": PLAIN, PLAIN: "T1"}.get(kind, kind)
    return vocabulary.roles.get(kind) or vocabulary.roles.get(other, ())


def _stranger_between(images: Sequence[Token], tokens: Sequence[Token]) -> bool:
    first, last = tokens.index(images[0]), tokens.index(images[-1])
    return any(_strange(t) for t in tokens[first:last])


def _strange(token: Token) -> bool:
    return not (token.known or token.key or token.identifies or token.number)


def _without_image(token: Token, vocabulary: Vocabulary, allowed: Collection[str]) -> Token:
    """The token as a word without meaning if its image cannot be in the file."""
    roles = _roles(token.term.kind, vocabulary)
    if not roles or set(roles) & set(allowed):
        return token
    return replace(token, term=replace(token.term, senses=frozenset({Sense.NEUTRAL}), kind=""))


# -- labels --------------------------------------------------------------------------------------

LABEL_SENSES = (Sense.LABEL, Sense.OWN_LABEL, Sense.TRUTH)
MASKS = ("mask", "maske", "masque", "mascara", "roi", "rois", "voi", "outline")


def _label_tokens(parts: Parts) -> list[Token]:
    return [t for t in parts.tokens if t.says(*LABEL_SENSES) or t.key in ("label", "seg")]


def _read_labels(
    text: str, tokens: Sequence[Token], parts: Parts, vocabulary: Vocabulary
) -> Reading:
    """A label map: of a lesion, of anatomy, or of either."""
    found = _label_tokens(parts)
    said = _spell(found)
    if not vocabulary.has_labels:
        reason = f"{said} is a label map, which the task has no use for"
        return Reading(reason=reason, evidence=_texts(found))
    all_words = [*parts.front, *parts.tokens]
    truth = [t for t in found if t.says(Sense.TRUTH)]
    lesion = [t for t in parts.tokens if t.says(Sense.LESION)]
    anatomy = [
        t for t in all_words if t.says(Sense.ANATOMY) and t.words[0] not in vocabulary.exempt
    ]
    images = [t for t in parts.tokens if t.says(*IMAGES)]
    mask = all(t.words[-1].rstrip("s") in MASKS or t.key for t in found)
    own = any(t.says(Sense.OWN_LABEL) for t in found)
    extraction = mask and any(t.says(Sense.EXTRACTION) for t in all_words)
    phrase = any(len(t.words) > 1 and t.says(Sense.OWN_LABEL) for t in found)
    if phrase or truth or lesion:
        return _match(text, tokens, LABELS, Certainty.CERTAIN, [*lesion, *found], "")
    if anatomy or extraction:
        reason = f"{said} is a label map of anatomy, not of a lesion"
        return Reading(reason=reason, evidence=_texts(found))
    modal = [r for t in images for r in _roles(t.term.kind, vocabulary)]
    foreign = bool(images) and all(vocabulary.own_kind(t.term.kind) for t in images)
    if images and not foreign and mask:
        strange = _stranger_between([found[0], images[-1]], parts.tokens)
        candidates = (*dict.fromkeys(modal), LABELS) if strange else (LABELS,)
        return Reading(
            None, candidates, f"{said} may be of the brain or of a lesion", _texts(found)
        )
    if (images and not foreign) or (mask and not own):
        reason = f"{said} was read as the outline of the lesion"
        return _match(text, tokens, LABELS, Certainty.PROBABLE, found, reason)
    return _match(text, tokens, LABELS, Certainty.CERTAIN, found, "")


# -- texts ---------------------------------------------------------------------------------------


def _match(
    text: str,
    tokens: Sequence[Token],
    role: str,
    certainty: Certainty,
    evidence: Sequence[Token],
    reason: str,
) -> Reading:
    start, stop = _span(tokens, evidence)
    spelled = tuple(text[t.start : t.stop] for t in sorted(evidence, key=lambda t: t.start))
    return Reading(Match(role, certainty, spelled, reason, start, stop))


def _span(tokens: Sequence[Token], evidence: Sequence[Token]) -> tuple[int, int]:
    """Where the image is described: the evidence, and the known words on either side."""
    places = [tokens.index(t) for t in evidence]
    first, last = min(places), max(places)
    while first and _describes(tokens[first - 1]) and not _letter(tokens, first - 1):
        first -= 1
    while last + 1 < len(tokens) and _describes(tokens[last + 1]):
        last += 1
    start = tokens[first].start - (len(tokens[first].key) + 1 if tokens[first].key else 0)
    return start, tokens[last].stop


def _letter(tokens: Sequence[Token], place: int) -> bool:
    """True for a letter by itself in front of the image: a patient, other than in ``sT1W``."""
    token = tokens[place]
    return token.words[0].isalpha() and len(token.words[0]) == 1 and not tokens[place + 1].glued


def _describes(token: Token) -> bool:
    if token.identifies or token.number:
        return False
    return token.known or bool(token.key) or token.says(*HEADS)


def _spell(tokens: Sequence[Token]) -> str:
    return repr(" ".join(" ".join(t.words) for t in sorted(tokens, key=lambda t: t.start)))


def _texts(tokens: Sequence[Token]) -> tuple[str, ...]:
    return tuple(" ".join(t.words) for t in tokens)
