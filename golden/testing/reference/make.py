"""Small checkpoints and what Hugging Face's Mamba-2 computes with them, for golden/reference.test.ts.

Made with torch 2.15 and transformers 5.23:  python make.py [folder]
Each folder gets a checkpoint and trace.safetensors (`input_ids`, `logits`). The binarized ones are written as the
Bi-Mamba release names them; their logits are those of the dense weights wscale sign(w) + wbias.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import Mamba2Config, Mamba2ForCausalLM

TOKENS = 40


def reference(seed, **dimensions):
    """A model of random weights that are large enough to matter everywhere."""
    torch.manual_seed(seed)
    config = Mamba2Config(expand=2, chunk_size=16, use_cache=False, rms_norm=True, **dimensions)
    model = Mamba2ForCausalLM(config).eval()
    with torch.no_grad():
        for name, values in model.named_parameters():
            if name.endswith("norm.weight") or name.endswith("norm_f.weight"):
                values.copy_(1 + 0.5 * torch.randn_like(values))
            elif name.endswith("A_log"):
                values.copy_(0.5 + torch.rand_like(values))
            elif name.endswith("dt_bias"):
                values.copy_(torch.randn_like(values) - 1)
            elif name.endswith("proj.weight") or name == "lm_head.weight":
                values.copy_(torch.randn_like(values) / values.shape[1] ** 0.5)
            else:
                values.copy_(0.7 * torch.randn_like(values))
    return model


def write_trace(folder, model):
    generator = torch.Generator().manual_seed(7)
    ids = torch.randint(model.config.vocab_size, (TOKENS,), generator=generator)
    with torch.no_grad():
        logits = model(ids[None]).logits[0]
    save_file({"input_ids": ids, "logits": logits.float().contiguous()}, folder / "trace.safetensors")


def hugging_face(folder):
    """Dense, three groups, a head of its own; as save_pretrained writes it."""
    model = reference(
        1, hidden_size=48, num_hidden_layers=3, state_size=16, head_dim=8, num_heads=12, n_groups=3, vocab_size=67,
        conv_kernel=3, tie_word_embeddings=False, layer_norm_epsilon=1e-3,
    )
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    write_trace(folder, model)


def torch_save(folder):
    """Dense, one group, tied; a state dictionary in float64, as torch.save writes it, beside a configuration of the release."""
    model = reference(
        2, hidden_size=40, num_hidden_layers=2, state_size=20, head_dim=16, num_heads=5, n_groups=1, vocab_size=96,
        conv_kernel=4, tie_word_embeddings=True, use_conv_bias=False,
    )
    tensors = {rename(name): values.double() for name, values in model.state_dict().items() if name != "lm_head.weight"}
    torch.save(tensors, folder / "pytorch_model.bin")
    write_config(folder, model.config)
    write_trace(folder, model)


def binarized(folder, seed, pattern, dtype, **dimensions):
    """Binarized projections; latent weights of `dtype`."""
    model = reference(seed, tie_word_embeddings=True, **dimensions)
    tensors = {}
    with torch.no_grad():
        for layer, block in enumerate(model.backbone.layers):
            for part in ("in_proj", "out_proj"):
                matrix = getattr(block.mixer, part).weight
                latent = matrix.to(dtype, copy=True)
                latent[latent == 0] = 0.01
                shape = {"column": (1, matrix.shape[1]), "row": (matrix.shape[0], 1), "single": (1,)}[pattern]
                wscale = torch.randn(shape) / matrix.shape[1] ** 0.5
                wbias = 0.1 * torch.randn(shape) / matrix.shape[1] ** 0.5
                matrix.copy_(wscale * latent.float().sign() + wbias)
                prefix = f"backbone.layers.{layer}.mixer.{part}"
                tensors |= {f"{prefix}.weight": latent, f"{prefix}.wscale": wscale, f"{prefix}.wbias": wbias}
        for name, values in model.state_dict().items():
            if name != "lm_head.weight":
                tensors.setdefault(rename(name), values)
    save_file({name: values.contiguous() for name, values in tensors.items()}, folder / "model.safetensors")
    write_config(folder, model.config)
    write_trace(folder, model)


def rename(name):
    return name.replace("backbone.embeddings.", "backbone.embedding.")


def write_config(folder, c):
    ssm = {
        "layer": "Mamba2", "d_state": c.state_size, "headdim": c.head_dim, "ngroups": c.n_groups, "d_conv": c.conv_kernel,
        "conv_bias": c.use_conv_bias,
    }
    config = {
        "d_model": c.hidden_size, "n_layer": c.num_hidden_layers, "vocab_size": c.vocab_size, "ssm_cfg": ssm,
        "pad_vocab_size_multiple": 1, "norm_epsilon": c.layer_norm_epsilon, "tie_embeddings": c.tie_word_embeddings,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")


if __name__ == "__main__":
    top = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    made = {
        "hugging-face": hugging_face,
        "torch-save": torch_save,
        "two-groups": lambda folder: binarized(
            folder, 3, "column", torch.float16, hidden_size=64, num_hidden_layers=2, state_size=24, head_dim=16,
            num_heads=8, n_groups=2, vocab_size=50, conv_kernel=4,
        ),
        "row": lambda folder: binarized(
            folder, 4, "row", torch.bfloat16, hidden_size=36, num_hidden_layers=1, state_size=9, head_dim=12,
            num_heads=6, n_groups=6, vocab_size=40, conv_kernel=2,
        ),
        "single": lambda folder: binarized(
            folder, 5, "single", torch.float32, hidden_size=33, num_hidden_layers=2, state_size=8, head_dim=3,
            num_heads=22, n_groups=1, vocab_size=33, conv_kernel=4,
        ),
    }
    for name, make in made.items():
        (top / name).mkdir(parents=True, exist_ok=True)
        make(top / name)
