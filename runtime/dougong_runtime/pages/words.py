"""The platform's own words in Chinese and English, by key. Documents carry their own labels.

Wording follows the design guide: plain, short, 你, sentence case, no "please" and no "successfully".
"""

from __future__ import annotations

from collections.abc import Mapping

from dougong_runtime.labels import Label, Language
from dougong_runtime.pages.words_admin import ADMIN_WORDS
from dougong_runtime.pages.words_audit import AUDIT_WORDS
from dougong_runtime.pages.words_boards import BOARD_WORDS
from dougong_runtime.pages.words_bulk import BULK_WORDS
from dougong_runtime.pages.words_files import FILE_WORDS
from dougong_runtime.pages.words_finding import FINDING_WORDS
from dougong_runtime.pages.words_forms import FORM_WORDS
from dougong_runtime.pages.words_lists import LIST_WORDS
from dougong_runtime.pages.words_record import RECORD_WORDS
from dougong_runtime.pages.words_roles import ROLE_WORDS
from dougong_runtime.pages.words_settings import SETTINGS_WORDS
from dougong_runtime.pages.words_storage import STORAGE_WORDS
from dougong_runtime.pages.words_talk import TALK_WORDS

PAGE_WORDS: dict[str, tuple[str, str]] = {
    "product": ("斗拱", "Dougong"),
    "skip": ("跳到正文", "Skip to content"),
    "back": ("返回", "Back"),
    "close": ("关闭", "Close"),
    "save": ("保存", "Save"),
    "undo": ("撤销", "Undo"),
    "language.other": ("English", "中文"),
    "theme.auto": ("跟随系统", "Follow the system"),
    "theme.light": ("浅色", "Light"),
    "theme.dark": ("深色", "Dark"),
    "density.standard": ("标准", "Standard"),
    "density.compact": ("紧凑", "Compact"),
    "density.roomy": ("宽松", "Roomy"),
    "keys.on": ("开", "On"),
    "keys.off": ("关", "Off"),
    # --- days -----------------------------------------------------------------------------------------------
    "day.today": ("今天", "Today"),
    "day.yesterday": ("昨天", "Yesterday"),
    "day.tomorrow": ("明天", "Tomorrow"),
    "day.week": ("7 天后", "In 7 days"),
    "day.month_end": ("月底", "End of the month"),
    "hello.morning": ("早上好，{name}", "Good morning, {name}"),
    "hello.afternoon": ("下午好，{name}", "Good afternoon, {name}"),
    "hello.evening": ("晚上好，{name}", "Good evening, {name}"),
    # --- navigation -----------------------------------------------------------------------------------------
    "nav.main": ("主导航", "Main"),
    "nav.dock": ("底部导航", "Sections"),
    "nav.place": ("位置", "Breadcrumb"),
    "nav.switch": ("切换应用", "Switch app"),
    "nav.find": ("搜索或跳转", "Search or jump to"),
    "nav.home": ("首页", "Home"),
    "nav.apps": ("应用", "Apps"),
    "nav.apps_n": ("{n} 个应用", "1 app|{n} apps"),
    "nav.more": ("更多", "More"),
    "nav.me": ("我的账号", "My account"),
    "nav.studio": ("工作室", "Studio"),
    "nav.admin": ("管理", "Administration"),
    "nav.fold": ("收起或展开侧栏", "Fold the sidebar"),
    "nav.sign_out": ("退出登录", "Sign out"),
    "role.admin": ("平台管理员", "Administrator"),
    # --- sign-in --------------------------------------------------------------------------------------------
    "signin.title": ("登录", "Sign in"),
    "signin.lead": ("用公司账号进入", "Use your company account"),
    "signin.code_lead": ("再输入一次性验证码", "One more step: your one-time code"),
    "signin.username": ("账号", "User name"),
    "signin.password": ("密码", "Password"),
    "signin.show": ("显示密码", "Show the password"),
    "signin.submit": ("登录", "Sign in"),
    "signin.code": ("验证码", "Code"),
    "signin.code_hint": (
        "验证器上的 6 位数字，或一个恢复码。",
        "Six digits from your authenticator, or a recovery code.",
    ),
    "signin.continue": ("继续", "Continue"),
    "signin.other": ("换一个账号", "Use another account"),
    "signin.left": ("还可以再试 {n} 次。", "1 try left.|{n} tries left."),
    "signin.left_now": ("你已退出登录。", "You are signed out."),
    "signin.no_admin": (
        "还没有管理员。在服务器上运行 dougong user add admin --role admin，然后在这里登录。",
        "There is no administrator yet. Run dougong user add admin --role admin on the server, then sign in here.",
    ),
    "signin.here": ("部署在本公司服务器", "Runs on your own server"),
    "signin.motto": (
        "不用一钉一铆，层层相扣，托起整座屋顶。",
        "Not a nail in it: bracket on bracket, they carry the roof.",
    ),
    # --- homes ----------------------------------------------------------------------------------------------
    "home.apps_n": ("{n} 个应用", "1 app|{n} apps"),
    "home.mine": ("我的{entity}", "My {entity}"),
    "home.of": ("你可以看到 {n}", "You can see {n}"),
    "home.nothing": ("这里还没有内容", "Nothing here yet"),
    "home.nothing_hint": ("有了属于你的记录，就会列在这里。", "Your own records will be listed here."),
    "page.empty": ("这个页面还没有内容", "This page is empty"),
    # --- lists ----------------------------------------------------------------------------------------------
    "list.views": ("视图", "Views"),
    "list.search": ("在这里搜索", "Search here"),
    "list.trash": ("回收站", "Trash"),
    "list.group": ("分组", "Group"),
    "list.no_group": ("不分组", "No grouping"),
    "list.no_value": ("未填写", "Not filled in"),
    "list.sort": ("排序", "Sort"),
    "list.ascending": ("升序", "ascending"),
    "list.descending": ("降序", "descending"),
    "list.total": ("共", "Total"),
    "list.more": ("继续加载", "Load more"),
    "list.reset": ("恢复视图", "Reset view"),
    "list.show_all": ("显示全部", "Show all"),
    "list.none": ("还没有{entity}", "No {entity} yet"),
    "list.none_hint": ("可以逐个新建，也可以导入。", "Add one, or import a file."),
    "list.no_match": ("没有符合条件的{entity}", "No {entity} match"),
    "list.problem": ("这个列表没有打开", "This list could not be opened"),
    "list.nearest": ("最接近的是 {name}。", "Nearest: {name}."),
    # --- filters --------------------------------------------------------------------------------------------
    "filter.add": ("筛选", "Filter"),
    "filter.edit": ("修改条件", "Change the condition"),
    "filter.remove": ("移除条件：{what}", "Remove filter: {what}"),
    "filter.field": ("字段", "Field"),
    "filter.operator": ("条件", "Condition"),
    "filter.value": ("值", "Value"),
    "filter.apply": ("筛选", "Apply"),
    "filter.formula": ("公式", "Formula"),
    "filter.formula_hint": (
        "写字段名和条件，例如 amount >= 1000 AND owner = USER()。",
        "Field names and conditions, e.g. amount >= 1000 AND owner = USER().",
    ),
    "op.eq": ("是", "is"),
    "op.ne": ("不是", "is not"),
    "op.ge": ("≥", "≥"),
    "op.le": ("≤", "≤"),
    "op.gt": (">", ">"),
    "op.lt": ("<", "<"),
    "op.contains": ("包含", "contains"),
    "op.starts": ("开头是", "starts with"),
    "op.empty": ("未填写", "is empty"),
    "op.filled": ("已填写", "is filled in"),
    "op.yes": ("为是", "is yes"),
    "op.no": ("为否", "is no"),
    "op.mine": ("是我", "is me"),
    "op.me": ("我", "me"),
    "op.in": ("属于", "is one of"),
    "op.notin": ("不属于", "is none of"),
    "op.has": ("含有", "has"),
    "op.hasnt": ("不含", "has no"),
    # --- values ---------------------------------------------------------------------------------------------
    "value.yes": ("是", "Yes"),
    "value.no": ("否", "No"),
    "value.not_yours": ("无权查看", "Not yours to see"),
    "value.rating": ("{got} / {top}", "{got} of {top}"),
    # --- records --------------------------------------------------------------------------------------------
    "record.new": ("新建{entity}", "New {entity}"),
    "record.edit": ("编辑", "Edit"),
    "record.edit_title": ("编辑{name}", "Edit {name}"),
    "record.delete": ("删除", "Delete"),
    "record.more": ("更多操作", "More"),
    "record.overview": ("概览", "Overview"),
    "record.details": ("资料", "Details"),
    "record.more_facts": ("其他", "Other"),
    "record.timeline": ("动态", "Timeline"),
    "record.related": ("相关", "Related"),
    "record.none_related": ("没有相关的记录。", "No related records."),
    "record.history": ("历史", "History"),
    "record.quiet": ("还没有动态", "Nothing has happened yet"),
    "record.as_of": ("回看某日", "As of a day"),
    "record.as_of_day": ("看哪一天的记录", "Show it as it stood on"),
    "record.look": ("回看", "Look back"),
    "record.as_of_title": ("{day}的{name}", "{name} as of {day}"),
    "record.as_of_changed": (
        "此后有 {n} 个字段变过。此页只读。",
        "{n} fields have changed since. This page is read-only.",
    ),
    "record.now": ("回到现在", "Back to now"),
    "record.now_is": ("现为", "now"),
    "related.add": ("添加{entity}", "Add {entity}"),
    "related.all": ("全部", "All"),
    "related.add_only": ("你可以添加，不能查看。", "You can add these, not see them."),
    "related.none": ("暂无", "None"),
    "related.first": ("显示前 {n} 条", "The first {n} are shown"),
    "reveal.button": ("显示{field}，会留下记录", "Reveal {field}; this is logged"),
    "reveal.never": ("你的角色无权查看", "Your role may not see this"),
    "reveal.left": ("{n} 秒后隐藏", "hidden in {n} s"),
    "reveal.logged": ("本次查看已记入审计。", "This look is in the audit."),
    "stage.move": ("转到…", "Move to…"),
    "stage.to": ("转为{stage}", "Move to {stage}"),
    "stage.refused": ("暂不能转为{stage}", "Cannot be moved to {stage} yet"),
    "record.not_deleted": ("不能删除{name}", "{name} cannot be deleted"),
    "stage.has": ("已填写{label}", "{label} is filled in"),
    "stage.fill": ("去填写", "Fill in"),
    "stage.leave": ("知道了", "Leave it"),
    "history.system": ("系统", "The system"),
    "history.create": ("新建了记录", "created it"),
    "history.update": ("修改了", "changed"),
    "history.delete": ("移到了回收站", "moved it to the trash"),
    "history.restore": ("从回收站恢复", "brought it back"),
    "history.reveal": ("查看了隐去的值", "looked at a masked value"),
    "history.share": ("共享了记录", "shared it"),
    "history.unshare": ("结束了共享", "ended a share"),
    "history.export": ("导出了记录", "exported it"),
    "history.import": ("导入了记录", "imported it"),
    "history.erase": ("依法从审计中抹除了值", "erased values from the audit by law"),
    "history.to": ("改为", "to"),
    "history.cleared": ("空", "empty"),
    "history.more": ("另外 {n} 项", "{n} more"),
    "history.via": ("经由 {door}", "by {door}"),
    "door.cli": ("命令行", "command line"),
    "door.import": ("导入", "import"),
    "door.workflow": ("流程", "a workflow"),
    "trash.deleted": ("删除时间", "Deleted"),
    "trash.restore": ("恢复", "Restore"),
    "trash.empty": ("回收站是空的", "The trash is empty"),
    "done.saved": ("已保存", "Saved"),
    "done.created": ("已新建", "Created"),
    "done.deleted": ("已移到回收站", "Moved to the trash"),
    "done.restored": ("已恢复", "Brought back"),
    "done.moved": ("已转到新的阶段", "Moved to the new stage"),
    "done.preferences": ("已按你的偏好显示", "Shown as you prefer"),
    "done.password": (
        "密码已更换，其他设备已退出，令牌已撤销",
        "Password changed; other devices are signed out, tokens are revoked",
    ),
    # --- forms ----------------------------------------------------------------------------------------------
    "form.required": ("必填", "required"),
    "form.none": ("未选择", "None"),
    "form.search": ("输入以搜索", "Type to search"),
    "form.days": ("选择{field}", "Choose {field}"),
    "form.kind": ("{field}的种类", "Kind of {field}"),
    "form.remove": ("移除", "Remove"),
    "form.no_option": ("没有与「{text}」相符的记录", "Nothing matches “{text}”"),
    "form.nothing": ("没有可选的记录", "Nothing to choose from"),
    "form.no_record": (
        "没有找到「{text}」，从列表中选择一个。",
        "“{text}” names no one record. Choose one from the list.",
    ),
    "form.missing": ("还没有填写{label}。", "{label} is needed."),
    "form.errors": ("还有 {n} 处要改", "{n} to put right"),
    "form.warnings": ("有 {n} 处需要说明理由", "{n} to give a reason for"),
    "form.warnings_hint": (
        "写下理由再保存，理由会留在历史里。",
        "Give a reason and save again; it is kept in the history.",
    ),
    "form.reason": ("理由", "Reason"),
    "form.more": ("更多", "More"),
    "form.cancel": ("取消", "Cancel"),
    "form.create": ("新建{entity}", "Create {entity}"),
    "form.keys": ("Ctrl Enter 保存", "Ctrl Enter saves"),
    "form.saving": ("正在保存", "Saving"),
    "form.move": ("填写后转为「{stage}」", "Fill in to move to “{stage}”"),
    "form.move_hint": ("带 * 的字段是这个阶段要求的。", "Fields with * are what that stage asks for."),
    "form.save_move": ("保存并转为{stage}", "Save and move to {stage}"),
    "conflict.title": ("有人同时修改了这条记录", "Somebody else changed this record"),
    "conflict.lead": (
        "不冲突的已合并，下面 {n} 项选一个再保存。",
        "The rest is merged. Choose for these {n} and save again.",
    ),
    "conflict.field": ("字段", "Field"),
    "conflict.theirs": ("对方的", "Theirs"),
    "conflict.ours": ("你的", "Yours"),
    "conflict.drop": ("放弃我的修改", "Drop my changes"),
    # --- search and keys ------------------------------------------------------------------------------------
    "search.title": ("搜索", "Search"),
    "search.hint": ("名字、编号、拼音首字母", "Name, number, initials"),
    "search.results": ("搜索结果", "Results"),
    "search.start": ("搜索你能看到的所有记录", "Search all the records you may see"),
    "search.start_hint": (
        "拼音首字母也可以，例如 zs 找张三。",
        "Initials of pinyin work too: zs finds 张三.",
    ),
    "search.nothing": ("没有找到「{q}」", "Nothing found for “{q}”"),
    "search.nothing_hint": ("换一个词，或少打几个字。", "Try another word, or fewer letters."),
    "search.places": ("前往", "Go to"),
    "search.actions": ("操作", "Actions"),
    "keys.title": ("快捷键", "Keys"),
    "keys.find": ("搜索或跳转", "Search or jump to"),
    "keys.search": ("在此搜索", "Search here"),
    "keys.create": ("新建", "Create"),
    "keys.edit": ("编辑", "Edit"),
    "keys.home": ("首页", "Home"),
    "keys.rows": ("上一行、下一行", "Next and previous row"),
    "keys.open": ("打开", "Open"),
    "keys.select": ("选择", "Select"),
    "keys.tabs": ("切换标签页", "Switch tabs"),
    "keys.save": ("保存表单", "Save a form"),
    "keys.close": ("关闭最里层", "Close the innermost thing"),
    # --- problems -------------------------------------------------------------------------------------------
    "problem.403": ("你无权这样做", "You may not do this"),
    "problem.404": ("没有找到这个页面", "There is nothing here"),
    "problem.429": ("试得太快了", "Too many tries"),
    "problem.other": ("没有做成", "This did not work"),
    "problem.retry": ("重试", "Try again"),
    "problem.home": ("返回首页", "Go home"),
    "problem.code": ("编号", "Code"),
}

