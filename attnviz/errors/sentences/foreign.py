"""What can be wrong with a model from elsewhere."""

from attnviz.language import Text, table

TEXTS = table(
    foreign_extra=Text(
        "打开这种模型需要安装 {package}：pip install 'attnviz[hf]'。",
        "Opening such a model needs the package {package}: pip install 'attnviz[hf]'.",
    ),
    # what cannot be found
    foreign_unknown=Text(
        "这台电脑上没有名为“{name}”的模型。请给出文件夹，或以下名称之一：{known}。",
        "No model named '{name}' lies on this computer. Give a folder, or one of these names: {known}.",
    ),
    foreign_missing=Text("{path} 里没有 {file}。", "There is no {file} in {path}."),
    foreign_no_tokenizer=Text(
        "{path} 里没有可用的分词器：{problem}。", "{path} holds no tokenizer that can be read: {problem}."
    ),
    # what is refused
    foreign_pickle=Text(
        "{path} 里的权重是 pickle 格式（{file}），打开它可能会执行代码。请另存为 safetensors。",
        "{path} holds weights as pickle ({file}), and opening them could run code. Save them as safetensors.",
    ),
    foreign_code=Text(
        "{file} 要求运行模型自带的代码（{name}）。自带代码的模型不会打开。",
        "{file} asks for code of its own ({name}). Models that bring code are not opened.",
    ),
    foreign_quantized=Text(
        "{file} 说权重是量化过的；请用未量化的权重，或 GGUF 文件。",
        "{file} says that the weights are quantized; use plain weights, or a GGUF file.",
    ),
    foreign_json=Text("{file} 读不懂，它应是一个 JSON 对象：{problem}。", "{file} is no JSON object: {problem}."),
    foreign_config=Text("模型的 config.json 不能用：{problem}。", "The model's config.json cannot be used: {problem}."),
    foreign_architecture=Text(
        "已安装的 transformers {version} 不认识“{name}”这类模型。",
        "The installed transformers {version} does not know models of the kind '{name}'.",
    ),
    foreign_limit=Text(
        "{file} 里的 {name} 是 {given}；最多能打开 {limit}。",
        "In {file}, {name} is {given}; at most {limit} is opened.",
    ),
    foreign_header=Text("{file} 的文件头损坏：{problem}。", "The header of {file} is damaged: {problem}."),
    foreign_tensor_missing=Text(
        "权重与模型不符：缺少 {count} 个张量，例如 {name}。",
        "The weights do not fit the model: {count} tensors are missing, for example {name}.",
    ),
    foreign_shape=Text(
        "权重与模型不符：{name} 的形状是 {given}，模型需要 {needed}。",
        "The weights do not fit the model: {name} has shape {given}, the model needs {needed}.",
    ),
    foreign_memory=Text(
        "这个模型需要 {needed} 内存，现在只有 {free} 可用。请关闭其他程序，或打开小一些的模型。",
        "The model takes {needed} of memory; {free} are free. Close other programs, or open a smaller model.",
    ),
    foreign_load=Text("这个模型打不开：{problem}。", "The model cannot be opened: {problem}."),
    # zip files and GGUF
    foreign_zip=Text(
        "上传的文件不是 zip，或已损坏：{problem}。", "The uploaded file is no zip file, or it is damaged: {problem}."
    ),
    foreign_zip_path=Text(
        "不打开这个 zip 文件：{name} 指向压缩包之外。", "The zip file is not opened: {name} points outside of it."
    ),
    foreign_zip_large=Text(
        "不打开这个 zip 文件：{what}是 {given}，最多 {limit}。",
        "The zip file is not opened: {what} is {given}, at most {limit} is allowed.",
    ),
    foreign_gguf=Text("{file} 无法转换：{problem}。", "{file} cannot be converted: {problem}."),
    # what a model cannot do
    foreign_no_attention=Text(
        "{name} 的注意力无法观察：{problem}。", "The attention of {name} cannot be watched: {problem}."
    ),
    foreign_maps_only=Text(
        "{name} 只能显示注意力图：它的掩码和注意力头不能改动。",
        "{name} shows its maps only: its masks and heads cannot be changed.",
    ),
    foreign_no_text=Text("{name} 不读文本，这一页无法使用。", "{name} reads no text; this page has no use for it."),
    foreign_sound=Text(
        "{name} 听的是声音，页面上没有地方放声音；程序里可以用 attnviz.load 打开它，把声音的特征交给它。",
        "{name} reads sound, and no page has a field for that; a program can open it with attnviz.load and hand it the "
        "features of a sound.",
    ),
    foreign_tuning_memory=Text(
        "这样训练 {name} 大约需要 {needed} 内存，现在只有 {free} 可用。用 LoRA，或换小一些的模型。",
        "Training {name} this way would take about {needed} of memory; {free} are free. Use LoRA, or a smaller model.",
    ),
    foreign_no_tuning=Text(
        "{name} 没有能与目标比较的输出，不能在这里微调。",
        "{name} says nothing that could be compared with targets; it cannot be tuned here.",
    ),
    foreign_tuning_ended=Text(
        "“{name}”的微调中途停了，详情在 {log}。", "The tuning of '{name}' ended half way; {log} has the details."
    ),
    foreign_chat=Text(
        "这个模型的对话模板用不了（{problem}），句子按原样读入。",
        "The model's chat template cannot be used ({problem}); the text is read as it stands.",
    ),
    foreign_too_long=Text(
        "文本有 {given} 个词元，{name} 最多容纳 {limit} 个。",
        "The text has {given} tokens; {name} has room for {limit}.",
    ),
)
# Details that have words of their own.
WORDS = table(
    problem_no_maps=Text("它不给出注意力图", "it hands out no maps"),
    problem_not_square=Text("它的图不是“查询 × 键”", "its maps are not queries by keys"),
    problem_other_numbers=Text("要它给出注意力图时，结果就变了", "asked for its maps, it computes something else"),
    problem_not_an_object=Text("里面是别的东西", "it holds something else"),
    problem_no_architecture=Text("没有写明是哪一类模型", "it names no kind of model"),
    problem_too_short=Text("文件太短", "the file is too short"),
    problem_overlap=Text("张量的位置有重叠或空缺", "tensors overlap or leave gaps"),
    problem_size=Text("文件大小与文件头不符", "the file has another size than it says"),
    what_entries=Text("文件数", "the number of files"),
    what_bytes=Text("解压后的字节数", "the number of unpacked bytes"),
)
