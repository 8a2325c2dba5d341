"""The words of boards, calendars, galleries, time lines and trees, in Chinese and English, by key."""

from __future__ import annotations

BOARD_WORDS: dict[str, tuple[str, str]] = {
    "as.show": ("显示为", "Show as"),
    "as.table": ("表格", "Table"),
    "as.kanban": ("看板", "Board"),
    "as.calendar": ("日历", "Calendar"),
    "as.gallery": ("卡片", "Gallery"),
    "as.timeline": ("时间线", "Timeline"),
    "as.tree": ("树", "Tree"),
    # --- boards ---------------------------------------------------------------------------------------------
    "board.by": ("按{field}", "By {field}"),
    "board.more_lanes": (
        "只显示最多的 {n} 列，用筛选缩小范围。",
        "Only the {n} fullest lanes are shown; filter to see others.",
    ),
    "board.no_way": ("没有这条路径，可以转到：{ways}", "There is no such way; open ones: {ways}"),
    "board.no_way_on": ("从这里不再转到别处", "Nothing leads on from here"),
    "board.only": ("只有{roles}可以这样做", "Only {roles} may do this"),
    "board.not_yours": ("你不能修改{field}", "You cannot change {field}"),
    "board.needs_value": ("{field}不能为空", "{field} cannot be empty"),
    "board.empty_lane": ("这一列还没有卡片", "No cards in this lane"),
    "board.move": ("移到…", "Move to…"),
    "board.move_card": ("移动{name}", "Move {name}"),
    "board.here": ("现在在这里", "It is here now"),
    "board.new": ("在「{lane}」新建", "New in “{lane}”"),
    "board.refused": ("暂不能移到{lane}", "Cannot be moved to {lane}"),
    "board.unmet": ("条件未满足", "Its condition is not met"),
    "board.moved": ("已把{name}移到{lane}", "Moved {name} to {lane}"),
    "board.back": ("{name}回到{lane}", "{name} is back in {lane}"),
    "board.ask": ("移到{lane}前先填写", "Fill in before moving to {lane}"),
    "board.ask_reason": ("要移到{lane}，需要说明原因", "Moving to {lane} asks for a reason"),
    "board.confirm": ("移过去", "Move"),
    "board.lifted": (
        "拿起了{name}，在{lane}。按左右方向键换列，空格放下，Esc 取消。",
        "Lifted {name} in {lane}. Left and right choose a lane, Space drops, Esc cancels.",
    ),
    "board.over": ("{lane}，按空格放下", "{lane}; Space drops it here"),
    "board.over_shut": ("{lane}，不能放在这里：{why}", "{lane}: cannot be dropped here. {why}"),
    "board.cancelled": ("{name}留在{lane}", "{name} stays in {lane}"),
    "board.drop_here": ("放到{lane}", "Drop in {lane}"),
    "card.late": ("逾期 {n} 天", "{n} days late"),
}
