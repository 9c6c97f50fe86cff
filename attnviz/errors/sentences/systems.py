"""What can be wrong with compressing a model, and with pictures and graphs."""

from attnviz.language import Text, table

TEXTS = table(
    compress_every_head=Text(
        "这样模型的 {heads} 个头就一个也不剩了；至少要留一个。",
        "None of the model's {heads} heads would be left; at least one must stay.",
    ),
    compress_head=Text(
        "模型在 {site} 没有第 {head} 个头（从 0 数起）。它有：{known}。",
        "The model has no head {head} (counting from 0) at {site}. It has: {known}.",
    ),
    compress_twice=Text(
        "模型 {name} 已经量化过了；再量化一次什么也省不下。",
        "The model {name} is quantized already; doing it again saves nothing.",
    ),
    field_example=Text(
        "没有测试例 {given}；可以写 #0 到 #{most}。", "There is no test example {given}; #0 to #{most} can be written."
    ),
    picture_numbers=Text(
        "一幅图是 {need} 个 0 到 {most} 的整数，用空格隔开。",
        "A picture is {need} whole numbers from 0 to {most}, divided by blanks.",
    ),
    pictures_zip=Text("这不是能打开的压缩包（zip）。", "This is no zip that can be opened."),
    pictures_folder=Text("没有这个文件夹或文件：{path}。", "There is no such folder or file: {path}."),
    one_class=Text(
        "只有一类图片（{given}）；至少要有两类，每一类一个文件夹。",
        "There is only one class of pictures ({given}); at least two are needed, a folder for each.",
    ),
    too_many_classes=Text(
        "有 {given} 类图片，最多能分 {limit} 类。", "There are {given} classes; at most {limit} can be told apart."
    ),
    too_few_pictures=Text(
        "只有 {given} 张不同的图片，至少需要 {need} 张。",
        "There are {given} different pictures; at least {need} are needed.",
    ),
    too_many_pictures=Text(
        "有 {given} 个文件，最多 {limit} 个。", "There are {given} files; at most {limit} are read."
    ),
    picture_unreadable=Text(
        "{name} 不是能读的图片（PNG、JPEG、BMP、GIF、WebP）。",
        "{name} is no picture that can be read (PNG, JPEG, BMP, GIF, WebP).",
    ),
    picture_huge=Text(
        "图片 {name} 太大（{size}）；最多 {limit} 百万像素。",
        "The picture {name} is too large ({size}); at most {limit} million pixels are read.",
    ),
    picture_bytes=Text("图片文件 {name} 超过 {limit} MiB。", "The picture file {name} is larger than {limit} MiB."),
    pictures_bytes=Text(
        "这些图片加起来超过 {limit} MiB；请少放一些，或先缩小。",
        "Together the pictures are larger than {limit} MiB; use fewer, or make them smaller first.",
    ),
    pictures_left_out=Text(
        "有 {count} 个文件读不出，没有用，例如 {shown}。",
        "{count} files could not be read and were left out, such as {shown}.",
    ),
    graph_nodes=Text(
        "{given} 不是节点数；可以是 1 到 {most}。", "{given} is no number of nodes; 1 to {most} are possible."
    ),
    graph_edge=Text(
        "{given} 不是一条边；边写作 0-1，两端不同，节点是 0 到 {most}。",
        "{given} is no edge; an edge is written 0-1, with different ends, and nodes are 0 to {most}.",
    ),
    graph_no_edges=Text(
        "这个图没有边，谁也看不见谁；请至少写一条边，例如 0-1。",
        "This graph has no edges, so nobody sees anybody; write at least one, such as 0-1.",
    ),
)
