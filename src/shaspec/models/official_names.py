"""Names of tensors: tables from the names in our networks to those in the authors' code."""

from __future__ import annotations

from collections.abc import Iterator

from shaspec.models.linear_fusion import LinearFusionConfig
from shaspec.models.maml import MamlConfig
from shaspec.models.shaspec import ShaSpecConfig
from shaspec.models.shaspec_encoder import EncoderConfig

Names = Iterator[tuple[str, str]]
"""Pairs (our name, the authors' name)."""

SHASPEC_ENCODERS = ("flair_enc", "t1_enc", "t1ce_enc", "t2_enc")
"""The authors' specific encoders in channel order."""


def layer(ours: str, theirs: str, *, bias: bool = True) -> Names:
    """Weight and, usually, bias of one layer."""
    yield f"{ours}.weight", f"{theirs}.weight"
    if bias:
        yield f"{ours}.bias", f"{theirs}.bias"


def conv_norm(ours: str, conv: str, norm: str) -> Names:
    """A bias-free convolution and the norm after it."""
    yield from layer(f"{ours}.0", conv, bias=False)
    yield from layer(f"{ours}.1", norm)


# -- ShaSpec --------------------------------------------------------------------------------


def shaspec_names(config: ShaSpecConfig) -> Names:
    """The four-modality network: five encoders, fusion, decoder, domain classifier."""
    yield from _shaspec_encoder("shared_encoder", "shared_enc", config.shared)
    for m, theirs in enumerate(SHASPEC_ENCODERS):
        yield from _shaspec_encoder(f"specific_encoders.{m}", theirs, config.specific)
    yield from layer("domain_classifier", "dom_classifier")
    yield from layer("fusion.conv", "compos_layer.conv", bias=False)
    deepest = len(config.decoder_widths) - 1
    for k in range(deepest + 1):  # ours count from the deepest level up, theirs down to 0
        there = deepest - k
        yield from layer(f"ups.{k}", f"shared_dec.transposeconv_stage{there}", bias=False)
        shortcut = f"shared_dec.shortcut_conv{there}"
        yield from layer(f"skips.{k}.conv", f"{shortcut}.0", bias=False)
        yield from layer(f"skips.{k}.norm", f"{shortcut}.1")
        yield from _residual(f"levels.{k}", f"shared_dec.stage{there}_de", layers=2)
    yield from layer("head", "shared_dec.cls_conv.0", bias=False)


def _residual(ours: str, theirs: str, layers: int) -> Names:
    for j in range(layers):
        yield from conv_norm(f"{ours}.body.{j}", f"{theirs}.conv{j + 1}", f"{theirs}.norm{j + 1}")


def _shaspec_encoder(ours: str, theirs: str, config: EncoderConfig) -> Names:
    backbone, reduce, aspp = (f"{theirs}.{part}" for part in ("backbone", "asppreduce", "aspp"))
    yield from conv_norm(f"{ours}.stem", f"{backbone}.conv1", f"{backbone}.norm1")
    for k, depth in enumerate(config.depths):
        for i in range(depth):
            block = f"{backbone}.layer{k + 1}.{i}"
            yield from _residual(f"{ours}.stages.{k}.{i}", block, layers=3)
        first = f"{backbone}.layer{k + 1}.0.downsample"
        yield from conv_norm(f"{ours}.stages.{k}.0.shortcut", f"{first}.0", f"{first}.1")
    yield from conv_norm(f"{ours}.reduce", f"{reduce}.0", f"{reduce}.1")
    for j in range(1 + len(config.dilations)):
        branch = f"{aspp}.branch{j + 1}"
        yield from conv_norm(f"{ours}.aspp.branches.{j}", f"{branch}.0", f"{branch}.1")
    yield from layer(f"{ours}.aspp.pool_conv", f"{aspp}.branch5_conv", bias=False)
    yield from layer(f"{ours}.aspp.pool_norm", f"{aspp}.branch5_norm")
    yield from conv_norm(f"{ours}.aspp.join", f"{aspp}.conv_cat.0", f"{aspp}.conv_cat.1")


# -- MAML -----------------------------------------------------------------------------------


