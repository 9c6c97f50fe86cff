"""What can be wrong with a setting, and with settings that do not go together."""

from attnviz.language import Text, table

TEXTS = table(
    setting_choice=Text("{name} 的值是 {value!r}；可选：{allowed}。", "{name} is {value!r}; allowed are {allowed}."),
    setting_names=Text(
        "{name} 的值是 {value!r}；应是由这些名字组成的列表：{allowed}。",
        "{name} is {value!r}; it must be a list of names out of {allowed}.",
    ),
    setting_text=Text(
        "{name} 的值是 {value!r}；应是一段不太长的文字。", "{name} is {value!r}; it must be a short text."
    ),
    setting_flag=Text(
        "{name} 的值是 {value!r}；应是 true 或 false。", "{name} is {value!r}; it must be true or false."
    ),
    setting_whole=Text(
        "{name} 的值是 {value!r}；应是整数，{range}。", "{name} is {value!r}; it must be a whole number, {range}."
    ),
    setting_real=Text(
        "{name} 的值是 {value!r}；应是数，{range}。", "{name} is {value!r}; it must be a number, {range}."
    ),
    setting_unknown=Text(
        "{config} 没有设置项“{name}”；可用：{allowed}。", "{config} has no field '{name}'; allowed: {allowed}."
    ),
    setting_missing=Text("{config} 缺少设置项：{problem}。", "{config} is not complete: {problem}."),
    setting_fixed=Text(
        "训练途中不能改 {name}；能改的有：{allowed}。", "{name} cannot be changed while training; these can: {allowed}."
    ),
    # settings that do not go together
    setting_heads=Text(
        "d_model 是 {d_model}，n_heads 是 {n_heads}：头数必须整除 d_model；n_heads 可以是 {allowed}。",
        "d_model is {d_model} and n_heads is {n_heads}: the heads must divide d_model; allowed n_heads: {allowed}.",
    ),
    setting_rotary=Text(
        "head_dim 是 {head_dim}；旋转位置编码两个一组地转，所以它必须是偶数。",
        "head_dim is {head_dim}; rotary positions turn pairs, so it must be even.",
    ),
    setting_source=Text(
        "src_vocab_size 是 {given}；编码器至少需要 1。", "src_vocab_size is {given}; an encoder needs at least 1."
    ),
    setting_decoder=Text(
        "n_decoder_layers 是 0；只有解码器的模型至少需要 1 层。",
        "n_decoder_layers is 0; a decoder-only model needs at least 1.",
    ),
    setting_tied=Text(
        "tied_embeddings 是 True；只有编码器的模型没有可共享的解码器嵌入。",
        "tied_embeddings is True; an encoder-only model has no decoder embedding to tie.",
    ),
    setting_labels=Text(
        "n_labels 是 {given}；只有不共享嵌入（tied_embeddings）的纯解码器模型才有标签。",
        "n_labels is {given}; only a decoder-only model without tied_embeddings has labels.",
    ),
    setting_recurrent=Text(
        "{name} 的值是 {value!r}；结构为 {architecture} 的模型只能用 {allowed}。",
        "{name} is {value!r}; a model that is {architecture} allows {allowed} only.",
    ),
    setting_parameters=Text(
        "这样的模型有 {given} 个参数；最多 {limit} 个。请减小 d_model、层数或词表。",
        "Such a model has {given} parameters; at most {limit} are allowed. Make d_model, layers or vocabulary smaller.",
    ),
    setting_targets=Text("lora_targets 是空的；可选：{allowed}。", "lora_targets is empty; allowed: {allowed}."),
    setting_folds=Text("folds 是 1；它必须是 0 或至少 2。", "folds is 1; it must be 0 or at least 2."),
    setting_fold=Text(
        "fold 是 {fold}；它必须小于 folds（{folds}）。", "fold is {fold}; it must be below folds ({folds})."
    ),
)
