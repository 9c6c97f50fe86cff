"""Readings that the HSK sentences give wrongly, put right by hand.

The corpus was read by machine, and its mistakes are systematic: 到了 as dào liǎo, 很长 as hěn zhǎng.
Each entry says how these characters are read wherever they stand in the corpus; the longest entry wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

_READINGS = """
到了 dào le
得出了 dé chū le
述了 shù le
明了自己 míng le zì jǐ
花都 huā dōu
全国都 quán guó dōu
他都会 tā dōu huì
路长五 lù cháng wǔ
又长 yòu cháng
很长 hěn cháng
太长 tài cháng
最长的 zuì cháng de
任所长 rèn suǒ zhǎng
长得矮 zhǎng de ǎi
中的形象 zhōng de xíng xiàng
美的 měi de
项目的 xiàng mù de
优质的 yōu zhì de
面的原因 miàn de yuán yīn
指着 zhǐ zhe
种着 zhòng zhe
穿着 chuān zhe
吸着 xī zhe
蒙着 méng zhe
示着 shì zhe
开得太 kāi de tài
说得 shuō de
气得 qì de
伤得 shāng de
伤心得 shāng xīn de
生长得 shēng zhǎng de
高兴得 gāo xìng de
便宜得 pián yi de
减得 jiǎn de
美得 měi de
愁得 chóu de
过得快 guò de kuài
吃得过 chī de guò
涨得 zhàng de
声地喊 shēng de hǎn
观地判 guān de pàn
乐地成 lè de chéng
慢地开 màn de kāi
默地工 mò de gōng
伤地摇 shāng de yáo
豫地答 yù de dā
烦地等 fán de děng
停地运 tíng de yùn
悄地走 qiāo de zǒu
偷地看 tōu de kàn
奈地笑 nài de xiào
应地调 yìng de tiáo
为人权 wèi rén quán
选为 xuǎn wéi
拔为 bá wéi
请为 qǐng wéi
脑中了 nǎo zhòng le
这只虎 zhè zhī hǔ
数一数 shǔ yī shǔ
教我们 jiāo wǒ men
教书 jiāo shū
教学工 jiào xué gōng
结果 jié guǒ
结果实 jiē guǒ shí
结满 jiē mǎn
好处 hǎo chù
好处理 hǎo chǔ lǐ
处处 chù chù
重点 zhòng diǎn
便宜 pián yi
下载 xià zài
解决 jiě jué
叶落 yè luò
心脏病 xīn zàng bìng
当时 dāng shí
也很好学 yě hěn hào xué
被看好 bèi kàn hǎo
倒车 dào chē
参加 cān jiā
参赛 cān sài
参观 cān guān
一卷 yī juǎn
劲儿 jìn r
暖和力 nuǎn hé lì
挣了 zhèng le
板铺 bǎn pū
他吐了 tā tù le
系鞋 jì xié
系牢 jì láo
炸了土 zhá le tǔ
"""


@lru_cache(maxsize=1)
def corrections() -> dict[str, tuple[str, ...]]:
    """Characters → their syllables."""
    lines = [line.split() for line in _READINGS.split("\n") if line]
    return {characters: tuple(syllables) for characters, *syllables in lines}


def corrected(characters: Sequence[str], syllables: Sequence[str]) -> tuple[str, ...]:
    """The syllables of a sentence with the corrections made."""
    text, found = "".join(characters), list(syllables)
    i = 0
    while i < len(text):
        here = [known for known in corrections() if text.startswith(known, i)]
        if here:
            longest = max(here, key=len)
            found[i : i + len(longest)] = corrections()[longest]
        i += 1
    return tuple(found)
