"""What can be wrong with a start, a task and a strategy together, and with a LoRA."""

from attnviz.language import Text, table

TEXTS = table(
    finetune_backbone=Text(
        "起点模型{architecture}，{backbone}也做不了这类任务：{kind}。",
        "A start with {architecture}, {backbone}, cannot do this kind of task: {kind}.",
    ),
    finetune_vocabulary=Text(
        "模型 {model} 只认识这些数据中 {known}% 的词元（比如不认识 {missing}），至少需要 {need}%。请换模型或换数据。",
        "The model {model} knows {known} % of the tokens of these data (it lacks {missing}, for example); "
        "at least {need} % are needed. Choose another model or other data.",
    ),
    finetune_new_tokens=Text(
        "模型 {model} 缺少这些数据中的 {count} 个词元，例如 {missing}。",
        "The model {model} lacks {count} tokens of these data, for example {missing}.",
    ),
    finetune_pictures=Text(
        "这些数据和起点模型合不上：{name} 是 {given}，模型需要 {needed}。",
        "These data do not fit the model to start from: {name} is {given}, the model needs {needed}.",
    ),
    finetune_layers=Text(
        "模型有 {blocks} 层，最多只能训练最后 {blocks} 层，不能是 {given} 层。",
        "The model has {blocks} blocks; at most that many last layers can train, not {given}.",
    ),
    finetune_no_examples=Text(
        "没有可训练的例子：只有 {given} 个，需要 {need} 个。",
        "Nothing is left to train on: {given} examples, {need} are needed.",
    ),
    finetune_start=Text("微调需要一个起点模型。", "Fine-tuning needs a model to start from."),
    finetune_shape=Text(
        "不能设置 {name}：微调的模型和起点模型形状相同。",
        "{name} cannot be set: a fine-tuned model has the shape of its start.",
    ),
    finetune_adapter=Text(
        "模型已有宽度为 {given} 的适配器，不能再用宽度为 {wanted} 的。",
        "The model has adapters of size {given} already; adapters of size {wanted} do not fit.",
    ),
    finetune_gradual=Text("逐步解冻只能在一个进程里训练。", "Gradual unfreezing trains in one process only."),
    lora_base=Text(
        "这个 LoRA 是在另一个模型（{base}）的权重上训练的，放在这个模型上没有意义。",
        "This LoRA was trained on other weights ({base}); on this model it means nothing.",
    ),
    lora_file=Text("{file} 不是 attnviz 的 LoRA 文件：{problem}。", "{file} is not a LoRA file of attnviz: {problem}."),
    lora_shape=Text(
        "LoRA 与模型不符：{name} 的形状是 {given}，模型需要 {needed}。",
        "The LoRA does not fit this model: {name} has shape {given}, the model needs {needed}.",
    ),
    lora_layers=Text(
        "LoRA 与模型不符：模型没有 {name} 这一层。", "The LoRA does not fit this model, which has no layer {name}."
    ),
    lora_vocabulary=Text(
        "LoRA 是用另一套词表或输出头训练的（{name}）；请载入合并后的模型。",
        "The LoRA was trained with other vocabularies or another head ({name}); load its merged model.",
    ),
    lora_none=Text(
        "这次训练没有 LoRA 可存：只有策略选 LoRA 才有。",
        "This run has no LoRA to save: only the strategy LoRA makes one.",
    ),
)

# What details are called in a sentence, by `<detail>_<value>`.
WORDS = table(
    architecture_encoder_only=Text("只有编码器", "an encoder only"),
    architecture_decoder_only=Text("只有解码器", "a decoder only"),
    architecture_encoder_decoder=Text("编码器加解码器", "encoder and decoder"),
    kind_seq2seq=Text("一个序列变成另一个", "one sequence becomes another"),
    kind_lm=Text("接着往下写", "a text goes on"),
    kind_tagging=Text("每个词元一个标签", "a label for each token"),
    kind_classification=Text("每段文字一个标签", "a label for each text"),
    backbone_auto=Text("怎样接着用", "however it is carried on"),
    backbone_whole=Text("整个接着用", "carried on whole"),
    backbone_encoder=Text("只用编码器", "carried on as an encoder"),
    backbone_decoder=Text("只用解码器", "carried on as a decoder"),
)
