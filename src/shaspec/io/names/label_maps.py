"""Read names of label maps: of a lesion, of anatomy, or of either."""

from __future__ import annotations

from collections.abc import Sequence

from shaspec.io.names.answers import matched, roles_of, spell, stranger_between, words_of
from shaspec.io.names.parts import IMAGES, Parts
from shaspec.io.names.reading import LABELS, Certainty, Reading
from shaspec.io.names.tokens import Token
from shaspec.io.names.vocabulary import Sense, Vocabulary

LABEL_SENSES = (Sense.LABEL, Sense.OWN_LABEL, Sense.TRUTH)
MASKS = ("mask", "msk", "maske", "masque", "mascara", "roi", "rois", "voi", "outline")


def label_tokens(parts: Parts) -> list[Token]:
    """The words for a label map."""
    return [t for t in parts.tokens if t.says(*LABEL_SENSES) or t.key in ("label", "seg")]


def read_labels(
    text: str, tokens: Sequence[Token], parts: Parts, vocabulary: Vocabulary
) -> Reading:
    """Read the name of a label map: of a lesion, of anatomy, or of either."""
    tokens_of_labels = label_tokens(parts)
    said = spell(tokens_of_labels)
    if not vocabulary.has_labels:
        reason = f"{said} is a label map, which the task does not use"
        return Reading(reason=reason, evidence=words_of(tokens_of_labels))
    near = _after_patient(parts.tokens, tokens_of_labels[0])
    truth = [t for t in tokens_of_labels if t.says(Sense.TRUTH)]
    lesion = [t for t in parts.tokens if t.says(Sense.LESION)]
    anatomy = [t for t in near if t.says(Sense.ANATOMY) and t.words[0] not in vocabulary.exempt]
    images = [t for t in parts.tokens if t.says(*IMAGES)]
    part, named = _part(near, vocabulary)
    if part and not named >= vocabulary.labels:
        reason = f"{said} is a label map of {spell(part)} only, not of all labels"
        return Reading(reason=reason, evidence=words_of([*part, *tokens_of_labels]))
    mask = all(t.words[-1].rstrip("s") in MASKS or t.key for t in tokens_of_labels)
    own = any(t.says(Sense.OWN_LABEL) for t in tokens_of_labels)
    extraction = mask and any(t.says(Sense.EXTRACTION) for t in near)
    phrase = any(len(t.words) > 1 and t.says(Sense.OWN_LABEL) for t in tokens_of_labels)
    if phrase or truth or lesion:
        return matched(text, tokens, LABELS, Certainty.CERTAIN, [*lesion, *tokens_of_labels], "")
    if anatomy or extraction:
        reason = f"{said} is a label map of anatomy, not of a lesion"
        return Reading(reason=reason, evidence=words_of(tokens_of_labels))
    modal = [r for t in images for r in roles_of(t.term.kind, vocabulary)]
    foreign = bool(images) and all(vocabulary.own_kind(t.term.kind) for t in images)
    if images and not foreign and mask:
        strange = stranger_between([tokens_of_labels[0], images[-1]], parts.tokens)
        candidates = (*dict.fromkeys(modal), LABELS) if strange else (LABELS,)
        return Reading(
            None,
            candidates,
            f"{said} may be of the brain or of a lesion",
            words_of(tokens_of_labels),
        )
    if (images and not foreign) or (mask and not own):
        reason = f"{said} was read as the outline of the lesion"
        return matched(text, tokens, LABELS, Certainty.PROBABLE, tokens_of_labels, reason)
    return matched(text, tokens, LABELS, Certainty.CERTAIN, tokens_of_labels, "")


def _part(tokens: Sequence[Token], vocabulary: Vocabulary) -> tuple[list[Token], set[int]]:
    """The words that name single labels of the task, and these labels."""
    part_tokens = [t for t in tokens if len(t.words) == 1 and t.words[0] in vocabulary.parts]
    return part_tokens, set().union(*(vocabulary.parts[t.words[0]] for t in part_tokens))


def _after_patient(tokens: Sequence[Token], label: Token) -> Sequence[Token]:
    """The tokens between the last patient or number and a label: Brain_001_seg."""
    ends = [i + 1 for i, t in enumerate(tokens[: tokens.index(label)]) if t.identifies]
    return tokens[ends[-1] if ends else 0 :]
