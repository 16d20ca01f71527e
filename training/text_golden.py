"""What transformers' T5 makes of prompts: `python -m training.text_golden --model MODEL --out FOLDER`.

MODEL is a folder of `webdit synth text-to-image-tiny`. FOLDER becomes a golden folder: tokens and embeddings of a few
prompts, prepared as diffusers' PixArt prepares them, in f64 on the CPU, and the seed that makes MODEL again.
"""

import argparse
import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoTokenizer, T5EncoderModel

TARGET = 1e-5
"""Largest relative error of the embeddings: some ten times that of f32 arithmetic."""
MAX_LENGTH = 120
"""Tokens that PixArt-alpha reads."""
SYNTH = "text-to-image-tiny"
PROMPTS = (
    "a red fox sitting in the snow, oil painting",
    "",
    # Capitals, white space, digits, and pieces that are words, endings and single letters.
    "  A Photo of THREE dogs\tand 12 kites:\n very detailed!  ",
    # Unknown characters, alone and together, and a special token's text.
    "café 猫猫 ~ 🦊 of </s> snow",
    # More tokens than are read.
    "the small blue cat is sleeping on a warm red chair near the window. " * 12,
)


def write_text_golden(model: Path, out: Path, seed: int = 0) -> None:
    """Write the golden folder `out` of the model folder `model`, which `webdit synth` made of `seed`."""
    tokenizer = AutoTokenizer.from_pretrained(model / "tokenizer")
    encoder = T5EncoderModel.from_pretrained(model / "text_encoder", dtype=torch.float64).eval()
    # As PixArtAlphaPipeline prepares a caption that it does not clean.
    captions = [prompt.lower().strip() for prompt in PROMPTS]
    tokens = tokenizer(captions, padding="max_length", max_length=MAX_LENGTH, truncation=True, return_tensors="pt")
    with torch.no_grad():
        expected = encoder(input_ids=tokens.input_ids, attention_mask=tokens.attention_mask).last_hidden_state
    out.mkdir(parents=True, exist_ok=True)
    tensors = {
        "input_ids": tokens.input_ids,
        "attention_mask": tokens.attention_mask,
        "expected": expected.float(),
    }
    save_file(tensors, out / "golden.safetensors")
    case = {"name": "prompts", "type": "encode", "max_length": MAX_LENGTH, "prompts": PROMPTS}
    golden = {
        "format": "webdit-golden/1",
        "kind": "text",
        "synth": {"model": SYNTH, "seed": seed},
        "reference": f"transformers {transformers.__version__}, PyTorch {torch.__version__}, f64 on the CPU, "
        "training/text_golden.py",
        "targets": {"embeddings": TARGET},
        "cases": [case | {name: name for name in tensors}],
    }
    text = json.dumps(golden, indent=1, ensure_ascii=False)
    (out / "golden.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a golden folder of a text encoder.")
    parser.add_argument("--model", type=Path, required=True, metavar="MODEL")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=0, help="the seed that MODEL was made of")
    values = parser.parse_args()
    write_text_golden(values.model, values.out, values.seed)
