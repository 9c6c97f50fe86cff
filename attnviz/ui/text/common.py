"""What every page says: frame, sidebar, notices about the address, and the last resort."""

from attnviz.ui.text import Text, table

TEXTS = table(
    # sidebar
    tagline=Text("注意力实验室", "attention lab"),
    section_look=Text("看 LOOK", "看 LOOK"),
    section_train=Text("训 TRAIN", "训 TRAIN"),
    section_prove=Text("证 PROVE", "证 PROVE"),
    language=Text("语言 Language", "Language 语言"),
    device=Text("计算设备：{name}", "Runs on {name}"),
    device_cpu=Text("CPU · {threads} 线程", "CPU · {threads} threads"),
    offline=Text("离线可用，数据不离开本机", "Works offline; nothing leaves this machine"),
    version=Text("版本 {version}", "Version {version}"),
    # strip
    model=Text("模型", "Model"),
    share=Text("分享", "Share"),
    share_help=Text(
        "复制本页链接：含模型、例句、层、头和语言，不含您输入的文字",
        "Copy a link to this page: model, example, layer, head and language, never what you typed",
    ),
    share_done=Text("链接已复制", "Link copied"),
    share_failed=Text("请按 Ctrl+C 复制", "Press Ctrl+C to copy"),
    data=Text("数据", "Data"),
    licence=Text("许可", "Licence"),
    synthetic=Text("生成的数据", "generated data"),
    loading=Text("正在载入模型…", "Loading the model…"),
    # address
    url_model=Text(
        "链接里的模型“{value}”不存在，已改用“{used}”。",
        "There is no model “{value}” as the link says; “{used}” is shown.",
    ),
    url_number=Text(
        "链接里的 {name}=“{value}”不是从 1 开始的编号，已忽略。",
        "{name}=“{value}” in the link is not a number counted from 1; it was ignored.",
    ),
    url_beyond=Text(
        "链接里的 {name}={value} 超出范围（共 {count}），已改用 1。",
        "{name}={value} in the link is out of range (there are {count}); 1 is used.",
    ),
    url_kind=Text(
        "链接里的注意力种类“{value}”这里没有，已忽略。",
        "There is no kind of attention “{value}” here as the link says; it was ignored.",
    ),
    url_language=Text(
        "链接里的语言“{value}”没有，可用 zh 和 en。",
        "There is no language “{value}” as the link says; there are zh and en.",
    ),
    # last resort
    failed=Text(
        "这一步没有成功。您的输入没有丢失；换一个模型或句子可以继续。详情写在程序日志里。",
        "This step failed. Nothing you typed is lost; go on with another model or sentence. The log has the details.",
    ),
)
