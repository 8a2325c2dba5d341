"""What panels and canvases call things: values of enumerations in both languages, members of lists, what is less used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong_designer.panel.schema import Place, Schema, followed
from dougong_designer.patch import Documents, Tokens
from dougong_designer.spoken import spoken
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label

DEFAULTS: Mapping[tuple[str, str], Any] = {
    ("workflow", "active"): True,
    ("role", "actions"): ["read"],
    ("entity", "severity"): "block",
    ("message", "purpose"): "service",
    ("workflow", "wait_for"): "all",
    ("workflow", "need"): "one",
}
"""What holds where a property is left out and its schema does not say."""

_LESS = frozenset(
    [
        "id",
        "was",
        "kind",
        "name",
        "retry",
        "on_error",
        "author",
        "license",
        "x",
        "y",
        "w",
        "h",
        "height",
        "width",
        "icon",
        "show",
        "refresh",
        "visible",
        "collapsed",
        "once_per",
        "when",
        "crossing",
        "batch",
        "cron",
        "calendar",
        "skip_reason",
        "respects",
        "attach",
        "precision",
        "currency",
        "key",
        "as",
        "at_once",
        "wait_for",
        "having",
        "limit",
        "drill",
        "schedule",
        "timeout_seconds",
        "headers",
        "options",
        "auth",
        "secret",
        "append_only",
        "retain",
        "lock",
        "comments",
        "sensitive",
        "multiple",
        "media_types",
        "size_max",
        "inverse",
        "on_delete",
        "inputs",
        "sample",
        "media",
        "unique",
        "help",
        "license",
        "direction",
        "running",
        "share",
        "scale",
        "size",
        "target",
        "minimum",
        "maximum",
        "template",
        "connector",
        "in_app",
        "or_when",
        "requires",
    ]
)
"""Properties that are less used: below 「更多」."""
_WHERE_SET = frozenset({"when", "or_when", "on_error", "retry"})
"""Less used properties that decide so much that they show above wherever they stand."""
_BASIC_AT = frozenset(
    {
        ("app", "icon"), ("app", "version"), ("app", "author"), ("app", "help"),
        ("calendar", "help"), ("workflow", "help"), ("workflow", "name"), ("report", "name"), ("message", "name"),
        ("connector", "direction"), ("connector", "auth"), ("connector", "secret"), ("connector", "key"),
        ("entity", "icon"), ("entity", "help"), ("entity", "unique"), ("settings", "minimum"),
        ("settings", "maximum"), ("settings", "options"), ("settings", "help"), ("role", "help"),
        ("workflow", "connector"), ("workflow", "template"), ("workflow", "calendar"), ("report", "limit"),
        ("report", "drill"), ("report", "help"), ("message", "respects"), ("message", "connector"),
    }
)  # fmt: skip
"""(kind, property) that is usual there all the same."""

_OF_TRIGGERS: Mapping[str, tuple[str, ...]] = {
    "record_created": ("entity", "when", "once_per"),
    "record_updated": ("entity", "fields", "when", "crossing"),
    "record_deleted": ("entity", "when"),
    "stage_entered": ("entity", "stage", "when"),
    "date_reached": ("entity", "date", "days", "at", "calendar", "when"),
    "schedule": ("every", "on_day", "at", "calendar", "cron"),
    "webhook": ("connector", "when"),
    "button": ("entity", "label", "icon", "roles", "inputs", "when"),
    "form": ("form", "when"),
    "mentioned": ("entity", "when"),
    "message_received": ("message", "when"),
}
"""Occasion of a workflow → what else is usually said of it."""

_VALUES: Mapping[str, tuple[str, str]] = {
    "monday": ("周一", "Monday"), "tuesday": ("周二", "Tuesday"), "wednesday": ("周三", "Wednesday"),
    "thursday": ("周四", "Thursday"), "friday": ("周五", "Friday"), "saturday": ("周六", "Saturday"),
    "sunday": ("周日", "Sunday"),
    "in": ("接收", "In"), "out": ("发出", "Out"), "both": ("双向", "Both ways"),
    "none": ("无", "None"), "basic": ("用户名和密码", "User name and password"), "bearer": ("令牌", "Bearer token"),
    "hmac_sha256": ("HMAC 签名", "HMAC signature"), "oauth2": ("OAuth 2", "OAuth 2"),
    "mutual_tls": ("双向 TLS", "Mutual TLS"),
    "hourly": ("每小时", "Hourly"), "daily": ("每天", "Daily"), "stored": ("存一个值", "One stored value"),
    "rows": ("按可见记录计算", "By the records one sees"),
    "refuse": ("拒绝", "Refuse"), "cascade": ("一并删除", "Delete too"), "clear": ("清空", "Clear"),
    "block": ("拒绝", "Refuse"), "warn": ("说明理由后可保存", "Ask for a reason"),
    "marketing": ("营销", "Marketing"), "service": ("服务", "Service"), "legal": ("法定", "Legal"),
    "in_app": ("站内", "In app"), "mail": ("邮件", "Mail"), "sms": ("短信", "SMS"), "wecom": ("企业微信", "WeCom"),
    "dingtalk": ("钉钉", "DingTalk"), "feishu": ("飞书", "Feishu"),
    "number": ("数字", "Number"), "money": ("金额", "Money"), "percent": ("百分比", "Percent"),
    "duration": ("时长", "Duration"),
    "row": ("占行合计", "Of the row"), "column": ("占列合计", "Of the column"), "total": ("占总计", "Of the total"),
    "table": ("表格", "Table"), "pivot": ("透视表", "Pivot"), "bar": ("柱形", "Bars"), "line": ("折线", "Line"),
    "area": ("面积", "Area"), "pie": ("饼图", "Pie"), "funnel": ("漏斗", "Funnel"), "scatter": ("散点", "Scatter"),
    "heatmap": ("热力", "Heat map"), "gauge": ("仪表", "Gauge"), "ranking": ("排行", "Ranking"),
    "treemap": ("矩形树", "Treemap"), "radar": ("雷达", "Radar"),
    "day": ("每天", "Daily"), "week": ("每周", "Weekly"), "month": ("每月", "Monthly"),
    "quarter": ("每季度", "Quarterly"), "year": ("每年", "Yearly"), "hour": ("每小时", "Hourly"),
    "read": ("查看", "Read"), "create": ("新建", "Create"), "update": ("修改", "Change"), "delete": ("删除", "Delete"),
    "export": ("导出", "Export"), "share": ("共享", "Share"), "import": ("导入", "Import"),
    "last4": ("后四位", "Last four"), "first1": ("第一位", "First one"), "domain": ("域名", "Domain"),
    "kanban": ("看板", "Board"), "calendar": ("日历", "Calendar"), "gallery": ("画廊", "Gallery"),
    "timeline": ("时间线", "Time line"), "tree": ("树", "Tree"), "map": ("地图", "Map"),
    "sum": ("合计", "Sum"), "avg": ("平均", "Mean"), "min": ("最小", "Least"), "max": ("最大", "Greatest"),
    "count": ("个数", "Count"),
    "record_created": ("新建记录时", "A record is created"), "record_updated": ("修改记录时", "A record is changed"),
    "record_deleted": ("删除记录时", "A record is deleted"), "stage_entered": ("进入阶段时", "A stage is entered"),
    "date_reached": ("到某个日期", "A date is reached"), "schedule": ("按时间表", "On a schedule"),
    "webhook": ("外部通知", "Another system calls"), "button": ("点按钮", "A button is pressed"),
    "form": ("提交表单", "A form is sent"), "mentioned": ("被 @ 提到", "Somebody is mentioned"),
    "message_received": ("收到回复", "A message is answered"),
    "to": ("指定的人", "Whom it says"), "round_robin": ("轮流", "In turn"), "least_busy": ("最空闲的人", "The least busy"),
    "all": ("全部", "All"), "any": ("任一", "Any"), "one": ("一人", "One"), "most": ("多数", "Most"),
    "continue": ("继续", "Go on"), "stop": ("停止", "Stop"), "fail": ("失败", "Fail"),
    "xlsx": ("Excel", "Excel"), "csv": ("CSV", "CSV"), "pdf": ("PDF", "PDF"), "docx": ("Word", "Word"),
    "html": ("网页", "HTML"),
}  # fmt: skip
_VALUES_AT: Mapping[tuple[str, str], tuple[str, str]] = {
    ("by", "day"): ("日", "Day"), ("by", "week"): ("周", "Week"), ("by", "month"): ("月", "Month"),
    ("by", "quarter"): ("季度", "Quarter"), ("by", "year"): ("年", "Year"), ("by", "hour"): ("小时", "Hour"),
}  # fmt: skip

_SAYS = (
    "label",
    "title",
    "name",
    "code",
    "value",
    "entity",
    "field",
    "formula",
    "on",
    "when",
    "mail",
    "sms",
    "wecom",
)
"""Properties by which a member is known, in the order they are looked for."""
_NAMES: tuple[tuple[str, str], ...] = (
    ("report", "report"), ("view", "view"), ("form", "form"), ("tasks", "view"), ("message", "message"),
    ("workflow", "workflow"), ("page", "page"), ("dashboard", "dashboard"), ("entity", "entity"),
)  # fmt: skip
"""Property of a member → kind of document whose label tells what the member is."""

_HELP: Mapping[str, tuple[str, str]] = {
    "create_record": ("新建一条记录并填好字段", "Adds one record with its fields filled"),
    "create_records": ("为每一条来源记录各新建一条", "Adds a record for each of others"),
    "upsert_record": ("找到就修改，没有就新建", "Changes the record if it is there, else adds it"),
    "update_records": ("修改触发的记录或满足条件的记录", "Changes this record, or those that meet a condition"),
    "delete_records": ("删除记录，可从回收站恢复", "Deletes records; they can be restored"),
    "find_records": ("按条件查记录，供后面的步骤使用", "Finds records for later steps"),
    "aggregate": ("对记录求和、计数、平均", "Sums, counts or averages records"),
    "transition": ("把记录移到另一个阶段", "Moves a record to another stage"),
    "link": ("在两条记录之间建立关联", "Connects two records"),
    "unlink": ("取消两条记录的关联", "Disconnects two records"),
    "assign": ("把记录交给一个人", "Gives a record to somebody"),
    "compute": ("算出值，供后面的步骤使用", "Works out values for later steps"),
    "branch": ("满足条件走一边，不满足走另一边", "One way if a condition holds, else another"),
    "switch": ("按值走不同的路", "A way for each value"),
    "for_each": ("对列表中的每一条执行步骤", "Takes steps for each of a list"),
    "parallel": ("几条路同时进行", "Several ways at once"),
    "wait": ("等一段时间，或等到某个条件", "Waits for a time or until something holds"),
    "approve": ("请人同意或拒绝", "Asks people to agree or refuse"),
    "notify": ("给同事发站内通知", "Tells colleagues in the app"),
    "send_message": ("按消息模板发给联系人", "Sends a message to people outside"),
    "request_signature": ("请人在线签名", "Asks somebody to sign"),
    "generate_document": ("按模板生成文件", "Makes a file from a template"),
    "call_http": ("调用连接器的接口", "Calls another system"),
    "run_workflow": ("运行另一个流程", "Runs another workflow"),
    "predict": ("用模型预测一个值", "Predicts a value with a model"),
    "ask": ("请语言模型回答", "Asks a language model"),
    "stop": ("到此结束", "Ends here"),
    "fail": ("以失败结束，说明原因", "Ends as failed, with a reason"),
    "metric": ("一个数字，可与上期比较", "One figure, compared if wanted"),
    "timeline": ("相关记录排成时间线", "Related records along time"),
    "list": ("相关记录的列表", "A list of related records"),
    "fields": ("几个字段", "Some fields"),
    "report": ("一张报表", "A report"),
    "view": ("一个视图", "A view"),
    "form": ("一张表单", "A form"),
    "text": ("一段文字", "Some words"),
    "actions": ("运行流程的按钮", "Buttons that run workflows"),
    "history": ("记录的修改历史", "What was changed"),
    "comments": ("评论", "Comments"),
    "files": ("文件", "Files"),
    "tasks": ("待办，按到期排列", "What is to be done, by its day"),
    "recent": ("最近看过", "Seen lately"),
    "starred": ("收藏", "Starred"),
    "tabs": ("几页内容，一次看一页", "Pages of blocks, one at a time"),
}  # fmt: skip


def word(kind: str, name: str, value: Any) -> Label:
    """What a value of an enumeration is called."""
    text = str(value)
    if name == "result" and text in FIELD_TYPES:
        return FIELD_TYPES.get(text).label
    if name == "method" or (kind == "report" and name == "on"):
        return Label(text, text)
    found = _VALUES_AT.get((name, text)) or _VALUES.get(text)
    return Label(*found) if found else Label.of(None, text)


def member_help(kind: str, name: str) -> Label | None:
    """One line on a kind of step or block."""
    found = _HELP.get(name) if kind in ("workflow", "dashboard", "page") else None
    return Label(*found) if found else None


def is_basic(tokens: Tokens, around: Place, name: str) -> bool:
    """Whether a property is usually wanted."""
    kind = tokens[0].partition("/")[0]
    if name in around.foreign:
        return False
    if kind == "workflow" and tokens[1:-1] == ("trigger",):
        on = around.value.get("on") if isinstance(around.value, Mapping) else None
        return name == "on" or name in around.value or name in _OF_TRIGGERS.get(str(on), ())
    if len(tokens) == 3 and (kind, name) == ("workflow", "label"):
        return True
    if "const" in around.properties.get(name, {}) or name in ("kind", "id"):
        return False
    if name in around.required or (name in _WHERE_SET and name in around.value):
        return True
    return name not in _LESS or (kind, name) in _BASIC_AT


def shape_word(name: str, shape: Schema) -> Label:
    """What one of several shapes of a property is called."""
    shape = followed(shape)
    if "enum" in shape:
        return Label("选一种", "One of these")
    if "properties" in shape:
        inside = list(shape["properties"])
        if name in ("in", "to", "from") and "entity" in inside:
            return Label("按条件查找", "A query")
        return Label("详细设置", "In detail")
    stated = shape.get("type")
    types = {stated} if isinstance(stated, str) else set(stated or ())
    if "formula" in shape.get("x-ref", ()):
        return Label("公式", "A formula")
    if "array" in types:
        return Label("执行步骤", "Steps to take") if name == "on_error" else Label("列表", "A list")
    if types <= {"integer", "number"}:
        return Label("次数", "A number") if name == "retry" else Label("数字", "A number")
    return Label("简写", "In short")


_OBJECTS = ("entity", "message", "workflow", "connector")


def step_title(documents: Documents, value: Mapping[str, Any], told: Label) -> Label:
    """What a step without a label is called: its kind and what it is about."""
    for kind in _OBJECTS:
        named = value.get(kind)
        data = documents.get(f"{kind}/{named}") if isinstance(named, str) else None
        if isinstance(data, Mapping):
            about = Label.of(data.get("label"), str(named))
            return Label(f"{told.zh}：{about.zh}", f"{told.en}: {about.en}")
    return told


def said_of(documents: Documents, tokens: Tokens, value: Any) -> Label | None:
    """What a member or part says of itself; None where nothing in it tells."""
    if tokens[0].startswith("report/") and len(tokens) == 3 and tokens[1] in ("rows", "columns"):
        return _grouped(documents, tokens, value)
    if not isinstance(value, Mapping):
        return (
            None if isinstance(value, list) or value is None or not _shown(value) else _scalar(tokens, value)
        )
    for name in ("label", "title"):
        if isinstance(value.get(name), (str, Mapping)) and value[name]:
            return Label.of(value[name])
    for name, kind in _NAMES:
        named = value.get(name)
        if name == "entity" and set(value) & {"field", "metric"}:
            continue
        data = documents.get(f"{kind}/{named}") if isinstance(named, str) else None
        if isinstance(data, Mapping) and "do" not in value:
            return Label.of(data.get("label"), str(named))
    if "do" in value:
        return None
    if tokens[0].startswith("message/") and len(tokens) == 3:
        channel = next(iter(value), "")
        return Label(*_VALUES[channel]) if channel in _VALUES else None
    for name in _SAYS:
        stated = value.get(name)
        if isinstance(stated, (str, int)) and not isinstance(stated, bool) and stated != "":
            return _scalar(tokens, stated)
    return None


def _grouped(documents: Documents, tokens: Tokens, value: Any) -> Label | None:
    """A group of a report: the field's label, with the span of time that it is cut into."""
    whole = value if isinstance(value, Mapping) else {"field": value}
    if whole.get("label"):
        return Label.of(whole["label"])
    stated = whole.get("field") or whole.get("formula")
    if not isinstance(stated, (str, int)):
        return None
    said = spoken(documents, tokens, stated)
    if whole.get("by") is None:
        return said
    span = word("report", "by", whole["by"])
    return Label(f"{said.zh}（{span.zh}）", f"{said.en} ({span.en.lower()})")


def nth(title: Label, number: int) -> Label:
    """A member that says nothing of itself."""
    return Label(f"{title.zh} {number}", f"{title.en} {number}")


def _shown(value: Any) -> bool:
    return isinstance(value, (str, int)) and str(value) != ""


def _scalar(tokens: Tokens, value: Any) -> Label:
    text = str(value)
    found = _VALUES.get(text) if tokens[0].startswith(("message/", "calendar/")) else None
    return Label(*found) if found else Label(text, text)
