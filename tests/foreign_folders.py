"""Folders with tiny models as people save them, and a tokenizer that was trained on one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from foreign_configs import make

TEXT = "the cat sat on the mat"
SIZE = 300


def byte_level_tokenizer() -> Any:
    """Byte-level pieces, as GPT-2's: every other character is several pieces."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    built = Tokenizer(models.BPE())
    built.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    built.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE, special_tokens=["<s>", "</s>", "<mask>"], initial_alphabet=alphabet, show_progress=False
    )
    built.train_from_iterator([TEXT] * 5, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=built, bos_token="<s>", eos_token="</s>", mask_token="<mask>")


def word_tokenizer() -> Any:
    """Words and pieces of words, as BERT's, with [CLS] and [SEP] around."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "##s", "on", "mat", "银", "行"]
    built = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    built.normalizer = normalizers.BertNormalizer(lowercase=True)
    built.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    built.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=built,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def save(folder: Path, name: str = "llama", tokenizer: Callable[[], Any] | None = byte_level_tokenizer) -> Path:
    """A folder with a tiny model and its tokenizer."""
    net = make(name) if tokenizer is None else make(name, vocab_size=SIZE)
    net.save_pretrained(folder)
    if tokenizer is not None:
        tokenizer().save_pretrained(folder)
    return folder


def edit(folder: Path, file: str, **changes: Any) -> None:
    """Change entries of a JSON file; None takes one away."""
    path = folder / file
    values = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    values |= changes
    path.write_text(json.dumps({k: v for k, v in values.items() if v is not None}), encoding="utf-8")
