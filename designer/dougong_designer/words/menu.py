"""Words of the menu by drag."""

from __future__ import annotations

MENU_WORDS: dict[str, tuple[str, str]] = {
    "menu.title": ("菜单", "Menu"),
    "menu.hint": (
        "拖动条目和分组；Alt ↑↓ 移动，Del 移除",
        "Drag items and groups; Alt ↑↓ moves, Del takes out",
    ),
    "menu.new_group": ("新建分组", "New group"),
    "menu.nameless": ("未命名", "Without a name"),
    "menu.left": ("还没放进菜单", "Not in the menu yet"),
    "menu.all_there": ("都在菜单里了。", "All is in the menu."),
    "menu.find": ("查找", "Find"),
    "menu.drop": ("把条目拖到这里", "Drag items here"),
    "menu.none": (
        "还没有菜单，侧栏会列出所有实体。",
        "There is no menu yet; the sidebar lists all entities.",
    ),
    "menu.as": ("各角色看到的侧栏", "The sidebar as a role sees it"),
    "menu.no_sidebar": (
        "草稿还有错误，改好后才能看到侧栏。",
        "The draft has problems; mend them to see the sidebar.",
    ),
    "menu.sees_nothing": ("这个角色什么也看不到。", "This role sees nothing here."),
    "menu.icons": ("图标", "Icons"),
    "menu.up": ("上移", "Up"),
    "menu.down": ("下移", "Down"),
    "menu.to_new": ("放到新分组", "Put into a new group"),
    "menu.take_group": ("移除分组", "Take the group out"),
    "menu.label_hint": ("不填就用它自己的名称。", "Left out, its own name stands."),
    "menu.choose": ("选一个分组或条目来修改。", "Choose a group or an item to change it."),
    "menu.view": ("视图", "View"),
    "menu.page": ("页面", "Page"),
    "menu.dashboard": ("仪表盘", "Dashboard"),
    "menu.report": ("报表", "Report"),
    "menu.form": ("表单", "Form"),
    "menu.views": ("视图", "Views"),
    "menu.pages": ("页面", "Pages"),
    "menu.dashboards": ("仪表盘", "Dashboards"),
    "menu.reports": ("报表", "Reports"),
    "menu.forms": ("表单（新建）", "Forms (to create)"),
}