_PARTS: tuple[dict[str, tuple[str, str]], ...] = (
    PAGE_WORDS,
    ADMIN_WORDS,
    AUDIT_WORDS,
    BOARD_WORDS,
    BULK_WORDS,
    FILE_WORDS,
    FINDING_WORDS,
    FORM_WORDS,
    SETTINGS_WORDS,
    LIST_WORDS,
    RECORD_WORDS,
    ROLE_WORDS,
    STORAGE_WORDS,
    TALK_WORDS,
)
WORDS: dict[str, Label] = {key: Label(zh, en) for part in _PARTS for key, (zh, en) in part.items()}


def add(part: Mapping[str, tuple[str, str]]) -> None:
    """Further words, of what builds upon these pages. Raises ValueError for a key that is taken."""
    if taken := WORDS.keys() & part.keys():
        raise ValueError(f"words are there already: {', '.join(sorted(taken))}")
    WORDS.update({key: Label(zh, en) for key, (zh, en) in part.items()})


def say(key: str, language: Language, **facts: object) -> str:
    """The words for a key, with facts put in. Raises KeyError for a key that there is not. Words that count hold two
    forms, `1 thing|{n} things`: the first is taken where `n` is one."""
    one, _, several = WORDS[key].in_(language).partition("|")
    words = several if several and str(facts.get("n")) != "1" else one
    return words.format(**facts) if facts else words


def label_of(key: str) -> Label:
    """Both languages at once, where a label is wanted."""
    return WORDS[key]
