"""The page Graphs."""

from attnviz.language import Text, table
from attnviz.ui.text.fields import TEXTS as BOTH

TEXTS = table(
    **BOTH,
    title=Text("图结构", "Graphs"),
    question=Text("注意力只能沿着边走，会怎样？", "What if attention can only go along edges?"),
    hint=Text(
        "Graph Transformer：邻接矩阵就是掩码。剪掉一条边，看回答怎么变",
        "Graph Transformer: the adjacency matrix is the mask. Cut an edge and see",
    ),
    model_graph_connected=Text("图连通吗", "Is it connected?"),
    model_karate_club=Text("空手道俱乐部", "Karate club"),
    task_graph_connected=Text("图连通吗", "Is it connected?"),
    task_karate_club=Text("空手道俱乐部", "Karate club"),
    title_graph=Text("第 {number} 个图和它的邻接矩阵", "Graph {number} and its adjacency matrix"),
    node=Text("节点 {node}", "node {node}"),
    board_hint=Text(
        "点一条边剪掉它；从节点拖到节点连一条；点节点选谁在看。矩阵里点格子也行。",
        "Click an edge to cut it; drag from node to node to join them; click a node to choose who looks. Cells of the "
        "matrix work too.",
    ),
    board_changed=Text(
        "虚线是剪掉的边，它的权重是 0；新连的边颜色不同。再点一次还原。",
        "A dashed edge is cut, its weight is 0; one that was joined stands out. Click again to take it back.",
    ),
    tip_there=Text(
        "边 {one}–{other}：{one} 看 {other} {there}，{other} 看 {one} {back}；点一下剪掉",
        "Edge {one}–{other}: {one} looks at {other} {there}, {other} at {one} {back}; click to cut",
    ),
    tip_cut=Text("{one}–{other} 已剪掉：权重 {there} 和 {back}", "{one}–{other} is cut: weights {there} and {back}"),
    tip_joined=Text(
        "新边 {one}–{other}：{there} 和 {back}；点一下取消", "New edge {one}–{other}: {there} and {back}; click to undo"
    ),
    tip_blocked=Text(
        "没有边：{query} 看不见 {key}，权重是 {weight}", "No edge: {query} cannot see {key}, its weight is {weight}"
    ),
    fact_non_edges=Text(
        "没有边的地方，所有头的最大权重：{weight}", "The largest weight where there is no edge, of any head: {weight}"
    ),
    fact_edges=Text("{nodes} 个节点，{edges} 条边", "{nodes} nodes, {edges} edges"),
    fact_members=Text(
        "没教过的 {count} 个成员里，说对 {right} 个", "Of {count} members it was never told about, {right} are right"
    ),
    no_edges=Text(
        "图里一条边也没有了：每个节点只看得见自己（权重 1），只有 CLS 还看得见大家。",
        "No edge is left: every node sees only itself (weight 1); CLS alone still sees them all.",
    ),
    # the claim
    claim_flips=Text(
        "这个图“{label}”（{before}）；剪掉一条边 {one}–{other}，模型就改口说“{instead}”（“{label}”只剩 {after}）。",
        'This graph is "{label}" ({before}). Cut one edge, {one}–{other}, and the model says "{instead}" ("{label}" is '
        "left with {after}).",
    ),
    claim_falls=Text(
        "最要紧的边是 {one}–{other}：剪掉它，“{label}”的概率 {before} → {after}。",
        'The edge that matters most is {one}–{other}: without it "{label}" falls from {before} to {after}.',
    ),
    claim_none=Text(
        "剪掉任何一条边，模型都还说“{label}”（{before} → 至少 {after}）。",
        'Whichever edge is cut, the model still says "{label}" (from {before} to {after} at worst).',
    ),
    claim_try=Text("剪掉它 ▸", "Cut it ▸"),
    claim_tried=Text(
        "{one}–{other} 剪掉了，它的权重处处是 0；“{label}”{before} → {now}，模型说“{said}”。",
        '{one}–{other} is cut and its weight is 0 everywhere; "{label}" went from {before} to {now}, and it says '
        '"{said}".',
    ),
    claim_add_flips=Text(
        "这个图“{label}”（{before}）；连一条边 {one}–{other}，模型就改口说“{instead}”（“{label}”只剩 {after}）。",
        'This graph is "{label}" ({before}). Join {one} and {other}, and the model says "{instead}" ("{label}" is left '
        "with {after}).",
    ),
    claim_add_falls=Text(
        "最要紧的是 {one}–{other}：连上它，“{label}”的概率 {before} → {after}。",
        'Joining {one} and {other} matters most: "{label}" falls from {before} to {after}.',
    ),
    claim_add_none=Text(
        "只连一条边，模型都还说“{label}”（{before} → 至少 {after}）。",
        'Whichever edge is joined, the model still says "{label}" (from {before} to {after} at worst).',
    ),
    claim_add_try=Text("连上它 ▸", "Join them ▸"),
    claim_add_tried=Text(
        "{one}–{other} 连上了；“{label}”{before} → {now}，模型说“{said}”。",
        '{one} and {other} are joined; "{label}" went from {before} to {now}, and it says "{said}".',
    ),
    claim_nodes_flips=Text(
        "只剪一条边 {one}–{other}，成员 {node} 就从“{label}”（{before}）变成“{instead}”（“{label}”只剩 {after}）。",
        'Cut one edge, {one}–{other}, and member {node} goes from "{label}" ({before}) to "{instead}" ("{label}" is '
        "left with {after}).",
    ),
    claim_nodes_falls=Text(
        "最要紧的边是 {one}–{other}：剪掉它，成员 {node} 的“{label}” {before} → {after}。",
        'The edge that matters most is {one}–{other}: without it "{label}" of member {node} falls from {before} to '
        "{after}.",
    ),
    claim_nodes_none=Text(
        "剪掉任何一条边，没有哪个成员换边：最多是 {node}，{before} → {after}。",
        "Whichever edge is cut, nobody changes sides: at most member {node} goes from {before} to {after}.",
    ),
    claim_nodes_tried=Text(
        "{one}–{other} 剪掉了：成员 {node} 的“{label}” {before} → {now}，现在“{said}”。",
        '{one}–{other} is cut: "{label}" of member {node} went from {before} to {now}; it is now "{said}".',
    ),
    # a graph of one's own
    own=Text("我的图…", "My graph…"),
    own_field=Text("节点数，再写边", "Number of nodes, then edges"),
    own_help=Text(
        "例如 5 0-1 1-2 3-4：五个节点、三条边，最多七个节点",
        "Such as 5 0-1 1-2 3-4: five nodes, three edges; at most seven nodes",
    ),
)
