"""Tiny random models of the architectures that people bring: few layers, odd sizes, nothing downloaded.

Mixtures of experts need rows of whole 16 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

VOCAB = 61
ENCODER = {
    "vocab_size": VOCAB,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 29,
    "max_position_embeddings": 64,
}
DECODER = {**ENCODER, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
GROUPED = {**DECODER, "num_attention_heads": 6, "num_key_value_heads": 3, "hidden_size": 24, "head_dim": 4}
PAIR = {
    "vocab_size": VOCAB,
    "d_model": 24,
    "encoder_layers": 1,
    "decoder_layers": 2,
    "encoder_attention_heads": 3,
    "decoder_attention_heads": 3,
    "encoder_ffn_dim": 29,
    "decoder_ffn_dim": 29,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
}
T5 = {
    "vocab_size": VOCAB,
    "d_model": 24,
    "d_kv": 8,
    "d_ff": 29,
    "num_layers": 2,
    "num_heads": 3,
    "decoder_start_token_id": 0,
}
PICTURE = {**ENCODER, "image_size": 12, "patch_size": 4}

# name → (config class, model class, config)
CONFIGS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    # encoders
    "bert": ("BertConfig", "BertForMaskedLM", ENCODER),
    "bert-sentence": ("BertConfig", "BertModel", ENCODER),
    "roberta": ("RobertaConfig", "RobertaForMaskedLM", ENCODER),
    "xlm-roberta": ("XLMRobertaConfig", "XLMRobertaForMaskedLM", ENCODER),
    "electra": ("ElectraConfig", "ElectraForMaskedLM", {**ENCODER, "embedding_size": 13}),
    "distilbert": (
        "DistilBertConfig",
        "DistilBertForMaskedLM",
        {"vocab_size": VOCAB, "dim": 24, "n_layers": 2, "n_heads": 3, "hidden_dim": 29, "max_position_embeddings": 64},
    ),
    "albert": ("AlbertConfig", "AlbertForMaskedLM", {**ENCODER, "num_hidden_layers": 5, "embedding_size": 13}),
    "modernbert": (
        "ModernBertConfig",
        "ModernBertForMaskedLM",
        {
            **ENCODER,
            "num_hidden_layers": 3,
            "local_attention": 6,
            "pad_token_id": 0,
            "bos_token_id": 1,
            "eos_token_id": 2,
            "cls_token_id": 1,
            "sep_token_id": 2,
        },
    ),
    # decoders
    "gpt2": (
        "GPT2Config",
        "GPT2LMHeadModel",
        {
            "vocab_size": VOCAB,
            "n_embd": 24,
            "n_layer": 2,
            "n_head": 3,
            "n_positions": 64,
            "bos_token_id": 1,
            "eos_token_id": 1,
        },
    ),
    "gptj": (
        "GPTJConfig",
        "GPTJForCausalLM",
        {
            "vocab_size": VOCAB,
            "n_embd": 24,
            "n_layer": 2,
            "n_head": 3,
            "n_positions": 64,
            "rotary_dim": 4,
            "bos_token_id": 1,
            "eos_token_id": 1,
        },
    ),
    "gpt-neox": ("GPTNeoXConfig", "GPTNeoXForCausalLM", DECODER),
    "llama": ("LlamaConfig", "LlamaForCausalLM", GROUPED),
    "qwen2": ("Qwen2Config", "Qwen2ForCausalLM", GROUPED),
    "qwen3": ("Qwen3Config", "Qwen3ForCausalLM", GROUPED),
    "gemma": ("GemmaConfig", "GemmaForCausalLM", GROUPED),
    "gemma2": ("Gemma2Config", "Gemma2ForCausalLM", {**GROUPED, "sliding_window": 5, "query_pre_attn_scalar": 4}),
    "gemma3": (
        "Gemma3TextConfig",
        "Gemma3ForCausalLM",
        {
            **GROUPED,
            "sliding_window": 5,
            "query_pre_attn_scalar": 4,
            "layer_types": ["sliding_attention", "full_attention"],
        },
    ),
    "mistral": ("MistralConfig", "MistralForCausalLM", {**GROUPED, "sliding_window": 5}),
    "phi": ("PhiConfig", "PhiForCausalLM", {**DECODER, "partial_rotary_factor": 0.5}),
    "phi3": ("Phi3Config", "Phi3ForCausalLM", {k: v for k, v in GROUPED.items() if k != "head_dim"}),
    "opt": (
        "OPTConfig",
        "OPTForCausalLM",
        {
            "vocab_size": VOCAB,
            "hidden_size": 24,
            "word_embed_proj_dim": 24,
            "num_hidden_layers": 2,
            "num_attention_heads": 3,
            "ffn_dim": 29,
            "max_position_embeddings": 64,
            "pad_token_id": 0,
        },
    ),
    "smollm3": ("SmolLM3Config", "SmolLM3ForCausalLM", {k: v for k, v in GROUPED.items() if k != "head_dim"}),
    "olmo2": ("Olmo2Config", "Olmo2ForCausalLM", {k: v for k, v in GROUPED.items() if k != "head_dim"}),
    "granite": ("GraniteConfig", "GraniteForCausalLM", {k: v for k, v in GROUPED.items() if k != "head_dim"}),
    "gpt-oss": (
        "GptOssConfig",
        "GptOssForCausalLM",
        {**GROUPED, "num_local_experts": 2, "num_experts_per_tok": 1, "sliding_window": 5, "intermediate_size": 32},
    ),
    "deepseek-v3": (
        "DeepseekV3Config",
        "DeepseekV3ForCausalLM",
        {
            **DECODER,
            "num_key_value_heads": 3,
            "moe_intermediate_size": 16,
            "n_routed_experts": 2,
            "num_experts_per_tok": 1,
            "n_group": 1,
            "topk_group": 1,
            "n_shared_experts": 1,
            "first_k_dense_replace": 1,
            "kv_lora_rank": 8,
            "q_lora_rank": 8,
            "qk_rope_head_dim": 4,
            "qk_nope_head_dim": 4,
            "v_head_dim": 12,
        },
    ),
    "qwen3.5": (
        "Qwen3_5TextConfig",
        "Qwen3_5ForCausalLM",
        {
            **GROUPED,
            "num_hidden_layers": 4,
            "linear_num_key_heads": 2,
            "linear_num_value_heads": 2,
            "linear_key_head_dim": 4,
            "linear_value_head_dim": 4,
        },
    ),
    # encoder–decoders
    "t5": ("T5Config", "T5ForConditionalGeneration", T5),
    "mt5": ("MT5Config", "MT5ForConditionalGeneration", T5),
    "bart": ("BartConfig", "BartForConditionalGeneration", PAIR),
    "mbart": ("MBartConfig", "MBartForConditionalGeneration", PAIR),
    "marian": ("MarianConfig", "MarianMTModel", {**PAIR, "scale_embedding": True}),
    "pegasus": ("PegasusConfig", "PegasusForConditionalGeneration", PAIR),
    "m2m100": ("M2M100Config", "M2M100ForConditionalGeneration", PAIR),
    "whisper": (
        "WhisperConfig",
        "WhisperForConditionalGeneration",
        {
            **{k: v for k, v in PAIR.items() if k != "max_position_embeddings"},
            "num_mel_bins": 5,
            "max_source_positions": 11,
            "max_target_positions": 64,
        },
    ),
    # pictures, and text beside pictures
    "vit": ("ViTConfig", "ViTForImageClassification", PICTURE),
    "deit": ("DeiTConfig", "DeiTForImageClassification", PICTURE),
    "dinov2": ("Dinov2Config", "Dinov2Model", PICTURE),
    "clip-text": ("CLIPTextConfig", "CLIPTextModel", {**ENCODER, "bos_token_id": 1, "eos_token_id": 2}),
    "siglip-vision": ("SiglipVisionConfig", "SiglipVisionModel", PICTURE),
}

# How much wider than drawn weights are made; T5 does not divide its scores.
SPREAD = {"t5": 2, "mt5": 2}

# What does not let others attend for it: maps only, or refused in words.
OTHERS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "bloom": ("BloomConfig", "BloomForCausalLM", {"vocab_size": VOCAB, "hidden_size": 24, "n_layer": 2, "n_head": 3}),
    "longformer": (
        "LongformerConfig",
        "LongformerForMaskedLM",
        {**ENCODER, "attention_window": 4, "pad_token_id": 0},
    ),
    "deberta-v2": ("DebertaV2Config", "DebertaV2ForMaskedLM", ENCODER),
    "mpnet": ("MPNetConfig", "MPNetForMaskedLM", ENCODER),
    "xlnet": (
        "XLNetConfig",
        "XLNetLMHeadModel",
        {"vocab_size": VOCAB, "d_model": 24, "n_layer": 2, "n_head": 3, "d_inner": 29},
    ),
    "falcon": ("FalconConfig", "FalconForCausalLM", {**DECODER, "num_attention_heads": 3}),
    "gpt-neo": (
        "GPTNeoConfig",
        "GPTNeoForCausalLM",
        {
            "vocab_size": VOCAB,
            "hidden_size": 24,
            "num_layers": 2,
            "num_heads": 3,
            "attention_types": [[["global", "local"], 1]],
            "window_size": 5,
            "max_position_embeddings": 64,
            "bos_token_id": 1,
            "eos_token_id": 1,
        },
    ),
}


def make(name: str, seed: int = 0, **changes: Any) -> Any:
    """A random model of one of these names, in eval mode; weights are spread wide enough for heads to differ."""
    import transformers

    config_class, model_class, values = (CONFIGS | OTHERS)[name]
    config = getattr(transformers, config_class)(**{**values, **changes})
    if name in OTHERS:  # as opening does: these cannot change how they attend once they are made
        config._attn_implementation = "eager"
    torch.manual_seed(seed)
    net = getattr(transformers, model_class)(config)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.dim() > 1:
                parameter.mul_(SPREAD.get(name, 4))
    return net.eval()
