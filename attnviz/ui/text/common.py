"""What every page says: frame, sidebar, notices about the address, and the last resort."""

from attnviz.language import Text, table

TEXTS = table(
    # sidebar
    tagline=Text("注意力实验室", "attention lab"),
    section_look=Text("看", "Look"),
    section_train=Text("训", "Train"),
    section_prove=Text("证", "Prove"),
    language=Text("语言 Language", "Language 语言"),
    device=Text("计算设备：{name}", "Runs on {name}"),
    device_cpu=Text("CPU，{threads} 核", "CPU, {threads} cores"),
    device_cpu_one=Text("CPU，1 核", "CPU, 1 core"),
    offline=Text("离线可用，数据不离开本机", "Works offline; nothing leaves this machine"),
    version=Text("版本 {version}", "Version {version}"),
    # strip
    model=Text("模型", "Model"),
    present=Text("演示", "Present"),
    present_end=Text("结束演示", "End"),
    present_help=Text(
        "大字、只留本页（按 P）；演示时按 F，指着的画面占满屏幕",
        "Large type and this page only (key P); while presenting, F puts the panel you point at on the whole screen",
    ),
    share=Text("分享", "Share"),
    share_help=Text(
        "复制本页链接：含模型、例句、层、头和关掉的头，不含您输入的文字；按住 Shift 点选连语言一起复制",
        "Copy a link to this page: model, example, layer, heads that are off, never what you typed; with Shift the "
        "language too",
    ),
    share_done=Text("已复制（不含您输入的文字）", "Copied, without what you typed"),
    share_failed=Text("请按 Ctrl+C 复制", "Press Ctrl+C to copy"),
    data=Text("模型与数据 Data", "Model and data"),
    licence=Text("许可", "Licence"),
    data_source=Text("来源：{source} · 许可：{licence}", "Source: {source} · licence: {licence}"),
    synthetic=Text("（程序生成，非真实语料）", " (synthetic, not a corpus)"),
    loading=Text("正在载入模型…", "Loading the model…"),
    # models
    open_model=Text("打开模型…", "Open a model…"),
    open_model_help=Text(
        "本机上的 Hugging Face 模型：文件夹、GGUF 或 zip 文件、缓存里的名称或已安装的包；不下载任何东西",
        "A Hugging Face model on this computer: a folder, a GGUF or zip file, a cached name or an installed package; "
        "nothing is downloaded",
    ),
    open_model_field=Text("文件夹或名称", "Folder or name"),
    open_model_extra=Text(
        "先安装：pip install 'attnviz[hf]'，再重新启动。", "Install first: pip install 'attnviz[hf]', then start again."
    ),
    open_able=Text("打开能做到的模型：{name}", "Open one that can: {name}"),
    real_heads=Text("真实的头：{query} → {seen}", "Real heads: {query} → {seen}"),
    real_heads_help=Text(
        "打开已安装的 MiniLM（6 层 × 12 头，BERT 的真实权重），看哪个头从“it”指向“animal”",
        "Opens the installed MiniLM (6 layers × 12 heads of real BERT weights) at the head that looks from 'it' to "
        "'animal'",
    ),
    open_model_found=Text("这台电脑上的模型", "Models on this computer"),
    open_model_pick=Text("选一个…", "Pick one…"),
    open_model_zip=Text(
        "上传 zip：safetensors、config.json 和分词器", "Upload a zip: safetensors, config.json, tokenizer"
    ),
    does_not_fit=Text("内存放不下", "does not fit into memory"),
    looking_at_model=Text("先查看，不执行其中任何代码…", "Looking first; nothing in it is run …"),
    opening_model=Text("正在打开 {name}{facts}…", "Opening {name}{facts} …"),
    opening_facts=Text(
        "：{kind}，{size}，占内存 {memory}，现有空闲 {free}",
        ": {kind}, {size}; takes {memory} of memory, {free} are free",
    ),
    size_opened=Text("{kind}，{parameters} 个参数，{size}", "{kind}, {parameters} parameters, {size}"),
    heads_groups=Text(
        "{layers} 层 × {heads} 头（{groups} 组键值）", "{layers} layers × {heads} heads ({groups} key/value groups)"
    ),
    layers_without_map=Text("{count} 层没有注意力图", "{count} layers have no map"),
    maps_only=Text("只有注意力图", "maps only"),
    not_stated=Text("未注明", "not stated"),
    from_elsewhere=Text("这台电脑上的模型", "A model on this computer"),
    depth_both=Text("编码器 {encoder} 层 + 解码器 {decoder} 层", "encoder {encoder} + decoder {decoder} layers"),
    depth_no_encoder=Text("无编码器层 + 解码器 {decoder} 层", "encoder 0 + decoder {decoder} layers"),
    depth_decoder=Text("解码器 {decoder} 层", "{decoder} decoder layers"),
    depth_encoder=Text("编码器 {encoder} 层", "{encoder} encoder layers"),
    model_unreadable=Text("⚠ {name}（读不出来）", "⚠ {name} (cannot be read)"),
    model_failed=Text(
        "模型“{name}”打不开：{why} 请换一个模型。", "The model '{name}' cannot be opened: {why} Pick another one."
    ),
    no_models=Text(
        "没有找到任何模型：assets/checkpoints 是空的。用 attnviz train 可以再训练一个。",
        "No model was found: assets/checkpoints is empty. `attnviz train` makes one.",
    ),
    heads=Text("{layers} 层 × {heads} 头", "{layers} layers × {heads} heads"),
    size=Text("{parameters} 个参数，训练 {minutes} 分钟", "{parameters} parameters, trained for {minutes} minutes"),
    # sentence
    sentence=Text("句子", "Sentence"),
    sentence_placeholder=Text("输入一句话，按 Enter", "Type a sentence, press Enter"),
    examples=Text("例句", "Examples"),
    own=Text("自己的", "Your own"),
    own_help=Text("长文本，或自己的文件", "A long text, or a file of your own"),
    own_text=Text("长文本（最多 {limit} 个词元）", "A longer text (up to {limit} tokens)"),
    own_file=Text(
        "文件：.txt 每行一句；.csv 两列：句子、参考答案",
        "File: .txt, one sentence a line; .csv: sentence, reference",
    ),
    upload=Text("选择文件", "Choose a file"),
    own_pick=Text("文件里的句子", "Sentences of the file"),
    own_none=Text("选一句…", "Pick one…"),
    own_read=Text("读到 {count} 句。", "{count} sentences were read."),
    own_only_first=Text("列表只显示前 {count} 句。", "The list shows the first {count}."),
    unknown=Text(
        "模型没见过 {tokens}，记作 <unk>，图中有标记。",
        "The model has never seen {tokens}: read as <unk>, and marked in the picture.",
    ),
    longer=Text(
        "句子有 {given} 个词元，训练时最长 {trained} 个：结果可能不可靠。",
        "{given} tokens; the longest in training had {trained}: the result may be unreliable.",
    ),
    # address
    url_model=Text(
        "链接里的模型“{value}”不存在，已改用“{used}”。",
        "There is no model '{value}' as the link says; '{used}' is shown.",
    ),
    url_number=Text(
        "链接里的 {name}=“{value}”不是从 1 开始的编号，已忽略。",
        "{name}='{value}' in the link is not a number counted from 1; it was ignored.",
    ),
    url_beyond=Text(
        "链接里的 {name}={value} 超出范围（共 {count}），已改用 1。",
        "{name}={value} in the link is out of range (there are {count}); 1 is used.",
    ),
    url_kind=Text(
        "链接里的注意力种类“{value}”这里没有，已忽略。",
        "There is no kind of attention '{value}' here as the link says; it was ignored.",
    ),
    url_language=Text(
        "链接里的语言“{value}”没有，可用 zh 和 en。",
        "There is no language '{value}' as the link says; there are zh and en.",
    ),
    # last resort
    failed=Text(
        "这一步没有成功。您的输入没有丢失；换一个模型或句子可以继续。详情写在程序日志里。",
        "This step failed. Nothing you typed is lost; go on with another model or sentence. The log has the details.",
    ),
)