def maml_names(config: MamlConfig) -> Names:
    """nnU-Net v1 names: ``conv_blocks_context`` goes down, ``conv_blocks_localization`` up."""
    for m in range(config.modalities):
        yield from _nnunet_names(f"unets.{m}", f"modality_specific_models.{m}", config)
        ours, theirs = f"attentions.{m}", f"modality_aware_modules.{m}"
        yield from layer(f"{ours}.0.0", f"{theirs}.0")
        yield from layer(f"{ours}.0.1", f"{theirs}.1")
        yield from layer(f"{ours}.1", f"{theirs}.3")
    yield from layer("fusion.conv", "fusion")
    yield from layer("head", "output", bias=False)


def _nnunet_names(ours: str, theirs: str, config: MamlConfig) -> Names:
    last = config.convs - 1
    for k in range(config.n_downsamplings + 1):
        for j in range(config.convs):
            # Their bottleneck and their way up are made of two parts: all but the last, the last.
            part = f"{k}.blocks.{j}" if k < config.n_downsamplings else _in_two_parts(k, j, last)
            yield from _nnunet_block(f"{ours}.down.{k}.{j}", f"{theirs}.conv_blocks_context.{part}")
    for k in range(config.n_downsamplings):
        yield from layer(f"{ours}.ups.{k}", f"{theirs}.tu.{k}", bias=False)
        yield from layer(f"{ours}.heads.{k}", f"{theirs}.seg_outputs.{k}", bias=False)
        for j in range(config.convs):
            there = f"{theirs}.conv_blocks_localization.{_in_two_parts(k, j, last)}"
            yield from _nnunet_block(f"{ours}.levels.{k}.{j}", there)


def _in_two_parts(k: int, j: int, last: int) -> str:
    return f"{k}.1.blocks.0" if j == last else f"{k}.0.blocks.{j}"


def _nnunet_block(ours: str, theirs: str) -> Names:
    yield from layer(f"{ours}.0", f"{theirs}.conv")
    yield from layer(f"{ours}.1", f"{theirs}.instnorm")


# -- Linear Fusion / M3L --------------------------------------------------------------------


def m3l_names(config: LinearFusionConfig) -> Names:
    """Shared layers sit in a wrapper called ``module``; ``ln_m`` is the norm of stream m."""
    yield "stream_weights", "alpha"
    for k, depth in enumerate(config.depths):
        s, ours = k + 1, f"stages.{k}"
        patch = f"encoder.patch_embed{s}"
        yield f"{ours}.embedding.mask_token", f"{patch}.mask_token"
        yield from layer(f"{ours}.embedding.conv", f"{patch}.proj.module")
        yield from _stream_norm(f"{ours}.embedding.norm", f"{patch}.norm", config)
        for i in range(depth):
            reduced = config.reductions[k] > 1
            yield from _m3l_block(
                f"{ours}.blocks.{i}", f"encoder.block{s}.{i}", config, reduced=reduced
            )
        yield from _stream_norm(f"{ours}.norm", f"encoder.norm{s}", config)
        yield from layer(f"head.projections.{k}", f"decoder.linear_c{s}.proj")
    yield from layer("head.join", "decoder.linear_fuse.conv", bias=False)
    for part in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
        yield f"head.norm.{part}", f"decoder.linear_fuse.bn.{part}"
    yield from layer("head.classify", "decoder.linear_pred")


def _m3l_block(ours: str, theirs: str, config: LinearFusionConfig, *, reduced: bool) -> Names:
    yield from _stream_norm(f"{ours}.norm1", f"{theirs}.norm1", config)
    yield from _stream_norm(f"{ours}.norm2", f"{theirs}.norm2", config)
    for a, b in (("query", "q"), ("key_value", "kv"), ("projection", "proj")):
        yield from layer(f"{ours}.attention.{a}", f"{theirs}.attn.{b}.module")
    if reduced:
        yield from layer(f"{ours}.attention.reduce", f"{theirs}.attn.sr.module")
        yield from _stream_norm(f"{ours}.attention.reduce_norm", f"{theirs}.attn.norm", config)
    yield from layer(f"{ours}.mlp.expand", f"{theirs}.mlp.fc1.module")
    yield from layer(f"{ours}.mlp.depthwise", f"{theirs}.mlp.dwconv.dwconv")
    yield from layer(f"{ours}.mlp.contract", f"{theirs}.mlp.fc2.module")


def _stream_norm(ours: str, theirs: str, config: LinearFusionConfig) -> Names:
    for m in range(config.modalities):
        yield from layer(f"{ours}.{m}", f"{theirs}.ln_{m}")
