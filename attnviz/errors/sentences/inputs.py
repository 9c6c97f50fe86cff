"""What can be wrong with people's input (refusals), and what was done to it (remarks)."""

from attnviz.language import Text, table

TEXTS = table(
    # text
    empty=Text("没有可读的文字，请至少输入一个字符。", "There is no text to read. Type at least one character."),
    no_lessons=Text(
        "这些行里没有可学的：语言模型一行一段文字；编码器–解码器一行“原文、制表符、译文”。",
        "None of these lines can be learned from: a text a line; of an encoder–decoder source, tab, target.",
    ),
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
    upload_too_large=Text(
        "文件有 {given} MB，网页里最多 {limit} MB；更大的请用命令行：{command}。",
        "The file has {given} MB, the app takes {limit} MB; for a larger one use the command line: {command}.",
    ),
    binary=Text(
        "这不是文本文件（{what}）。请另存为 UTF-8 的纯文本或 CSV。",
        "This is not a text file ({what}). Save it as plain text or CSV in UTF-8.",
    ),
    encoding_chosen=Text(
        "文件不能按 {encoding} 读取。请换一种编码，或选“自动”。",
        "The file cannot be read as {encoding}. Choose another encoding, or let it be found.",
    ),
    encoding=Text(
        "认不出文件的字符编码（试过 {tried}）。请另存为 UTF-8。",
        "The file's character encoding is not known (tried {tried}). Save it as UTF-8.",
    ),
    one_column=Text(
        "第 {line} 行只有一列；需要两列：源文和目标，用逗号、分号或制表符隔开。",
        "Line {line} has one column; two are needed: source and target, separated by , ; or tab.",
    ),
    column_unknown=Text("没有“{name}”这一列。现有：{known}。", "There is no column '{name}'. There are: {known}."),
    column_twice=Text(
        "第 {column} 列不能既是源文又是目标；请选两列。",
        "Column {column} cannot be both source and target; choose two columns.",
    ),
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
    unknown_task=Text(
        "没有名为“{name}”的任务。现有：{known}。", "There is no task named '{name}'. There are: {known}."
    ),
    unknown_option=Text(
        "任务 {task} 没有选项“{name}”。它有：{known}。", "The task {task} has no option '{name}'. It has: {known}."
    ),
    bad_option=Text(
        "选项 {name} 的值是 {value!r}；允许：{allowed}。", "Option {name} is {value!r}; allowed: {allowed}."
    ),
    unknown_split=Text(
        "没有“{name}”这一份数据；有 train、validation、test。",
        "There is no split '{name}'; there are train, validation and test.",
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
    invisible_removed=Text(
        "去掉了 {count} 个看不见的字符：{shown}。", "{count} invisible characters were taken out: {shown}."
    ),
    bytes_capped=Text(
        "文件有 {given} 字节，只读取前 {kept} 字节。", "Only the first {kept} of the file's {given} bytes are read."
    ),
    bytes_replaced=Text(
        "有 {count} 个字符读不出来，记作 \ufffd。", "{count} characters could not be read and became \ufffd."
    ),
    text_capped=Text(
        "文件有 {given} 个字符，只用前 {kept} 个。", "Only the first {kept} of {given} characters are used."
    ),
    rows_capped=Text("共 {given} 行，只用前 {kept} 行。", "Only the first {kept} of {given} rows are used."),
    looks_like_pairs=Text(
        "每行都有制表符：可能是成对的表。如果是，请按“成对”读取。",
        "Every line has a tab: it may be a table of pairs. Read it as pairs if it is one.",
    ),
    header_skipped=Text("第一行当作标题：{heading}。", "The first line was taken as a heading: {heading}."),
    columns_used=Text(
        "共 {columns} 列：{source} 作源文，{target} 作目标。",
        "Of {columns} columns, {source} is the source and {target} the target.",
    ),
    ragged_rows=Text(
        "有 {rows} 行的列数比其他行多，已略去。", "{rows} rows have more columns than the others and were left out."
    ),
    stray_quotes=Text(
        "有 {rows} 行的引号不成对，引号当作文字。", "{rows} rows have a stray quotation mark, which was taken as text."
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
)
