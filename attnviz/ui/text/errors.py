"""What can be wrong with people's input and what was done to it, by the codes of `attnviz.data.errors` and of
`attnviz.training.checkpoint_error`."""

from attnviz.ui.text import Text, table

TEXTS = table(
    # text
    empty=Text("没有可读的文字，请至少输入一个字符。", "There is no text to read. Type at least one character."),
    too_little_text=Text(
        "文本只有 {given} 个字符，训练至少需要 {need} 个。",
        "The text has {given} characters; at least {need} are needed to train on.",
    ),
    repetitive_text=Text(
        "文本总在重复同一段，留不出一部分来检验。",
        "The text repeats the same passage; no part of it can be held out to test on.",
    ),
    typed_capped=Text(
        "文字有 {given} 个字符，只读取前 {kept} 个。",
        "The text has {given} characters; only the first {kept} are read.",
    ),
    # files
    empty_file=Text("文件是空的。", "The file is empty."),
    binary=Text(
        "这不是文本文件（{what}）。请另存为 UTF-8 的纯文本或 CSV。",
        "This is not a text file ({what}). Save it as plain text or CSV in UTF-8.",
    ),
    encoding=Text(
        "认不出文件的字符编码（试过 {tried}）。请另存为 UTF-8。",
        "The file's character encoding is not known (tried {tried}). Save it as UTF-8.",
    ),
    one_column=Text(
        "第 {line} 行只有一列；需要两列：源文和目标，用逗号、分号或制表符隔开。",
        "Line {line} has one column; two are needed: source and target, separated by , ; or tab.",
    ),
    csv=Text("CSV 在第 {line} 行附近读不下去：{problem}。", "The CSV cannot be read near line {line}: {problem}."),
    too_few_rows=Text(
        "可用的只有 {given} 行，至少需要 {need} 个不同的源文。",
        "{given} usable rows; at least {need} different sources are needed.",
    ),
    labels_missing=Text(
        "有 {rows} 行没有标签；每行要有一段文字和它的标签，用逗号、分号或制表符隔开。",
        "{rows} rows have no label; each row needs a text and its label, separated by , ; or tab.",
    ),
    one_label=Text(
        "所有行的标签都是 {label}；至少需要两种标签。",
        "Every row has the same label ({label}); at least two different labels are needed.",
    ),
    too_many_labels=Text(
        "有 {given} 种标签，最多只能分 {limit} 种。请换一列。",
        "There are {given} different labels; at most {limit} can be told apart. Choose another column.",
    ),
    label_count=Text(
        "给了 {given} 个标签，但有 {need} 个词元；每个词元要有一个标签。",
        "{given} labels were given for {need} tokens; each token needs one.",
    ),
    # names and options
    unknown_task=Text("没有名为 {name} 的任务。现有：{known}。", "There is no task named {name}. There are: {known}."),
    unknown_option=Text(
        "任务 {task} 没有选项 {name}。它有：{known}。", "The task {task} has no option {name}. It has: {known}."
    ),
    bad_option=Text("选项 {name} 的值是 {value}；允许：{allowed}。", "Option {name} is {value}; allowed: {allowed}."),
    unknown_split=Text(
        "没有 {name} 这一份数据；有 train、validation、test。",
        "There is no split {name}; there are train, validation and test.",
    ),
    no_data=Text(
        "任务（{task}）的数据没有随模型保存，请重新载入文件。",
        "The data of this task ({task}) are not kept with the model; load the file again.",
    ),
    missing_package=Text(
        "缺少含这些数据的包：{package}。请用 pip install {package} 安装。",
        "The package {package}, which holds these data, is missing. Install it with pip install {package}.",
    ),
    bad_vocabulary=Text("词表不能用：{problem}。", "The vocabulary cannot be used: {problem}."),
    # remarks
    cut=Text("太长了：只保留前 {kept} 个词元，共 {given} 个。", "Too long: cut to the first {kept} of {given} tokens."),
    cut_target=Text(
        "目标太长：只保留前 {kept} 个词元，共 {given} 个。", "The target was cut to the first {kept} of {given} tokens."
    ),
    encoding_used=Text("文件按 {encoding} 编码读取。", "The file was read as {encoding}."),
    text_capped=Text(
        "只用文件的前 {kept} 个字符（上限 {limit}）。",
        "Only the first {kept} characters of the file are used (limit {limit}).",
    ),
    rows_capped=Text("只用前 {kept} 行（上限 {limit}）。", "Only the first {kept} rows are used (limit {limit})."),
    header_skipped=Text("第一行当作标题：{heading}。", "The first line was taken as a heading: {heading}."),
    extra_columns=Text(
        "有 {rows} 行超过两列，只用前两列。", "{rows} rows have more than two columns; the first two are used."
    ),
    empty_cells=Text("有 {rows} 行含空格子，已略去。", "{rows} rows with an empty cell were left out."),
    one_column_rows=Text("有 {rows} 行只有一列，已略去。", "{rows} rows with only one column were left out."),
    long_cells=Text(
        "有 {rows} 行超过 {limit} 个词元，已略去。", "{rows} rows longer than {limit} tokens were left out."
    ),
    repeated_rows=Text("有 {rows} 行重复，已略去。", "{rows} repeated rows were left out."),
    labels_unseen=Text(
        "训练数据里没有这些标签的例子：{labels}。", "No example of these labels is left to train on: {labels}."
    ),
    tokens_learned=Text(
        "有 {count} 个词元是模型没见过的，将在微调中学习，例如 {shown}。",
        "{count} tokens are new to the model and will be learned, for example {shown}.",
    ),
    tokens_unknown=Text(
        "有 {count} 个词元模型不认识，读作 <unk>，例如 {shown}。",
        "{count} tokens are unknown to the model and are read as <unk>, for example {shown}.",
    ),
    vocabulary_capped=Text(
        "{given} 种词元只认识 {kept} 种，其余记作 <unk>。",
        "{kept} of {given} different tokens are known; the others become <unk>.",
    ),
    # checkpoints
    checkpoint_unknown=Text(
        "没有名为 {name} 的模型。自带的有：{known}；也可以给出文件夹路径。",
        "There is no checkpoint named {name}. Shipped: {known}; or give the path of a folder.",
    ),
    checkpoint_missing=Text("没有文件夹 {path}。", "There is no folder {path}."),
    checkpoint_not_folder=Text(
        "{path} 是一个文件；模型应是含 model.safetensors 和 manifest.json 的文件夹。",
        "{path} is a file; a checkpoint is a folder with model.safetensors and manifest.json.",
    ),
    checkpoint_file_missing=Text("文件夹 {path} 里缺少 {file}。", "{file} is missing in the folder {path}."),
    checkpoint_unreadable=Text("{file} 读不出来：{problem}。", "{file} cannot be read: {problem}."),
    checkpoint_too_large=Text(
        "{file} 有 {given} 字节，最多读取 {limit}。", "{file} has {given} bytes; at most {limit} are read."
    ),
    checkpoint_json=Text("{file} 不是合法的 JSON：{problem}。", "{file} is not valid JSON: {problem}."),
    checkpoint_format=Text("{file} 不是 attnviz 模型的清单。", "{file} is not the manifest of an attnviz checkpoint."),
    checkpoint_version=Text(
        "模型的格式版本是 {given}，本程序读取版本 {known}。",
        "The checkpoint has format version {given}; this program reads version {known}.",
    ),
    checkpoint_manifest=Text("{file} 的条目 {entry} 有错：{problem}。", "{file} has a wrong entry {entry}: {problem}."),
    checkpoint_task=Text("模型的任务建立不起来：{problem}", "The checkpoint's task cannot be set up: {problem}"),
    checkpoint_damaged=Text(
        "{file} 已损坏，或不是 safetensors 文件：{problem}。", "{file} is damaged or not a safetensors file: {problem}."
    ),
    checkpoint_names=Text("{file} 与模型不符：{problem}。", "{file} does not fit the model: {problem}."),
    checkpoint_shape=Text(
        "{file} 与模型不符：{name} 的形状是 {given}，模型需要 {needed}。",
        "{file} does not fit the model: {name} has shape {given}, the model needs {needed}.",
    ),
    checkpoint_dtype=Text(
        "{file}：{name} 存的是 {given}，需要浮点数。",
        "{file}: {name} holds {given} values; floating-point numbers are needed.",
    ),
    checkpoint_not_finite=Text(
        "{file}：{name} 里有无穷大或非数。", "{file}: {name} holds values that are not finite numbers."
    ),
    checkpoint_held_out=Text(
        "{file} 里存的不是清单所说的 {split} 样例。",
        "{file} does not hold the {split} examples that the manifest describes.",
    ),
    checkpoint_write=Text("模型写不到 {path}：{problem}。", "The checkpoint cannot be written to {path}: {problem}."),
    checkpoint_occupied=Text(
        "{path} 不是空的，里面也没有模型；请换一个文件夹。",
        "{path} is not empty and holds no checkpoint; choose another folder.",
    ),
    # fine-tuning
    architecture_encoder_only=Text("只有编码器", "an encoder only"),
    architecture_decoder_only=Text("只有解码器", "a decoder only"),
    architecture_encoder_decoder=Text("编码器加解码器", "encoder and decoder"),
    kind_seq2seq=Text("一个序列变成另一个", "one sequence becomes another"),
    kind_lm=Text("接着往下写", "a text goes on"),
    kind_tagging=Text("每个词元一个标签", "a label for each token"),
    kind_classification=Text("每段文字一个标签", "a label for each text"),
    finetune_backbone=Text(
        "起点模型{architecture}，{backbone}也做不了这类任务：{kind}。",
        "A start with {architecture}, {backbone}, cannot do this kind of task: {kind}.",
    ),
    backbone_auto=Text("怎样接着用", "however it is carried on"),
    backbone_whole=Text("整个接着用", "carried on whole"),
    backbone_encoder=Text("只用编码器", "carried on as an encoder"),
    backbone_decoder=Text("只用解码器", "carried on as a decoder"),
    finetune_vocabulary=Text(
        "模型 {model} 只认识这些数据中 {known}% 的词元（比如不认识 {missing}），至少需要 {need}%。请换模型或换数据。",
        "The model {model} knows {known} % of the tokens of these data (it lacks {missing}, for example); "
        "at least {need} % are needed. Choose another model or other data.",
    ),
    finetune_new_tokens=Text(
        "模型 {model} 缺少这些数据中的 {count} 个词元，例如 {missing}。",
        "The model {model} lacks {count} tokens of these data, for example {missing}.",
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
    finetune_adapter=Text(
        "模型已有宽度为 {given} 的适配器，不能再用宽度为 {wanted} 的。",
        "The model has adapters of size {given} already; adapters of size {wanted} do not fit.",
    ),
    finetune_gradual=Text("逐步解冻只能在一个进程里训练。", "Gradual unfreezing trains in one process only."),
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
