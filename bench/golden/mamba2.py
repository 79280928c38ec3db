"""Decode of Hugging Face's Mamba-2 on the CPU, float32, random weights: prints the milliseconds of the fastest token as JSON.

python pytorch-mamba2.py D_MODEL LAYERS THREADS TOKENS
"""

import json
import sys
import time

import torch
import transformers

d_model, layers, threads, tokens = (int(argument) for argument in sys.argv[1:])
torch.set_num_threads(threads)
transformers.logging.set_verbosity_error()
config = transformers.Mamba2Config(
    hidden_size=d_model, num_hidden_layers=layers, state_size=128, head_dim=64, num_heads=d_model // 32, n_groups=1,
    expand=2, vocab_size=32000, conv_kernel=4, tie_word_embeddings=True,
)
with torch.device("meta"):
    model = transformers.Mamba2ForCausalLM(config)
model = model.to_empty(device="cpu").eval()
model.tie_weights()
with torch.inference_mode():
    for values in model.parameters():
        values.uniform_(-0.02, 0.02)
    state = model(torch.zeros((1, 4), dtype=torch.long), use_cache=True).cache_params
    times = []
    for token in range(tokens):
        print(f"PyTorch: token {token + 1} of {tokens}", file=sys.stderr)
        started = time.perf_counter()
        out = model(torch.tensor([[997 * token % 32000]]), use_cache=True, cache_params=state)
        times.append(time.perf_counter() - started)
        state = out.cache_params
assert torch.isfinite(out.logits).all()
versions = {"torch": torch.__version__, "transformers": transformers.__version__}
print(json.dumps({"milliseconds": 1000 * min(times), **versions}))
